// A file in memory that has a path, for readers that want one.
// Owner: a target's static; it lives as long as the process. Thread: one.
#pragma once

#include <span>
#include <string>

#include "base/unique_fd.h"

namespace genepool::fuzz {

class MemoryPath {
 public:
  MemoryPath();
  void set(std::span<const std::byte> bytes);  // the whole content
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  UniqueFd fd_;
  std::string path_;
};

// A PEFT folder with a valid layer of hostile::base_model() in which the file `name` is a link to `content`.
class PeftFolder {
 public:
  PeftFolder(const std::string& name, const MemoryPath& content);
  ~PeftFolder();
  PeftFolder(const PeftFolder&) = delete;
  PeftFolder& operator=(const PeftFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace genepool::fuzz
