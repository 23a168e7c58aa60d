// UserMemory: which genome each user asked for last, and how often a user stays with it or with the two asked for most. A hint
// that names a user and no genome means the last one; its chance is the user's own hit rate, believed to be .6 before much is
// known. Memory: 48 bytes per user and at most 8 genomes of each (12 bytes each). Thread: one at a time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "manager/count_rows.h"

namespace genepool {

class UserMemory {
 public:
  explicit UserMemory(const GenomeLives& lives) : lives_(&lives), genomes_(kGenomesPerUser, lives) {}

  void observe(UserIndex user, GenomeIndex genome);
  void forget(UserIndex user);

  // Nothing for a user without requests, and when that genome was forgotten.
  [[nodiscard]] std::optional<GenomeIndex> last(UserIndex user) const;
  [[nodiscard]] double last_hit_rate(UserIndex user) const;  // how often the next was the last one again

  struct TopTwo {
    std::array<CountRows::Cell, 2> genomes;
    std::size_t size = 0;   // how many there are, 0 to 2
    double hit_rate = 0;    // how often the next was one of them
  };
  [[nodiscard]] TopTwo top_two(UserIndex user) const;

 private:
  static constexpr std::size_t kGenomesPerUser = 8;
  struct Guesses {
    std::uint32_t made = 0, right = 0;
    [[nodiscard]] double hit_rate() const;
  };
  struct User {
    std::optional<GenomeRef> last;
    Guesses last_again, one_of_two;
  };
  [[nodiscard]] const User* find(UserIndex user) const { return user < users_.size() ? &users_[user] : nullptr; }

  const GenomeLives* lives_;
  std::vector<User> users_;
  CountRows genomes_;
};

}  // namespace genepool
