// DenseIndex: gives each key a number 0, 1, 2, ..., so that what is kept of it can lie in a vector. Bounded: when `most` keys
// have one, the key that was unused for longest gives its number to the next, and intern() says so: whatever was kept under
// the number is to be forgotten first. All operations take constant time. Thread: one at a time.
// Use:   const auto place = genomes.intern(identity);
//        if (place.was_taken) predictor.forget(place.index);
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/hash.h"

namespace genepool {

using GenomeIndex = std::uint32_t;
using UserIndex = std::uint32_t;
inline constexpr std::uint32_t kMostGenomes = 20'000;
inline constexpr std::uint32_t kMostUsers = 20'000;

template <class Key>
class DenseIndex {
 public:
  struct Place {
    std::uint32_t index = 0;
    bool was_taken = false;  // by another key, until now
  };

  explicit DenseIndex(std::uint32_t most) : most_(most) { GENEPOOL_CHECK(most > 0 && most < kNone); }

  // The key's number, a new one if it has none. Counts as a use.
  [[nodiscard]] Place intern(const Key& key) {
    if (const auto known = find(key)) {
      unlink(*known);
      link_newest(*known);
      return {*known, false};
    }
    const bool is_full = entries_.size() == most_;
    const std::uint32_t index = is_full ? oldest_ : size();
    if (is_full) {
      unlink(index);
      indexes_.erase(entries_[index].key);
      entries_[index].key = key;
    } else {
      entries_.push_back({key, kNone, kNone});
    }
    indexes_.emplace(key, index);
    link_newest(index);
    return {index, is_full};
  }

  // Does not count as a use.
  [[nodiscard]] std::optional<std::uint32_t> find(const Key& key) const {
    const auto at = indexes_.find(key);
    return at == indexes_.end() ? std::nullopt : std::optional(at->second);
  }

  [[nodiscard]] const Key& key(std::uint32_t index) const { return entries_[index].key; }  // Requires: index < size()
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(entries_.size()); }

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  struct Entry {
    Key key;
    std::uint32_t older, newer;
  };

  void unlink(std::uint32_t index) {
    const Entry& entry = entries_[index];
    (entry.older == kNone ? oldest_ : entries_[entry.older].newer) = entry.newer;
    (entry.newer == kNone ? newest_ : entries_[entry.newer].older) = entry.older;
  }

  void link_newest(std::uint32_t index) {
    entries_[index].older = newest_;
    entries_[index].newer = kNone;
    (newest_ == kNone ? oldest_ : entries_[newest_].newer) = index;
    newest_ = index;
  }

  std::uint32_t most_;
  std::vector<Entry> entries_;
  std::unordered_map<Key, std::uint32_t> indexes_;  // never walked: its order decides nothing
  std::uint32_t oldest_ = kNone, newest_ = kNone;
};

}  // namespace genepool
