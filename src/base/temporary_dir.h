// A directory for files on their way, below TMPDIR, which goes with its owner. Thread: a value.
#pragma once

#include <string>

#include "base/error.h"

namespace genepool {

class TemporaryDir {
 public:
  [[nodiscard]] static Result<TemporaryDir> make();  // kIo, kStoreFull
  TemporaryDir() = default;                          // none
  TemporaryDir(TemporaryDir&& other) noexcept;
  TemporaryDir& operator=(TemporaryDir&& other) noexcept;
  ~TemporaryDir();
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  explicit TemporaryDir(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace genepool
