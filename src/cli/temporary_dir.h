// A directory for files on their way, which goes with its owner. Thread: a value.
#pragma once

#include <string>

#include "base/error.h"

namespace genepool::cli {

class TemporaryDir {
 public:
  [[nodiscard]] static Result<TemporaryDir> make();  // kIo, kStoreFull
  TemporaryDir(TemporaryDir&& other) noexcept;
  TemporaryDir& operator=(TemporaryDir&&) = delete;
  ~TemporaryDir();
  [[nodiscard]] std::string file(const std::string& name) const;  // a path inside

 private:
  explicit TemporaryDir(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace genepool::cli
