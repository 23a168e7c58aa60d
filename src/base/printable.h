// Texts out of files that others wrote, made fit for a terminal, a log and an answer. Thread: any, pure.
#pragma once

#include <string>
#include <string_view>

namespace genepool {

// One line of at most kMaxPrintable bytes: control characters become '?', and what is too long loses its middle.
inline constexpr std::size_t kMaxPrintable = 1000;
[[nodiscard]] std::string printable(std::string_view text);

// True when printable() would change nothing and it is UTF-8.
[[nodiscard]] bool is_printable(std::string_view text);

}  // namespace genepool
