// Which of a base's candidates to keep: the one with which a usual request is soonest done, within the limits, and only when
// it is worth the change. Thread: any, pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/store.h"

namespace genepool {

struct BaseLimits {
  std::uint64_t bytes = 0;  // of RAM for the weights
  double max_kl = 0;        // nats per token
};

[[nodiscard]] std::string megabytes(std::uint64_t bytes);  // "1200 MB", "1024 bytes"

// "" = it may be kept; else why not, as its verdict. `is_wanted`: the user asked for this type, so only the bytes count.
[[nodiscard]] std::string objection_to(const BaseCandidate& candidate, const BaseLimits& limits, bool is_wanted);

}  // namespace genepool
