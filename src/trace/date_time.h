// Date times of trace files, like "2031-02-03 04:05:06.789+00:00": the date, a blank or T, the time, optional digits of a second
// and an optional Z or offset of hours and minutes. Nothing else passes. Thread: any, pure.
#pragma once

#include <optional>
#include <string_view>

namespace genepool {

// Seconds since 1970, UTC; without an offset the text is taken as UTC.
[[nodiscard]] std::optional<double> parse_date_time(std::string_view text);

}  // namespace genepool
