// What becomes of a file that is damaged but can be done without: it is kept for whoever wants to look, out of the way.
// Thread: any; blocks on the disk.
#pragma once

#include <cstddef>
#include <string>

#include "base/error.h"

namespace genepool {

inline constexpr std::size_t kDamagedKept = 3;

// Renames the SQLite database FILE to FILE.damaged-N, N above those there, and its write-ahead log with it; of the older ones
// only the newest kDamagedKept - 1 stay. -> the new path. kIo, kStoreFull.
[[nodiscard]] Result<std::string> set_aside(const std::string& file);

[[nodiscard]] bool was_set_aside(const std::string& file);  // such a one lies beside it

}  // namespace genepool
