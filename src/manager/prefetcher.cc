#include "manager/prefetcher.h"

#include <algorithm>

namespace genepool {
namespace {

constexpr Duration kGuessMemory = std::chrono::minutes(1);  // half-life of the time spent on guesses
constexpr double kMostGuessing = 0.1;                       // of all time
constexpr Duration kNoGuessFor = std::chrono::seconds(30), kNoHintFor = std::chrono::seconds(3);
constexpr double kLn2 = 0.693147180559945;

}  // namespace

Prefetcher::Prefetcher(PolicyKind policy, const Budget& budget)
    : budget_(budget), policy_kind_(policy), policy_(make_policy(policy, &Usage::hot, budget)) {}

void Prefetcher::configure(PolicyKind policy, const Budget& budget) {
  if (policy != policy_kind_) policy_ = make_policy(policy, &Usage::hot, budget);
  policy_kind_ = policy;
  budget_ = budget;
  policy_->resize(budget);
}

void Prefetcher::know(const Usage& usage) {
  if (by_index_.size() <= usage.index) by_index_.resize(usage.index + 1);
  by_index_[usage.index] = &usage;
}

std::optional<OutcomeBook::Outcome> Prefetcher::on_request(const Usage& usage, const Moment& moment, LoaderState loader) {
  last_use_ = usage.last_use;
  const bool is_coming = under_way_ && under_way_->genome == &usage;  // it waits for the rest of that load only
  const auto outcome = outcomes_.on_request(usage.index, real_.has(usage) || is_coming);
  (void)policy_->on_request(usage, moment.now);
  shadow(usage, moment, loader);
  return outcome;
}

// The shadow with prefetch acts on every piece of advice, gate or no gate: that is what the gate is to judge.
void Prefetcher::shadow(const Usage& usage, const Moment& moment, LoaderState loader) {
  const auto request = [&](Residents& residents) {
    if (residents.has(usage)) return 0.0;
    residents.make_room_for(usage, budget_, *policy_, moment.now);
    residents.add(usage);
    return usage.hot.seconds;
  };
  gate_.on_request({.missed_with_s = request(with_), .missed_without_s = request(without_), .speculative_s = shadow_loaded_s_});
  shadow_loaded_s_ = 0;
  predictor_.observe(usage.index, moment);
  clocks_.observe(usage.index, moment.now);
  const std::optional<Guess> guess = best(with_, moment, loader);
  if (!guess) return;
  with_.make_room_for(*guess->genome, budget_, *policy_, moment.now);
  with_.add(*guess->genome, last_use_);
  shadow_loaded_s_ = guess->genome->hot.seconds;
}

std::optional<Guess> Prefetcher::best(const Residents& residents, const Moment& moment, LoaderState loader) const {
  const auto is_there = [&](GenomeIndex genome) { return residents.has(*by_index_[genome]); };
  std::optional<Guess> best;
  const auto consider = [&](std::optional<GenomeIndex> absent) {
    if (!absent) return;
    if (was_put_off(*absent, kNoGuessFor, moment.now)) return;
    const std::optional<Guess> guess = weigh_in(residents, *by_index_[*absent], chance_of(*absent, moment), moment, loader);
    if (guess && (!best || guess->verdict.gain_s() > best->verdict.gain_s())) best = guess;
  };
  consider(predictor_.likeliest_absent(moment, is_there));
  consider(clocks_.first_expected(moment.now, is_there));
  return best;
}

// Whoever comes by a clock is expected by it as well.
double Prefetcher::chance_of(GenomeIndex genome, const Moment& moment) const {
  return std::max(predictor_.chance_within(genome, kPrefetchHorizon, moment), clocks_.chance_within(genome, kPrefetchHorizon, moment.now));
}

std::optional<Guess> Prefetcher::weigh_in(const Residents& residents, const Usage& genome, double chance, const Moment& moment,
                                          LoaderState loader) const {
  if (residents.has(genome)) return std::nullopt;
  Guess guess{.genome = &genome, .chance = chance};
  if (!residents.has_room_for(genome, budget_)) guess.victim = residents.next_to_leave(*policy_, moment.now);
  if (guess.victim != nullptr) guess.victim_chance = chance_of(guess.victim->index, moment);
  const LoadStake victim = guess.victim == nullptr ? kFreePlace : LoadStake{guess.victim_chance, guess.victim->hot.seconds};
  guess.verdict = weigh_prefetch({chance, genome.hot.seconds}, victim, loader);
  if (!guess.verdict.is_worth_it()) return std::nullopt;
  return guess;
}

bool Prefetcher::may_load(Instant now) const {
  const double rate = guessed_s_ * decay(now - guessed_at_, kGuessMemory) * kLn2 / (to_ms(kGuessMemory) / 1e3);
  return !under_way_ && rate < kMostGuessing;
}

std::optional<Guess> Prefetcher::likeliest(const Moment& moment, LoaderState loader) const {
  if (!may_load(moment.now)) return std::nullopt;
  return best(real_, moment, loader);
}

std::optional<Guess> Prefetcher::weigh(const Usage& genome, double chance, const Moment& moment, LoaderState loader) const {
  if (!may_load(moment.now) || was_put_off(genome.index, kNoHintFor, moment.now)) return std::nullopt;
  return weigh_in(real_, genome, chance, moment, loader);
}

void Prefetcher::on_came(const Usage& usage) {
  if (real_.has(usage)) return;
  const bool is_guess = under_way_ && under_way_->genome == &usage;
  real_.add(usage, is_guess ? last_use_ : 0);
}

std::optional<OutcomeBook::Outcome> Prefetcher::on_left(const Usage& usage) {
  real_.forget(usage);
  return outcomes_.on_gone(usage.index);
}

void Prefetcher::on_issued(const Guess& guess, Instant now) {
  under_way_ = guess;
  guessed_s_ = guessed_s_ * decay(now - guessed_at_, kGuessMemory) + guess.genome->hot.seconds;
  guessed_at_ = now;
  outcomes_.on_issued(guess.genome->index, from_ms(guess.genome->hot.seconds * 1e3));
}

bool Prefetcher::was_put_off(GenomeIndex genome, Duration lately, Instant now) const {
  const auto at = put_off_.find(genome);
  return at != put_off_.end() && now - at->second < lately;
}

void Prefetcher::on_guess_done(bool is_done, Instant now) {
  if (!under_way_) return;
  const Usage& genome = *under_way_->genome;
  under_way_.reset();
  if (is_done) return;
  outcomes_.on_refused(genome.index);
  guessed_s_ = std::max(0.0, guessed_s_ - genome.hot.seconds);
  put_off(genome, now);
}

void Prefetcher::forget(const Usage& usage) {
  predictor_.forget(usage.index);
  clocks_.forget(usage.index);
  policy_->forget(usage);
  for (Residents* residents : {&real_, &with_, &without_}) residents->forget(usage);
  (void)outcomes_.on_gone(usage.index);
  put_off_.erase(usage.index);
  if (under_way_ && under_way_->genome == &usage) under_way_.reset();
  if (usage.index < by_index_.size()) by_index_[usage.index] = nullptr;
}

}  // namespace genepool
