// KvShelf: the KV of genomes that left HOT, in RAM, for when they come back. Keyed by identity: a genome's KV is of no use to
// another one, and never offered to it. What does not fit into the quota goes, the oldest first.
// Owner: the runtime. Thread: the strand.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>

#include "base/unique_fd.h"
#include "genome/genome.h"

namespace genepool {

class KvShelf {
 public:
  struct Usage {
    std::uint64_t bytes = 0, tokens = 0, genomes = 0;
  };

  void set_quota(std::uint64_t bytes);
  [[nodiscard]] std::uint64_t quota() const { return quota_; }

  // Instead of what it may have of that genome. `bytes`: sealed; larger than the quota: not kept.
  void put(const Identity& identity, UniqueFd bytes, std::uint64_t tokens);
  // Hands it out: it is not here any more. None when there is none.
  [[nodiscard]] std::optional<UniqueFd> take(const Identity& identity);
  void drop(const Identity& identity);

  [[nodiscard]] Usage usage() const { return usage_; }

 private:
  struct Item {
    Identity identity;
    UniqueFd fd;
    std::uint64_t bytes = 0, tokens = 0;
  };
  using Items = std::list<Item>;
  UniqueFd remove(Items::iterator item);
  void make_fit();

  std::uint64_t quota_ = 0;
  Usage usage_;
  Items items_;  // oldest first
  std::map<Identity, Items::iterator> by_identity_;
};

}  // namespace genepool
