// UserMemory: which genome each user asked for last, and how often a user stays with it. A hint that names a user and no genome
// means the last one; its chance is the user's own hit rate, believed to be .6 before much is known.
// Memory: 24 bytes per user. Thread: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "manager/genome_lives.h"

namespace genepool {

class UserMemory {
 public:
  explicit UserMemory(const GenomeLives& lives) : lives_(&lives) {}

  void observe(UserIndex user, GenomeIndex genome);
  void forget(UserIndex user);

  // Nothing for a user without requests, and when that genome was forgotten.
  [[nodiscard]] std::optional<GenomeIndex> last(UserIndex user) const;
  [[nodiscard]] double last_hit_rate(UserIndex user) const;  // how often the next was the last one again

 private:
  struct User {
    std::optional<GenomeRef> last;
    std::uint32_t guesses = 0, right = 0;  // that the next is the last one again
  };
  [[nodiscard]] const User* find(UserIndex user) const { return user < users_.size() ? &users_[user] : nullptr; }

  const GenomeLives* lives_;
  std::vector<User> users_;
};

}  // namespace genepool
