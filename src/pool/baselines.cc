#include "pool/baselines.h"

#include <algorithm>
#include <list>

namespace genepool {
namespace {

using Order = std::list<const Usage*>;

bool erase(Order& order, const Usage& usage) {
  const auto it = std::ranges::find(order, &usage);
  if (it == order.end()) return false;
  order.erase(it);
  return true;
}

// What all four share: who is in, and what it takes. The rules below keep the order of those who are in.
class Baseline : public Policy {
 public:
  Baseline(PolicyKind kind, Cost Usage::*cost, const Budget& budget) : kind_(kind), cost_(cost), budget_(budget) {}

  void resize(const Budget& budget) override {
    budget_ = budget;
    make_room(0, 0);
  }
  bool on_request(const Usage& usage, Instant) override {
    on_seen(usage);
    if (has(usage)) {
      on_hit(usage);
      return true;
    }
    const std::uint64_t bytes = (usage.*cost_).bytes;
    if (budget_.places == 0 || bytes > budget_.bytes || !make_room(1, bytes)) return false;
    if (charged_.size() <= usage.index) charged_.resize(usage.index + 1, kAbsent);
    charged_[usage.index] = bytes;
    bytes_ += bytes;
    ++places_;
    on_enter(usage);
    return false;
  }
  double score(const Usage& usage, Instant) const override { return has(usage) ? 1 : 0; }
  void forget(const Usage& usage) override {
    if (has(usage)) remove(usage);
  }
  PolicyStatus status() const override { return {policy_name(kind_), policy_name(kind_), {}}; }

 protected:
  [[nodiscard]] std::uint32_t places() const { return budget_.places; }

 private:
  virtual void on_seen(const Usage&) {}
  virtual void on_hit(const Usage&) {}
  virtual void on_enter(const Usage& usage) = 0;
  virtual void on_leave(const Usage& usage) = 0;
  virtual const Usage* victim() = 0;  // null: nobody leaves, the newcomer stays outside. Requires: not empty

  [[nodiscard]] bool has(const Usage& usage) const { return usage.index < charged_.size() && charged_[usage.index] != kAbsent; }
  bool make_room(std::uint32_t places, std::uint64_t bytes) {
    while (places_ > 0 && (places_ + places > budget_.places || bytes_ + bytes > budget_.bytes)) {
      const Usage* leaving = victim();
      if (leaving == nullptr) return false;
      remove(*leaving);
    }
    return true;
  }
  void remove(const Usage& usage) {
    on_leave(usage);
    bytes_ -= charged_[usage.index];
    charged_[usage.index] = kAbsent;
    --places_;
  }

  static constexpr std::uint64_t kAbsent = ~std::uint64_t{0};
  PolicyKind kind_;
  Cost Usage::*cost_;
  Budget budget_;
  std::vector<std::uint64_t> charged_;  // by index
  std::uint64_t bytes_ = 0;
  std::uint32_t places_ = 0;
};

class Fifo : public Baseline {
 public:
  using Baseline::Baseline;

 private:
  void on_enter(const Usage& usage) override { order_.push_back(&usage); }
  void on_leave(const Usage& usage) override { (void)erase(order_, usage); }
  const Usage* victim() override { return order_.front(); }
  Order order_;
};

// One place is left for who comes and goes: a newcomer always needs one.
class FillOnce final : public Fifo {
 public:
  FillOnce(Cost Usage::*cost, const Budget& budget) : Fifo(PolicyKind::kFillOnce, cost, without_one(budget)) {}
  void resize(const Budget& budget) override { Fifo::resize(without_one(budget)); }

 private:
  static Budget without_one(Budget budget) {
    budget.places = std::max(budget.places, 1U) - 1;
    return budget;
  }
  const Usage* victim() override { return nullptr; }
};

// The hand goes from the oldest to the newest; who was used since it last passed is spared once.
class Sieve final : public Baseline {
 public:
  using Baseline::Baseline;

 private:
  struct One {
    const Usage* usage;
    bool is_visited = false;
  };
  using Line = std::list<One>;  // the oldest first
  Line::iterator find(const Usage& usage) { return std::ranges::find(line_, &usage, &One::usage); }
  void on_hit(const Usage& usage) override { find(usage)->is_visited = true; }
  void on_enter(const Usage& usage) override { line_.push_back({&usage}); }
  void on_leave(const Usage& usage) override {
    const auto it = find(usage);
    if (hand_ == it) ++hand_;
    line_.erase(it);
  }
  const Usage* victim() override {
    while (true) {
      if (hand_ == line_.end()) hand_ = line_.begin();
      if (!hand_->is_visited) return hand_->usage;
      hand_->is_visited = false;
      ++hand_;
    }
  }
  Line line_;
  Line::iterator hand_ = line_.end();
};

class WTinyLfu final : public Baseline {
 public:
  using Baseline::Baseline;

 private:
  static constexpr std::uint8_t kMostCount = 15;
  [[nodiscard]] std::size_t window_places() const { return std::max<std::size_t>(1, places() / 100); }
  [[nodiscard]] std::size_t protected_places() const { return (places() - window_places()) * 8 / 10; }

  void on_seen(const Usage& usage) override {
    if (counts_.size() <= usage.index) counts_.resize(usage.index + 1);
    counts_[usage.index] = static_cast<std::uint8_t>(std::min<int>(counts_[usage.index] + 1, kMostCount));
    if (++seen_ < 10 * std::max(places(), 10U)) return;
    seen_ = 0;
    for (std::uint8_t& count : counts_) count /= 2;
  }
  void on_hit(const Usage& usage) override {
    if (erase(window_, usage)) return window_.push_back(&usage);
    if (!erase(protected_, usage)) (void)erase(probation_, usage);
    protected_.push_back(&usage);
    if (protected_.size() <= protected_places()) return;
    probation_.push_back(protected_.front());
    protected_.pop_front();
  }
  void on_enter(const Usage& usage) override {
    window_.push_back(&usage);
    if (window_.size() > window_places()) promote_from_window();
  }
  void on_leave(const Usage& usage) override { (void)(erase(window_, usage) || erase(probation_, usage) || erase(protected_, usage)); }
  const Usage* victim() override {
    Order& main = probation_.empty() ? protected_ : probation_;
    if (window_.size() < window_places() && !main.empty()) return main.front();
    const Usage* candidate = window_.front();
    if (main.empty() || counts_[candidate->index] <= counts_[main.front()->index]) return candidate;
    const Usage* loser = main.front();
    promote_from_window();
    return loser;
  }
  void promote_from_window() {
    probation_.push_back(window_.front());
    window_.pop_front();
  }

  Order window_, probation_, protected_;  // the least recently used first
  std::vector<std::uint8_t> counts_;      // by index
  std::uint32_t seen_ = 0;
};

}  // namespace

std::unique_ptr<Policy> make_baseline(PolicyKind kind, Cost Usage::*cost, const Budget& budget) {
  switch (kind) {
    case PolicyKind::kSieve: return std::make_unique<Sieve>(kind, cost, budget);
    case PolicyKind::kWTinyLfu: return std::make_unique<WTinyLfu>(kind, cost, budget);
    case PolicyKind::kFillOnce: return std::make_unique<FillOnce>(cost, budget);
    default: GENEPOOL_CHECK(kind == PolicyKind::kFifo); return std::make_unique<Fifo>(kind, cost, budget);
  }
}

}  // namespace genepool
