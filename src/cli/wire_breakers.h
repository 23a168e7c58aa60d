// What the admin API says of breakers, as values; see wire.h. Thread: any, pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace genepool::cli {

struct BreakerInfo {
  std::string genome, kind;  // kind: "load" or "answer"
  std::string state, cause, why;
  std::optional<double> for_ms, retry_in_ms;  // none: since ever; nobody knows, or nothing to wait for
  std::uint64_t times_opened = 0;
};

// Two of each genome of the list of /api/breakers, or of the one genome that a POST answers with.
[[nodiscard]] Result<std::vector<BreakerInfo>> parse_breakers(std::string_view text);
[[nodiscard]] Result<std::vector<BreakerInfo>> parse_genome_breakers(std::string_view text);

}  // namespace genepool::cli
