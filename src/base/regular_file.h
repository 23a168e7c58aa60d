// Opens files that others name. Thread: any; blocks on the disk and on nothing else: opening or reading a FIFO or a terminal
// would wait for whoever is at its other end.
#pragma once

#include <string>

#include "base/error.h"
#include "base/unique_fd.h"

namespace genepool {

// For reading. kNotFound: nothing is there; kBadRequest: it is no regular file; kIo.
[[nodiscard]] Result<UniqueFd> open_regular_file(const std::string& path);

}  // namespace genepool
