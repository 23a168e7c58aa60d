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
  [[nodiscard]] Usage* find(const Identity& identity);  // null: not remembered; does not hold it
  void release(const Usage& usage);

  // What it holds in a tier, or is believed to. What its loads cost, before any was measured, is what others' usually do, and
  // before that `prior`.
  struct Expected {
    std::uint64_t hot_bytes = 0, warm_bytes = 0;
    Duration prior{};
  };
  void expect(Usage& usage, const Expected& expected) const;
  void on_request(Usage& usage, std::uint64_t use, Instant now);  // the `use`th one
  // It was brought to HOT, or its page was built.
  void on_hot(Usage& usage, Duration took) { on_load(usage.hot, usual_hot_, took); }
  void on_warm(Usage& usage, Duration took) { on_load(usage.warm, usual_warm_, took); }

  // To bring a genome from COLD to HOT; 0 before any was measured.
  [[nodiscard]] double usual_page_in_seconds() const { return usual_hot_.seconds + usual_warm_.seconds; }
  [[nodiscard]] std::size_t size() const { return pages_.size(); }

 private:
  struct Page {
    Usage usage;
    std::uint32_t holders = 0;
  };
  using Pages = std::list<Page>;  // the latest used first
  struct Usual {
    double seconds = 0;
    bool is_measured = false;
  };
  static void on_load(Cost& cost, Usual& usual, Duration took);
  Pages::iterator of(const Usage& usage) { return by_index_[usage.index]; }
  void trim();

  std::size_t most_;
  Usual usual_hot_, usual_warm_;
  Forget forget_;
  Pages pages_;
  std::map<Identity, Pages::iterator> by_identity_;
  std::vector<Pages::iterator> by_index_;
  std::vector<std::uint32_t> free_indices_;
};

}  // namespace genepool
