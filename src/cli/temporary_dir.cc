#include "cli/temporary_dir.h"

#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <utility>

namespace genepool::cli {

namespace fs = std::filesystem;

Result<TemporaryDir> TemporaryDir::make() {
  std::string path = (fs::temp_directory_path() / "genepool-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr) return fail_errno("make a temporary directory", errno);
  return TemporaryDir(std::move(path));
}

TemporaryDir::TemporaryDir(TemporaryDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TemporaryDir::~TemporaryDir() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

std::string TemporaryDir::file(const std::string& name) const { return (fs::path(path_) / name).string(); }

}  // namespace genepool::cli
