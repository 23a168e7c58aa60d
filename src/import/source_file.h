// Files a user brings: copied whole, with their size checked first. Thread: any; blocks.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/memory_file.h"

namespace genepool {

// kLayerRejected with `why`, prefixed by the file's name.
template <class... Args>
[[nodiscard]] auto reject_source(std::string_view file, fmt::format_string<Args...> why, Args&&... args) {
  return fail(Code::kLayerRejected, "{}: {}", file, fmt::format(why, std::forward<Args>(args)...));
}

// kLayerNotFound when absent, kTooLarge beyond `most` bytes, kLayerRejected when it is no regular file, kConflict when it
// was written meanwhile.
[[nodiscard]] Result<Mapping> map_source(const std::string& path, std::uint64_t most);

}  // namespace genepool
