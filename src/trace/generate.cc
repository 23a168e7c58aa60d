#include "trace/generate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <queue>
#include <utility>

#include "trace/distributions.h"

namespace genepool {
namespace {

constexpr double kHour = 3600;
// Hours 0-23 of a day's load, their mean not yet 1.
constexpr std::array<double, 24> kDay{.35, .25, .2,  .2,  .2,  .25, .4,  .7,  1.1, 1.4, 1.5, 1.5,
                                      1.4, 1.5, 1.6, 1.6, 1.5, 1.4, 1.3, 1.3, 1.4, 1.3, 1.0, .65};
constexpr double kGapMu = 4.175, kGapSigma = 1.0, kLongestGap = 600;  // seconds between the requests of a conversation
constexpr double kLeastCv = 0.1, kMostCv = 12;

double day_mean() {
  double sum = 0;
  for (const double hour : kDay) sum += hour;
  return sum / static_cast<double>(kDay.size());
}

// The time at which `work` seconds of average load have passed since `t`.
double after_work(double t, double work) {
  static const double mean = day_mean();
  while (true) {
    const double hour = std::floor(t / kHour);
    const double load = kDay.at(static_cast<std::size_t>(std::fmod(hour, 24))) / mean;
    const double until_next = (hour + 1) * kHour - t;
    if (work <= until_next * load) return t + work / load;
    work -= until_next * load;
    t = (hour + 1) * kHour;
  }
}

class Popularity {
 public:
  explicit Popularity(const Profile& profile) {
    const double head = profile.head_ranks;
    double sum = 0;
    for (std::uint32_t i = 0; i < profile.genomes; ++i) {
      const double rank = i + 1.0;
      sum += rank <= head ? std::pow(rank, -profile.head_exponent)
                          : std::pow(head, -profile.head_exponent) * std::pow(rank / head, -profile.tail_exponent);
      cumulated_.push_back(sum);
      genome_of_rank_.push_back(i);
    }
  }

  std::uint32_t pick(Random& random) const {
    const auto found = std::ranges::upper_bound(cumulated_, random.uniform() * cumulated_.back());
    const auto rank = std::min<std::size_t>(static_cast<std::size_t>(found - cumulated_.begin()), cumulated_.size() - 1);
    return genome_of_rank_[rank];
  }

  void swap_two(Random& random) {
    const std::uint64_t one = random.below(genome_of_rank_.size());
    const std::uint64_t other = random.below(genome_of_rank_.size());
    std::swap(genome_of_rank_[one], genome_of_rank_[other]);
  }

 private:
  std::vector<double> cumulated_;
  std::vector<std::uint32_t> genome_of_rank_;
};

struct Conversation {
  double t_seconds;      // of its next request
  std::uint64_t number;  // they begin in this order; decides between two at the same time
  std::uint32_t genome, user;
  std::uint64_t left;  // requests
  double stay;
  bool operator>(const Conversation& other) const {
    return std::pair(t_seconds, number) > std::pair(other.t_seconds, other.number);
  }
};

// One pass in the order of time, because what a pick reuses and where a user comes back to is what was used before it.
class Generator {
 public:
  Generator(const Profile& profile, const TraceOptions& options)
      : profile_(profile),
        options_(options),
        random_(options.seed),
        popularity_(profile),
        index_of_genome_(profile.genomes, kUnseen),
        cv_(options.cv.value_or(profile.cv)),
        has_day_(options.has_day.value_or(profile.has_day)) {}

  Trace run(std::span<const TraceOptions::Phase> phases) {
    for (const TraceOptions::Phase& phase : phases) {
      rate_ = phase.rate;
      const std::size_t end = trace_.requests.size() + phase.requests;
      if (!next_start_) plan_start(0);
      while (trace_.requests.size() < end) step();
    }
    return std::move(trace_);
  }

 private:
  static constexpr std::uint32_t kUnseen = UINT32_MAX;

  bool chance(double share) { return random_.uniform() < share; }

  void plan_start(double now) {
    const double shape = 1 / (cv_ * cv_);
    const double work = gamma(random_, shape) / shape / rate_;
    next_start_ = has_day_ ? after_work(now, work) : now + work;
  }

  void step() {
    if (running_.empty() || *next_start_ <= running_.top().t_seconds) {
      running_.push(begin_conversation(*next_start_));
      plan_start(*next_start_);
      return;
    }
    Conversation one = running_.top();
    running_.pop();
    record(one);
    if (--one.left == 0) return;
    if (!chance(one.stay)) one.genome = pick();
    one.t_seconds += gap();
    running_.push(one);
  }

  double gap() {
    while (true) {
      const double seconds = lognormal(random_, kGapMu, kGapSigma);
      if (seconds <= kLongestGap) return seconds;
    }
  }

