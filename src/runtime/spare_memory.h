// SpareMemory: memory for the next page, made ready while nobody waits for it. Fresh memory costs more than the fuse that
// fills it (39 MB: 24 ms beside 9 ms, measured in a virtual machine), and a page is sealed, so its memory is never used twice.
// Owner: the runtime. Thread: any; take() and restock() block for the memory.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/memory_file.h"

namespace genepool {

class SpareMemory {
 public:
  static constexpr Duration kLife = std::chrono::seconds(10);  // unused so long, the spare is given back

  // The spare, cut to size, if it is large enough and not more than twice as large; else fresh. As MemoryFile::create().
  [[nodiscard]] Result<MemoryFile> take(std::size_t size);

  // Makes a spare of this size, if there is none: pages of one pool are alike. Without memory there is just no spare.
  void restock(std::size_t size);

  void give_back_unused();  // about once a second

 private:
  static constexpr const char* kLabel = "genepool-page";
  std::mutex mutex_;
  std::optional<MemoryFile> spare_;
  Instant made_{};
};

}  // namespace genepool
