// MemoryGroup: a control group with a limit on memory, for a server that is to be short of it: of cgroup v2 where this user may
// make one (delegation), else of v1 where its memory controller is writable. Removed at its end, when its processes are gone.
// Thread: one; blocks for milliseconds. Errors: kUnavailable with what was tried and why it failed.
// Use:   GENEPOOL_TRY(const MemoryGroup group, MemoryGroup::make(512 << 20));
//        serve_genepool(program, data_dir, flags, log, group.launcher());
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace genepool::bench {

class MemoryGroup {
 public:
  [[nodiscard]] static Result<MemoryGroup> make(std::uint64_t bytes);
  MemoryGroup(MemoryGroup&& other) noexcept : path_(std::exchange(other.path_, {})), is_v2_(other.is_v2_) {}
  MemoryGroup& operator=(MemoryGroup&&) = delete;
  ~MemoryGroup();

  [[nodiscard]] std::vector<std::string> launcher() const;  // a command that joins the group and becomes the one after it
  [[nodiscard]] std::uint64_t out_of_memory_kills() const;
  [[nodiscard]] std::uint64_t most_bytes() const;  // used at once so far; 0 = not told
  [[nodiscard]] bool is_v2() const { return is_v2_; }

 private:
  MemoryGroup(std::filesystem::path path, bool is_v2) : path_(std::move(path)), is_v2_(is_v2) {}

  std::filesystem::path path_;
  bool is_v2_;
};

}  // namespace genepool::bench
