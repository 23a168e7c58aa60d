#include "manager/user_memory.h"

namespace genepool {
namespace {

constexpr double kBelievedHitRate = 0.6;
constexpr double kBelieved = 2;  // requests

}  // namespace

void UserMemory::observe(UserIndex user_index, GenomeIndex genome) {
  if (user_index >= users_.size()) users_.resize(user_index + 1);
  User& user = users_[user_index];
  if (const auto last_one = last(user_index)) {
    ++user.guesses;
    if (*last_one == genome) ++user.right;
  }
  user.last = lives_->ref(genome);
}

void UserMemory::forget(UserIndex user) {
  if (user < users_.size()) users_[user] = {};
}

std::optional<GenomeIndex> UserMemory::last(UserIndex user) const {
  const User* const known = find(user);
  if (known == nullptr || !known->last || !lives_->is_current(*known->last)) return std::nullopt;
  return known->last->index;
}

double UserMemory::last_hit_rate(UserIndex user) const {
  const User* const known = find(user);
  if (known == nullptr) return kBelievedHitRate;
  return (known->right + kBelieved * kBelievedHitRate) / (known->guesses + kBelieved);
}

}  // namespace genepool
