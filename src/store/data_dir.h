// The data directory itself: its lock, and what makes a change in it durable. Thread: any.
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/hash.h"
#include "base/unique_fd.h"

namespace genepool {

// Makes `dir` (mode 0700) and what is above it, and takes DIR/lock for as long as the descriptor lives.
// Waits kLockPatience for another process; then kConflict, with its pid. kIo.
inline constexpr std::chrono::seconds kLockPatience{5};
[[nodiscard]] Result<UniqueFd> lock_data_dir(const std::string& dir);

// Makes a rename or unlink in `dir` survive a power cut.
[[nodiscard]] Result<void> sync_dir(const std::string& dir);

// Removes DIR/<64 hex digits>.gguf unless its digest is known: an unfinished add or remove left it. Other files stay.
inline constexpr std::string_view kGgufSuffix = ".gguf";
void sweep_orphans(const std::string& dir, const std::set<Digest>& known);

}  // namespace genepool
