// How the kinds of params.def are written: both directions, so that what we print can be read back. Thread: any, pure.
// parse_bytes and parse_millis are public (config.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace genepool {

// "4096", "32k" (32,000), "32K" (32,768), "2m"/"2M". kUsage.
[[nodiscard]] Result<std::int64_t> parse_count(std::string_view text);
[[nodiscard]] Result<double> parse_ratio(std::string_view text);  // a finite number
[[nodiscard]] Result<bool> parse_flag(std::string_view text);     // true, false, 1, 0

[[nodiscard]] std::string bytes_text(std::int64_t bytes);    // "8MiB"; the largest unit that divides it
[[nodiscard]] std::string millis_text(std::int64_t millis);  // "1h30m", "500ms", "0"

}  // namespace genepool
