#include "runtime/kv_shelf.h"

#include <sys/stat.h>

#include <utility>

namespace genepool {

void KvShelf::set_quota(std::uint64_t bytes) {
  quota_ = bytes;
  make_fit();
}

void KvShelf::put(const Identity& identity, UniqueFd bytes, std::uint64_t tokens) {
  drop(identity);
  struct stat info {};
  if (::fstat(bytes.get(), &info) != 0) return;  // no descriptor: nothing was saved
  const auto size = static_cast<std::uint64_t>(info.st_size);
  items_.push_back({identity, std::move(bytes), size, tokens});
  by_identity_[identity] = std::prev(items_.end());
  usage_.bytes += size;
  usage_.tokens += tokens;
  ++usage_.genomes;
  make_fit();
}

std::optional<UniqueFd> KvShelf::take(const Identity& identity) {
  const auto found = by_identity_.find(identity);
  if (found == by_identity_.end()) return std::nullopt;
  return remove(found->second);
}

void KvShelf::drop(const Identity& identity) { (void)take(identity); }

UniqueFd KvShelf::remove(Items::iterator item) {
  usage_.bytes -= item->bytes;
  usage_.tokens -= item->tokens;
  --usage_.genomes;
  by_identity_.erase(item->identity);
  UniqueFd fd = std::move(item->fd);
  items_.erase(item);
  return fd;
}

void KvShelf::make_fit() {
  while (usage_.bytes > quota_) (void)remove(items_.begin());
}

}  // namespace genepool
