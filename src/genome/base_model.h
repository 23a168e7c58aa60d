// What the server knows of a base without the engine: read from the GGUF's own header. Thread: values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "base/error.h"
#include "genome/genome.h"
#include "genome/gguf.h"

namespace genepool {

struct BaseModel {
  BaseId id;                   // filled by whoever hashed the file; what genomes name
  BaseId weights;              // of the file whose weights compute, and so a part of every identity: `id`, or its prepared base's
  std::string type;            // of most of its weights, as llama.cpp writes it in lower case: "q4_1"
  std::uint64_t parameters = 0;
  std::string architecture;    // "llama"
  std::string name;            // general.name, may be ""
  std::uint64_t block_count = 0, head_count = 0, head_count_kv = 0, context_length = 0;
  bool has_output = false;     // output.weight exists: embeddings are not tied
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> linears;  // 2-D tensor name -> (in = ne[0], out = ne[1])
};

// `file` was parsed with GgufLimits::is_base. kBadRequest names the missing key.
[[nodiscard]] Result<BaseModel> read_base_model(const GgufView& file);

}  // namespace genepool
