#include "runtime/spare_memory.h"

#include <utility>

namespace genepool {

Result<MemoryFile> SpareMemory::take(std::size_t size) {
  std::optional<MemoryFile> spare;
  {
    const std::scoped_lock lock(mutex_);
    if (spare_ && spare_->size() >= size && spare_->size() / 2 <= size) spare = std::exchange(spare_, std::nullopt);
  }
  if (!spare) return MemoryFile::create(kLabel, size);
  GENEPOOL_TRY_VOID(spare->shrink(size));
  return std::move(*spare);
}

void SpareMemory::restock(std::size_t size) {
  {
    const std::scoped_lock lock(mutex_);
    if (spare_ && spare_->size() >= size) return;
  }
  auto made = MemoryFile::create(kLabel, size);
  if (!made) return;
  const std::scoped_lock lock(mutex_);
  spare_ = std::move(*made);
  made_ = monotonic_now();
}

void SpareMemory::give_back_unused() {
  std::optional<MemoryFile> old;  // freed after the lock
  const std::scoped_lock lock(mutex_);
  if (spare_ && monotonic_now() - made_ > kLife) old = std::exchange(spare_, std::nullopt);
}

}  // namespace genepool
