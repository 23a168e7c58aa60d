// What GET /api/events says, as values; see wire.h. Thread: any, pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/wire.h"

namespace genepool::cli {

struct TierInfo {
  std::uint64_t genomes = 0, limit_genomes = 0, bytes = 0, limit_bytes = 0;
};
struct RequestInfo {
  std::string request, genome, stage;
  double ms = 0;
  std::uint64_t tokens = 0;
};
struct StatusInfo {
  TierInfo hot, warm;
  std::uint64_t layer_bytes = 0, kv_bytes = 0, waiting = 0, in_flight = 0;
  std::vector<ResidentInfo> residents;
  std::vector<RequestInfo> requests;
  StatsInfo stats;
};
[[nodiscard]] Result<StatusInfo> parse_status(std::string_view text);  // the data of a `status` event

// Any other event as a line for people: "12:04:05 tier    captain: warm -> hot, 3.1 ms".
[[nodiscard]] Result<std::string> event_line(std::string_view type, std::string_view data);

}  // namespace genepool::cli