  std::uint32_t pick() {
    if (profile_.reuse > 0 && !recent_.empty() && chance(profile_.reuse)) return recent_[random_.below(recent_.size())];
    return popularity_.pick(random_);
  }

  Conversation begin_conversation(double now) {
    Conversation one{.t_seconds = now, .number = conversations_++};
    choose_user_and_genome(one);
    one.left = geometric(random_, chance(profile_.short_share) ? profile_.short_length : profile_.long_length);
    one.stay = chance(profile_.stay_share) ? profile_.stay : profile_.roam;
    return one;
  }

  void choose_user_and_genome(Conversation& one) {
    if (profile_.users == Profile::Users::kReturning && !user_of_conversation_.empty() && chance(kReturnShare)) {
      one.user = user_of_conversation_[random_.below(user_of_conversation_.size())];
      one.genome = chance(kReturnToGenome) ? last_genome_of_user_[one.user] : pick();
    } else {
      one.genome = pick();
      one.user = new_user(one.genome);
    }
    if (profile_.users == Profile::Users::kReturning) user_of_conversation_.push_back(one.user);
  }

  // A persona's user is written down with its genome's first request.
  std::uint32_t new_user(std::uint32_t genome) {
    if (profile_.users == Profile::Users::kNone || profile_.users == Profile::Users::kGenome) return kNoUser;
    last_genome_of_user_.push_back(genome);
    trace_.users.push_back(fmt::format("u{}", trace_.users.size()));
    return static_cast<std::uint32_t>(trace_.users.size() - 1);
  }

  void record(const Conversation& one) {
    std::uint32_t& index = index_of_genome_[one.genome];
    if (index == kUnseen) {
      index = static_cast<std::uint32_t>(trace_.genomes.size());
      trace_.genomes.push_back({.name = fmt::format("g{}", one.genome)});
      if (profile_.users == Profile::Users::kGenome) trace_.users.push_back(fmt::format("u{}", one.genome));
    }
    const std::uint32_t user = profile_.users == Profile::Users::kGenome ? index : one.user;
    trace_.requests.push_back({.t_seconds = one.t_seconds / options_.speed, .genome = index, .user = user});
    if (profile_.users == Profile::Users::kReturning) last_genome_of_user_[one.user] = one.genome;
    if (profile_.recent > 0) use_again(one.genome);
    if (profile_.swap_every > 0 && trace_.requests.size() % profile_.swap_every == 0) popularity_.swap_two(random_);
  }

  void use_again(std::uint32_t genome) {
    std::erase(recent_, genome);
    recent_.push_back(genome);
    if (recent_.size() > profile_.recent) recent_.erase(recent_.begin());
  }

  const Profile& profile_;
  const TraceOptions& options_;
  Random random_;
  Popularity popularity_;
  std::vector<std::uint32_t> index_of_genome_;  // in the trace
  double cv_;
  bool has_day_;
  double rate_ = 1;
  std::optional<double> next_start_;
  std::uint64_t conversations_ = 0;
  std::priority_queue<Conversation, std::vector<Conversation>, std::greater<>> running_;
  std::vector<std::uint32_t> recent_;                // distinct, the last used last
  std::vector<std::uint32_t> user_of_conversation_;  // only with Users::kReturning
  std::vector<std::uint32_t> last_genome_of_user_;
  Trace trace_;
};

Result<void> check(const Profile& profile, const TraceOptions& options) {
  const double cv = options.cv.value_or(profile.cv);
  if (!(cv >= kLeastCv && cv <= kMostCv)) {
    return fail_param(Code::kBadRequest, "cv", "must be between {} and {}, found {}", kLeastCv, kMostCv, cv);
  }
  if (!(options.speed >= 1e-6 && options.speed <= 1e6)) {
    return fail_param(Code::kBadRequest, "speed", "must be between 1e-6 and 1e6, found {}", options.speed);
  }
  return {};
}

}  // namespace

Result<Trace> generate(const Profile& profile, const TraceOptions& options) {
  GENEPOOL_TRY_VOID(check(profile, options));
  std::vector<TraceOptions::Phase> phases = options.phases;
  if (phases.empty()) phases.push_back({options.requests.value_or(profile.requests), profile.rate});
  std::uint64_t requests = 0;
  for (const TraceOptions::Phase& phase : phases) {
    if (!(phase.rate >= 1e-6 && phase.rate <= 1e6)) {
      return fail_param(Code::kBadRequest, "rate", "must be between 1e-6 and 1e6 conversations per second, found {}", phase.rate);
    }
    if (phase.requests > kMaxTraceRequests - requests) {
      return fail(Code::kTooLarge, "a trace has at most {} requests", kMaxTraceRequests);
    }
    requests += phase.requests;
  }
  Trace trace = Generator(profile, options).run(phases);
  if (trace.users.size() > kMaxTraceNames) return fail(Code::kTooLarge, "a trace has at most {} users", kMaxTraceNames);
  return trace;
}

}  // namespace genepool
