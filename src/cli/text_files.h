// Whole files of text that a verb reads or writes. Thread: any; blocks on disk. kIo.
#pragma once

#include <string>

#include "base/error.h"

namespace genepool::cli {

[[nodiscard]] Result<std::string> read_text(const std::string& path);  // "-" = stdin
[[nodiscard]] Result<void> write_text(const std::string& path, const std::string& text);

}  // namespace genepool::cli
