// Any text as an Ollama Modelfile: the parameters of an accepted one are good for a genome, or are refused.
#include "api/openai_request.h"
#include "fuzz/targets.h"
#include "import/modelfile.h"

namespace genepool::fuzz {

int fuzz_modelfile(std::span<const std::byte> bytes) {
  const auto modelfile = parse_modelfile({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!modelfile) return 0;
  GENEPOOL_CHECK(!modelfile->from.empty());
  std::vector<std::string> left_out;
  const auto parameters = parameters_of(*modelfile, left_out);
  if (!parameters || parameters->empty()) return 0;
  (void)api::check_parameters(*parameters);  // values out of bounds are its to refuse
  return 0;
}

}  // namespace genepool::fuzz
