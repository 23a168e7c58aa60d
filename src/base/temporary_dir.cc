#include "base/temporary_dir.h"

#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <utility>

namespace genepool {

namespace fs = std::filesystem;

Result<TemporaryDir> TemporaryDir::make() {
  std::error_code no_parent;
  const fs::path parent = fs::temp_directory_path(no_parent);
  if (no_parent) return fail_errno("find TMPDIR", no_parent.value());
  std::string path = (parent / "genepool-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr) return fail_errno("make a temporary directory", errno);
  return TemporaryDir(std::move(path));
}

TemporaryDir::TemporaryDir(TemporaryDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TemporaryDir& TemporaryDir::operator=(TemporaryDir&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

TemporaryDir::~TemporaryDir() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

}  // namespace genepool
