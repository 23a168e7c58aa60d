#include "base/huge_pages.h"

#include <fstream>

namespace genepool {

std::string huge_pages_mode() {
  std::ifstream modes(kHugePagesSetting);  // always within_size advise [never] deny force
  for (std::string mode; modes >> mode;) {
    if (mode.starts_with('[') && mode.ends_with(']')) return mode.substr(1, mode.size() - 2);
  }
  return "";
}

bool has_huge_memory_files() {
  static const bool has = [] {
    const std::string mode = huge_pages_mode();
    return !mode.empty() && mode != "never" && mode != "deny";
  }();
  return has;
}

}  // namespace genepool
