// Random traffic with random ends: what must hold of every history.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "pool/breaker_board.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;

constexpr int kGenomes = 24;
Identity genome(int number) { return Identity{{static_cast<std::uint8_t>(number)}}; }

// Of a genome: always good; its answers fail or are slow at times; its loads fail at times; its workers crash at times.
enum class Kind : std::uint8_t { kGood, kAnswers, kLoads, kCrashes };
Kind kind_of(int g) { return static_cast<Kind>(g % 4); }

class Traffic {
 public:
  explicit Traffic(std::uint64_t seed) : random_(seed), board_(seed, [this](const BreakerChange& c) { on_change(c); }) {}

  void run(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFatalFailure(); ++i) {
      now_ += std::chrono::milliseconds(random_.below(200));
      if (random_.below(1000) == 0) now_ += 5min;
      board_.tick(now_);
      ASSERT_GT(board_.next_wakeup(), now_);
      ASSERT_LE(board_.genomes(), static_cast<std::size_t>(kGenomes));
      if (flights_.size() < 40 && random_.below(2) == 0) {
        arrive(static_cast<int>(random_.below(kGenomes)));
      } else if (!flights_.empty()) {
        end(random_.below(flights_.size()));
      }
    }
  }

  [[nodiscard]] const std::string& log() const { return log_; }
  [[nodiscard]] int trials() const { return trials_; }
  [[nodiscard]] int refusals() const { return refusals_; }
  [[nodiscard]] const std::map<BreakerState, int>& entered() const { return entered_; }

 private:
  struct Flight {
    RequestId request = 0;
    int g = 0;
    Tier tier = Tier::kHot;
  };

  void on_change(const BreakerChange& c) {
    log_ += fmt::format("{} {} {} {} {}\n", now_.count(), c.identity.brief(), breaker_kind_name(c.kind),
                        breaker_state_name(c.to), c.why);
    ++entered_[c.to];
    ASSERT_FALSE(c.why.empty());
    ASSERT_NE(kind_of(c.identity.bytes[0]), Kind::kGood) << c.why;
    if (c.from == BreakerState::kHalfOpen) on_trial_.erase(c.identity.bytes[0]);  // decided, or too late
  }

  void arrive(int g) {
    const Tier tier = kind_of(g) == Kind::kLoads ? Tier::kCold : Tier::kHot;
    const RequestId request = ++last_;
    const Verdict verdict = board_.admit(request, genome(g), tier, now_);
    if (!verdict.is_allowed) return check_refusal(g, verdict);
    if (verdict.is_trial) {
      ASSERT_FALSE(on_trial_.contains(g)) << "two trials at a time";
      on_trial_[g] = request;
      ++trials_;
    }
    if (random_.below(4) != 0) board_.on_begun(request, genome(g), tier, now_);
    flights_.push_back({request, g, tier});
  }

  void check_refusal(int g, const Verdict& verdict) {
    ++refusals_;
    ASSERT_NE(kind_of(g), Kind::kGood) << verdict.error.message;
    ASSERT_TRUE(verdict.error.retry_after);
    ASSERT_GE(*verdict.error.retry_after, 0ms);
    ASSERT_LE(*verdict.error.retry_after, 60s);
    ASSERT_FALSE(verdict.is_trial);
  }

  void end(std::size_t index) {
    const Flight flight = flights_.at(index);
    const std::uint64_t dice = random_.below(10);
    if (dice == 0) {
      land(flight.request);
      return board_.on_ended(flight.request, genome(flight.g), now_);
    }
    switch (kind_of(flight.g)) {
      case Kind::kGood: return end_answer(flight, 9);
      case Kind::kAnswers: return end_answer(flight, dice);
      case Kind::kLoads: return end_load(flight.g, dice < 5);
      case Kind::kCrashes: return dice == 1 ? crash(flight.g) : end_answer(flight, 9);
    }
  }

  void end_answer(const Flight& flight, std::uint64_t dice) {
    land(flight.request);
    const Identity identity = genome(flight.g);
    if (dice < 3) {
      return board_.on_answer_failed(flight.request, identity, {.code = Code::kInternal, .message = "engine"}, now_);
    }
    board_.on_first_token(flight.request, identity, now_);
    const int times = dice < 5 ? 10 : 1;
    board_.on_answered(flight.request, identity, {flight.tier, 400ms * times, 10, 200ms * times}, now_);
  }

  // All who wait for a genome wait for the one load of it.
  void end_load(int g, bool is_bad) {
    if (is_bad) {
      board_.on_load_failed({.identity = genome(g)}, {.code = Code::kIo, .message = "disk"}, now_);
    } else {
      board_.on_loaded(genome(g), Tier::kCold, 1s, now_);
    }
    for (const Flight& flight : of(g)) {
      land(flight.request);
      board_.on_ended(flight.request, genome(g), now_);
    }
  }

  void crash(int g) {
    (void)board_.on_crashed(genome(g), CrashPhase::kServing, now_);
    for (const Flight& flight : of(g)) {
      land(flight.request);
      board_.on_ended(flight.request, genome(g), now_);
    }
  }

  [[nodiscard]] std::vector<Flight> of(int g) const {
    std::vector<Flight> all;
    std::ranges::copy_if(flights_, std::back_inserter(all), [&](const Flight& f) { return f.g == g; });
    return all;
  }

  void land(RequestId request) {
    std::erase_if(flights_, [&](const Flight& f) { return f.request == request; });
    std::erase_if(on_trial_, [&](const auto& one) { return one.second == request; });
  }

  Random random_;
  Instant now_ = 1000s;
  std::string log_;
  std::map<BreakerState, int> entered_;
  std::map<int, RequestId> on_trial_;
  std::vector<Flight> flights_;
  RequestId last_ = 0;
  int trials_ = 0, refusals_ = 0;
  BreakerBoard board_;
};

TEST(BreakerBoard, holds_its_promises_over_random_histories) {
  std::map<BreakerState, int> entered;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    Traffic traffic(seed);
    traffic.run(20'000);
    ASSERT_FALSE(HasFatalFailure());
    EXPECT_GT(traffic.trials(), 100);
    EXPECT_GT(traffic.refusals(), 100);
    for (const auto& [state, times] : traffic.entered()) entered[state] += times;
  }
  for (const auto state : {BreakerState::kClosed, BreakerState::kOpen, BreakerState::kHalfOpen, BreakerState::kQuarantined}) {
    EXPECT_GT(entered[state], 0) << breaker_state_name(state);
  }
}

TEST(BreakerBoard, the_same_seed_gives_the_same_history) {
  Traffic one(3), same(3), other(4);
  one.run(20'000);
  same.run(20'000);
  other.run(20'000);
  EXPECT_FALSE(one.log().empty());
  EXPECT_EQ(one.log(), same.log());
  EXPECT_NE(one.log(), other.log());
}

}  // namespace
}  // namespace genepool
