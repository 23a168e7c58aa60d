#include <fmt/core.h>

#include <string_view>

#include "cli/verbs.h"

namespace genepool::cli {

// Both come from CMake; the commit is empty outside a git checkout.
std::string version_text() {
  constexpr std::string_view kCommit = GENEPOOL_COMMIT;
  return kCommit.empty() ? GENEPOOL_VERSION : fmt::format("{} ({})", GENEPOOL_VERSION, kCommit);
}

}  // namespace genepool::cli
