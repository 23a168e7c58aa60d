// Predictor: p(g), the chance that the next request is for genome g, and P_H(g), the chance that one within H is. All voices
// that it was made with, mixed; it learns from each request after it has written down what it had said of it (mixture.h has the
// books). A genome never seen has no chance of its own: all of them together have escape(), and what the voices say of the seen
// ones is made smaller by it. Cost per request: each voice once, whatever the number of genomes.
// Memory: as usage_counts.h, user_memory.h and voices.h. Thread: one at a time.
// Use:   Predictor predictor(base_voices());
//        predictor.observe(genome, {.now = now});
//        const auto next = predictor.likeliest_absent({.now = now}, is_hot);
//        if (next) weigh(prefetch of *next, predictor.chance_within(*next, kPrefetchHorizon, {.now = now}))
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "manager/escape.h"
#include "manager/mixture.h"
#include "manager/user_memory.h"
#include "manager/voices.h"

namespace genepool {

inline constexpr Duration kPrefetchHorizon = std::chrono::seconds(60);

class Predictor {
 public:
  explicit Predictor(std::span<const std::string_view> voices);  // Requires: names that make_voice knows
  Predictor(const Predictor&) = delete;  // the voices look at its counts
  Predictor& operator=(const Predictor&) = delete;

  // A request for `genome`. `moment.user`: its user.
  void observe(GenomeIndex genome, const Moment& moment);
  // Before another takes the index.
  void forget(GenomeIndex genome);
  void forget_user(UserIndex user) { users_.forget(user); }

  [[nodiscard]] double chance(GenomeIndex genome, const Moment& moment) const;
  // 1 - (1 - p)^n, n = requests expected within `horizon`, from the rate of the last minutes.
  [[nodiscard]] double chance_within(GenomeIndex genome, Duration horizon, const Moment& moment) const;
  // Of the 14 genomes most used in the last day, the one with the highest chance that is not resident; of equals the more used.
  [[nodiscard]] std::optional<GenomeIndex> likeliest_absent(const Moment& moment,
                                                            const std::function<bool(GenomeIndex)>& is_resident) const;

  [[nodiscard]] double escape() const { return escape_.chance(); }
  [[nodiscard]] const UserMemory& users() const { return users_; }
  [[nodiscard]] const Mixture& mixture() const { return mixture_; }  // its voices in the order of voice_names()
  [[nodiscard]] const std::vector<std::string_view>& voice_names() const { return names_; }

 private:
  [[nodiscard]] std::span<const double> ask_voices(GenomeIndex genome, const Moment& moment) const;  // their chances, in chances_

  GenomeLives lives_;
  UsageCounts counts_{lives_};
  UserMemory users_{lives_};
  Escape escape_;
  std::vector<std::string_view> names_;
  std::vector<std::unique_ptr<Voice>> voices_;
  Mixture mixture_;
  mutable std::vector<double> chances_;  // room for ask_voices, so that it allocates nothing
};

}  // namespace genepool
