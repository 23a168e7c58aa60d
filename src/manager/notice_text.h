// Notices and wishes as lines of text: what goes through the pipe between the server and the manager's process.
//   notice = "N " ns " " name fields     wish = "W " name fields     (pool/field_text.h)
// Pure. Thread: any.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "manager/notices.h"

namespace genepool {

// Without the line break.
[[nodiscard]] std::string notice_line(const Notice& notice, Instant now);
[[nodiscard]] std::string wish_line(const Wish& wish);
// kBadRequest says what is wrong with the line.
[[nodiscard]] Result<std::pair<Notice, Instant>> parse_notice(std::string_view line);
[[nodiscard]] Result<Wish> parse_wish(std::string_view line);

}  // namespace genepool
