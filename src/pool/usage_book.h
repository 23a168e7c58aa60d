// UsageBook: the Usage of every genome that was asked for lately, COLD ones too. Bounded: beyond `most` the one whose last use
// is longest ago is forgotten, unless the pool holds it (it is resident, wanted or pinned).
// Owner: PoolCore. Thread: the pool's strand.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <vector>

#include "pool/usage.h"

namespace genepool {

class UsageBook {
 public:
  using Forget = std::function<void(const Usage&)>;  // called before it goes

  UsageBook(std::size_t most, Forget forget) : most_(most), forget_(std::move(forget)) {}

  // Found or made; stays where it is until release() at least.
  [[nodiscard]] Usage& hold(const Identity& identity);
  void release(const Usage& usage);

  // A request, the `use`th one.
  void on_request(Usage& usage, std::uint64_t use, Instant now);

  [[nodiscard]] std::size_t size() const { return pages_.size(); }

 private:
  struct Page {
    Usage usage;
    std::uint32_t holders = 0;
  };
  using Pages = std::list<Page>;  // the latest used first
  Pages::iterator of(const Usage& usage) { return by_index_[usage.index]; }
  void trim();

  std::size_t most_;
  Forget forget_;
  Pages pages_;
  std::map<Identity, Pages::iterator> by_identity_;
  std::vector<Pages::iterator> by_index_;
  std::vector<std::uint32_t> free_indices_;
};

}  // namespace genepool
