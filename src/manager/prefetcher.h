// Prefetcher: which genome had better be HOT before anyone asks for it. After each request it weighs the likeliest absent genome,
// and the first of those that come as if by a clock, against who would leave for it (prefetch.h), and may act only while its gate is open: two shadows of HOT, one that follows the
// same advice and one that does not, must show that it helps (prefetch_gate.h). One guess at a time, at most a tenth of the time
// spent loading for guesses. Thread: one at a time. Memory: as predictor.h; two shadows.
#pragma once

#include <map>
#include <optional>

#include "manager/idle_histogram.h"
#include "manager/outcome_book.h"
#include "manager/prefetch.h"
#include "manager/prefetch_gate.h"
#include "manager/predictor.h"
#include "manager/residents.h"
#include "pool/policy.h"

namespace genepool {

struct Guess {
  const Usage* genome = nullptr;
  const Usage* victim = nullptr;  // null: there is a place free
  double chance = 0, victim_chance = 0;
  PrefetchVerdict verdict;
};

class Prefetcher {
 public:
  Prefetcher(PolicyKind policy, const Budget& budget);
  void configure(PolicyKind policy, const Budget& budget);

  void know(const Usage& usage);  // before anything else is told or asked of it
  // A request, its usage up to date. Before it: what came and left. This and on_left answer what became of the guess that
  // brought the genome in, when that is decided now.
  std::optional<OutcomeBook::Outcome> on_request(const Usage& usage, const Moment& moment, LoaderState loader);
  void on_came(const Usage& usage);
  std::optional<OutcomeBook::Outcome> on_left(const Usage& usage);
  void forget(const Usage& usage);
  void forget_user(UserIndex user) { predictor_.forget_user(user); }

  // What is worth bringing in now, whoever may act on it. None while a guess is under way, or too much was loaded for guesses.
  [[nodiscard]] std::optional<Guess> likeliest(const Moment& moment, LoaderState loader) const;
  // For one that is expected with this chance: a hint, a clock. None when it is there already or the place is worth more.
  [[nodiscard]] std::optional<Guess> weigh(const Usage& genome, double chance, const Moment& moment, LoaderState loader) const;

  // The pool was asked to bring it in; it has done so (on_came before), or not: then that is put_off(). Its breaker may
  // keep it out, or no place could be freed.
  void on_issued(const Guess& guess, Instant now);
  void on_guess_done(bool is_done, Instant now);
  // It is not to be advised again at once: a guess for half a minute, a hint for 3 s.
  void put_off(const Usage& genome, Instant now) { put_off_[genome.index] = now; }

  [[nodiscard]] const PrefetchGate& gate() const { return gate_; }
  [[nodiscard]] OutcomeBook::Summary outcomes() const { return outcomes_.summary(); }
  [[nodiscard]] const Predictor& predictor() const { return predictor_; }
  [[nodiscard]] const Residents& residents() const { return real_; }
  [[nodiscard]] const Usage* genome(GenomeIndex index) const { return by_index_[index]; }  // Requires: known
  [[nodiscard]] const Usage* under_way() const { return under_way_ ? under_way_->genome : nullptr; }

 private:
  void shadow(const Usage& usage, const Moment& moment, LoaderState loader);
  [[nodiscard]] std::optional<Guess> best(const Residents& residents, const Moment& moment, LoaderState loader) const;
  [[nodiscard]] std::optional<Guess> weigh_in(const Residents& residents, const Usage& genome, double chance, const Moment& moment, LoaderState loader) const;
  [[nodiscard]] double chance_of(GenomeIndex genome, const Moment& moment) const;
  [[nodiscard]] bool may_load(Instant now) const;
  [[nodiscard]] bool was_put_off(GenomeIndex genome, Duration lately, Instant now) const;

  Budget budget_;
  PolicyKind policy_kind_;
  std::unique_ptr<Policy> policy_;  // its own copy: what it would score if it alone decided
  Predictor predictor_{base_voices()};
  IdleHistogram clocks_;
  PrefetchGate gate_;
  OutcomeBook outcomes_;
  Residents real_, with_, without_;
  std::vector<const Usage*> by_index_;
  std::uint64_t last_use_ = 0;
  double shadow_loaded_s_ = 0;  // by the shadow with prefetch since the last request
  std::optional<Guess> under_way_;
  std::map<GenomeIndex, Instant> put_off_;  // when
  double guessed_s_ = 0;        // decayed: loading for guesses
  Instant guessed_at_{};
};

}  // namespace genepool
