// The seven experts of the tournament: what a genome is worth keeping for, in the eyes of each.
#include <algorithm>
#include <map>

#include "pool/ghost.h"

namespace genepool {
namespace {

// A value per genome, 0 where nothing was set.
class PerGenome {
 public:
  double& at(const Usage& usage) {
    if (values_.size() <= usage.index) values_.resize(usage.index + 1);
    return values_[usage.index];
  }
  [[nodiscard]] double of(const Usage& usage) const { return usage.index < values_.size() ? values_[usage.index] : 0; }

 private:
  std::vector<double> values_;
};

class Lru final : public Expert {
  double score(const Usage& usage, double, Instant) const override { return static_cast<double>(usage.last_use); }
};

// Wins loops, where the one used last is the one needed last.
class Mru final : public Expert {
  double score(const Usage& usage, double, Instant) const override { return -static_cast<double>(usage.last_use); }
};

// H = L + worth at each access; an eviction raises L to the victim's H. GDSF: worth times the accesses of this stay.
class GreedyDual final : public Expert {
 public:
  explicit GreedyDual(bool counts_accesses) : counts_accesses_(counts_accesses) {}
  double score(const Usage& usage, double, Instant) const override { return height_.of(usage); }
  void on_access(const Usage& usage, double worth) override {
    const double accesses = counts_accesses_ ? ++accesses_.at(usage) : 1;
    height_.at(usage) = level_ + accesses * worth;
  }
  void on_evict(const Usage& usage) override {
    level_ = height_.at(usage);
    accesses_.at(usage) = 0;
  }
  void forget(const Usage& usage) override { height_.at(usage) = accesses_.at(usage) = 0; }

 private:
  bool counts_accesses_;
  double level_ = 0;
  PerGenome height_, accesses_;
};

class Decayed final : public Expert {
 public:
  Decayed(double Usage::*count, Duration half_life) : count_(count), half_life_(half_life) {}
  double score(const Usage& usage, double worth, Instant now) const override {
    return usage.*count_ * decay(now - usage.last_time, half_life_) * worth;
  }

 private:
  double Usage::*count_;
  Duration half_life_;
};

// What came after the genomes asked for lately, and where that is not known, how often each is asked for.
// S <- .7 S + .3 n/(n + 20) p(successor of the last one); what no successor claims, R, is shared by count.
class Markov final : public Expert {
 public:
  void on_request(const Usage& usage, Instant now) override {
    if (previous_ != kNone) count(previous_, usage.index);
    previous_ = usage.index;
    total_ = total_ * decay(now - last_time_, kTenMinutes) + 1;
    last_time_ = now;
    ++step_;
    const Successors& next = successors_of(usage.index);
    const double doubt = next.total + kDoubt;
    rest_ = kKeep * rest_ + (1 - kKeep) * kDoubt / doubt;
    for (const auto& [successor, times] : next.times) claim(successor, (1 - kKeep) * times / doubt);
  }
  double score(const Usage& usage, double worth, Instant) const override {
    // One decay for both: after days without a request each alone would be 0.
    const double share = total_ == 0 ? 0 : usage.count_10m / total_ * decay(last_time_ - usage.last_time, kTenMinutes);
    return (claimed(usage.index) + rest_ * share) * worth;
  }
  void forget(const Usage& usage) override {
    if (usage.index < successors_.size()) successors_[usage.index] = {};
    if (usage.index < claims_.size()) claims_[usage.index] = {};
    if (previous_ == usage.index) previous_ = kNone;
    for (Successors& s : successors_) {
      const auto it = s.times.find(usage.index);
      if (it == s.times.end()) continue;
      s.total -= it->second;
      s.times.erase(it);
    }
  }

 private:
  static constexpr std::uint32_t kNone = ~0U;
  static constexpr double kKeep = 0.7, kDoubt = 20;
  static constexpr std::size_t kMostSuccessors = 256;  // the rarest makes way for a new one
  struct Successors {
    std::map<std::uint32_t, double> times;
    double total = 0;
  };
  struct Claim {
    double value = 0;
    std::uint64_t step = 0;  // it has decayed since
  };

  Successors& successors_of(std::uint32_t index) {
    if (successors_.size() <= index) successors_.resize(index + 1);
    return successors_[index];
  }
  void count(std::uint32_t from, std::uint32_t to) {
    Successors& s = successors_of(from);
    if (s.times.size() >= kMostSuccessors && !s.times.contains(to)) {
      const auto rarest = std::ranges::min_element(s.times, {}, [](const auto& one) { return one.second; });
      s.total -= rarest->second;
      s.times.erase(rarest);
    }
    ++s.times[to];
    ++s.total;
  }
  [[nodiscard]] double claimed(std::uint32_t index) const {
    if (index >= claims_.size()) return 0;
    const Claim& c = claims_[index];
    return c.value * std::pow(kKeep, static_cast<double>(step_ - c.step));
  }
  void claim(std::uint32_t index, double more) {
    const double value = claimed(index) + more;
    if (claims_.size() <= index) claims_.resize(index + 1);
    claims_[index] = {value, step_};
  }

  std::vector<Successors> successors_;
  std::vector<Claim> claims_;
  std::uint64_t step_ = 0;
  std::uint32_t previous_ = kNone;
  double rest_ = 0, total_ = 0;
  Instant last_time_{};
};

}  // namespace

std::unique_ptr<Expert> make_expert(PolicyKind kind) {
  switch (kind) {
    case PolicyKind::kGreedyDual: return std::make_unique<GreedyDual>(false);
    case PolicyKind::kGdsf: return std::make_unique<GreedyDual>(true);
    case PolicyKind::kDecay10m: return std::make_unique<Decayed>(&Usage::count_10m, kTenMinutes);
    case PolicyKind::kDecay1d: return std::make_unique<Decayed>(&Usage::count_1d, kOneDay);
    case PolicyKind::kMarkov: return std::make_unique<Markov>();
    case PolicyKind::kMru: return std::make_unique<Mru>();
    default: GENEPOOL_CHECK(kind == PolicyKind::kLru); return std::make_unique<Lru>();
  }
}

}  // namespace genepool
