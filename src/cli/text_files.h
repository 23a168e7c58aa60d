// Whole files of text that a verb reads or writes. Thread: any; blocks on disk. kIo.
#pragma once

#include <functional>
#include <ostream>
#include <string>

#include "base/error.h"

namespace genepool::cli {

[[nodiscard]] Result<std::string> read_text(const std::string& path);  // "-" = stdin
[[nodiscard]] Result<void> write_text(const std::string& path, const std::string& text);

// What `write` writes, to the file; "" and "-" = stdout.
[[nodiscard]] Result<void> write_to(const std::string& path, const std::function<void(std::ostream&)>& write);

}  // namespace genepool::cli
