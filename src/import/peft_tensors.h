// The tensors of a PEFT folder: of adapter_model.safetensors, or of the shards that adapter_model.safetensors.index.json names.
// Thread: any; open() blocks on reading. Memory: the files are mapped, kMaxSourceBytes together.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory_file.h"
#include "import/safetensors.h"

namespace genepool {

class PeftTensors {
 public:
  static constexpr std::size_t kMaxShards = 64;

  // kLayerRejected: a pickle, shards that are no plain file names of the folder, a tensor that the index and the shards do
  // not both have exactly once; and what SafetensorsView refuses.
  [[nodiscard]] static Result<PeftTensors> open(const std::string& folder);

  [[nodiscard]] const std::map<std::string, SafeTensor>& tensors() const { return tensors_; }  // into the mapped files
  [[nodiscard]] const std::string& file() const { return file_; }  // to name in messages: the one file, or the index
  // SHA-256 of the one file; of shards: of the SHA-256 of the index and of each shard, one after the other by name.
  [[nodiscard]] const Digest& source_hash() const { return source_hash_; }

 private:
  [[nodiscard]] static Result<PeftTensors> open_one(const std::string& file);
  [[nodiscard]] static Result<PeftTensors> open_shards(const std::string& folder, const std::string& index);

  std::string file_;
  std::vector<Mapping> files_;
  std::map<std::string, SafeTensor> tensors_;
  Digest source_hash_;
};

}  // namespace genepool
