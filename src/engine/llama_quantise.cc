#include "engine/llama_quantise.h"

#include <llama.h>

#include <exception>
#include <map>
#include <string>

#include "engine/llama_log.h"

namespace genepool {
namespace {

const std::map<std::string, llama_ftype>& file_types() {
  static const std::map<std::string, llama_ftype> kTypes = {{"q8_0", LLAMA_FTYPE_MOSTLY_Q8_0},
                                                            {"q4_1", LLAMA_FTYPE_MOSTLY_Q4_1},
                                                            {"q4_0", LLAMA_FTYPE_MOSTLY_Q4_0},
                                                            {"q4_k", LLAMA_FTYPE_MOSTLY_Q4_K_M},
                                                            {"iq4_nl", LLAMA_FTYPE_MOSTLY_IQ4_NL}};
  return kTypes;
}

}  // namespace

Result<void> quantise_llama_base(const QuantiseJob& job) {
  const auto type = file_types().find(job.type);
  if (type == file_types().end()) return fail(Code::kNotSupported, "a base cannot be prepared as \"{}\"", job.type);
  install_llama_log();
  llama_backend_init();
  llama_model_quantize_params params = llama_model_quantize_default_params();
  params.ftype = type->second;
  params.nthread = job.threads;
  params.allow_requantize = true;  // bases come quantised; what that costs is measured afterwards
  static_cast<void>(take_llama_error());
  std::uint32_t status = 1;
  try {
    status = llama_model_quantize(job.source.c_str(), job.to.c_str(), &params);
  } catch (const std::exception& e) {
    return fail(Code::kBadRequest, "cannot write {} as {}: {}", job.source, job.type, e.what());
  }
  if (status != 0) return fail(Code::kBadRequest, "cannot write {} as {}: {}", job.source, job.type, take_llama_error());
  return {};
}

}  // namespace genepool
