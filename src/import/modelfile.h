// Ollama's Modelfile as what a genome is made of: FROM, ADAPTER, PARAMETER, SYSTEM, TEMPLATE, LICENSE
// (ollama/ollama, docs/modelfile.md). Instructions in any case, # comments, values quoted with " or """ over several lines.
// Thread: any, pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace genepool {

struct Modelfile {
  std::string from;                    // a base: a file or a name in Ollama's own library
  std::vector<std::string> adapters;   // paths as written: a PEFT folder or a GGUF file
  std::string system, chat_template, license;
  std::vector<std::pair<std::string, std::string>> parameters;  // as written, in order
};

// kBadRequest names the line: an unknown instruction, an open quote, no FROM, or two of what may stand once.
[[nodiscard]] Result<Modelfile> parse_modelfile(std::string_view text);

// The parameters under OpenAI's names, as the text of a JSON object ("" = none). kNotSupported names one that would change the
// answers and cannot be kept. num_ctx and the like, which belong to a server and not to a genome, are added to `left_out`.
[[nodiscard]] Result<std::string> parameters_of(const Modelfile& modelfile, std::vector<std::string>& left_out);

}  // namespace genepool
