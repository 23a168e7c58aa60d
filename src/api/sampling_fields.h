// The fields that say how to sample, shared by request bodies and genomes' default parameters. For api/*.cc only.
#pragma once

#include "api/json.h"
#include "api/openai_request.h"

namespace genepool::api {

// max_tokens (0 stays 0: not given), temperature ... logit_bias, stop, seed, ignore_eos.
[[nodiscard]] Result<void> read_sampling(const Json& object, GenerateParams& params);

// max_completion_tokens is OpenAI's newer name for max_tokens and wins: afterwards there is only the latter.
void fold_max_tokens(Json& object);

}  // namespace genepool::api
