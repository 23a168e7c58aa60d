// The receipt and the engine's timings as JSON. Stable keys: docs/reference/http-api.md. For api/*.cc only.
#pragma once

#include "api/json.h"
#include "runtime/runtime.h"

namespace genepool::api {

[[nodiscard]] Out receipt_json(const Receipt& receipt);
[[nodiscard]] Out usage_json(const Outcome& outcome);
[[nodiscard]] Out timings_json(const Outcome& outcome);  // llama.cpp's names: clients show tokens per second from it

[[nodiscard]] std::string_view tier_text(Tier tier);  // "hot"
[[nodiscard]] double weight_number(float weight);     // 0.8, not 0.800000011920929

}  // namespace genepool::api
