// The data directory itself: its lock, and what makes a change in it durable. Thread: any.
#pragma once

#include <chrono>
#include <string>

#include "base/error.h"
#include "base/unique_fd.h"

namespace genepool {

// Makes `dir` (mode 0700) and what is above it, and takes DIR/lock for as long as the descriptor lives.
// Waits kLockPatience for another process; then kConflict, with its pid. kIo.
inline constexpr std::chrono::seconds kLockPatience{5};
[[nodiscard]] Result<UniqueFd> lock_data_dir(const std::string& dir);

// Makes a rename or unlink in `dir` survive a power cut.
[[nodiscard]] Result<void> sync_dir(const std::string& dir);

}  // namespace genepool
