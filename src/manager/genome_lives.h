// GenomeLives: tells a genome from the one that had its index before (dense_index.h reuses them). Who remembers another genome
// remembers a GenomeRef; it is stale once that index was forgotten, and nobody has to search for it. Thread: one at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "manager/dense_index.h"

namespace genepool {

struct GenomeRef {
  GenomeIndex index = 0;
  std::uint32_t life = 0;
  bool operator==(const GenomeRef&) const = default;
};

class GenomeLives {
 public:
  [[nodiscard]] GenomeRef ref(GenomeIndex index) const { return {index, index < lives_.size() ? lives_[index] : 0}; }
  [[nodiscard]] bool is_current(const GenomeRef& genome) const { return ref(genome.index) == genome; }
  void forget(GenomeIndex index) {
    if (index >= lives_.size()) lives_.resize(index + 1);
    ++lives_[index];
  }

 private:
  std::vector<std::uint32_t> lives_;
};

}  // namespace genepool
