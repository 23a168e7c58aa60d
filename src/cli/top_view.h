// The screen of `top`. Thread: any, pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/table.h"
#include "cli/wire_status.h"

namespace genepool::cli {

// At most `rows` lines of at most `columns` characters; each section gives way to the next, the events take what is left.
struct ScreenSize {
  std::size_t rows = 24, columns = 80;
};
[[nodiscard]] std::string top_text(const StatusInfo& status, const std::vector<std::string>& events, ScreenSize size, Colours colours);

}  // namespace genepool::cli
