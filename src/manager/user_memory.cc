#include "manager/user_memory.h"

#include <algorithm>

namespace genepool {
namespace {

constexpr double kBelievedHitRate = 0.6;
constexpr double kBelieved = 2;  // requests

}  // namespace

double UserMemory::Guesses::hit_rate() const { return (right + kBelieved * kBelievedHitRate) / (made + kBelieved); }

void UserMemory::observe(UserIndex user_index, GenomeIndex genome) {
  if (user_index >= users_.size()) users_.resize(user_index + 1);
  User& user = users_[user_index];
  if (const auto last_one = last(user_index)) {
    ++user.last_again.made;
    if (*last_one == genome) ++user.last_again.right;
  }
  const TopTwo two = top_two(user_index);
  if (two.size > 0) {
    ++user.one_of_two.made;
    const auto is_it = [&](const CountRows::Cell& cell) { return cell.genome.index == genome; };
    if (std::any_of(two.genomes.begin(), two.genomes.begin() + two.size, is_it)) ++user.one_of_two.right;
  }
  user.last = lives_->ref(genome);
  genomes_.add(user_index, genome);
}

void UserMemory::forget(UserIndex user) {
  if (user < users_.size()) users_[user] = {};
  genomes_.clear(user);
}

std::optional<GenomeIndex> UserMemory::last(UserIndex user) const {
  const User* const known = find(user);
  if (known == nullptr || !known->last || !lives_->is_current(*known->last)) return std::nullopt;
  return known->last->index;
}

double UserMemory::last_hit_rate(UserIndex user) const {
  const User* const known = find(user);
  return known == nullptr ? kBelievedHitRate : known->last_again.hit_rate();
}

UserMemory::TopTwo UserMemory::top_two(UserIndex user) const {
  TopTwo two;
  for (const CountRows::Cell& cell : genomes_.commonest(user, two.genomes.size())) two.genomes[two.size++] = cell;
  const User* const known = find(user);
  two.hit_rate = known == nullptr ? kBelievedHitRate : known->one_of_two.hit_rate();
  return two;
}

}  // namespace genepool
