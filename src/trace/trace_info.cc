#include "trace/trace_info.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>

#include "trace/belady.h"
#include "trace/stack_distance.h"

namespace genepool {
namespace {

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

double deviation_over_mean(double sum, double squares, double count) {
  const double mean = ratio(sum, count);
  return ratio(std::sqrt(std::max(0.0, ratio(squares, count) - mean * mean)), mean);
}

// Uses of each genome, the most used first.
std::vector<double> ranked_counts(const Trace& trace) {
  std::vector<double> counts(trace.genomes.size());
  for (const TraceRequest& request : trace.requests) ++counts[request.genome];
  std::ranges::sort(counts, std::greater<>());
  return counts;
}

double top_share(std::span<const double> counts, std::size_t top, double all) {
  double sum = 0;
  for (const double count : counts.first(std::min(top, counts.size()))) sum += count;
  return ratio(sum, all);
}

// Maximum likelihood: the mean logarithm of the rank that the exponent leads to is the one seen. It falls as the exponent grows.
double fitted_exponent(std::span<const double> counts) {
  constexpr double kMost = 5;
  constexpr int kHalvings = 30;
  std::vector<double> logs;
  double seen = 0, all = 0;
  for (const double count : counts) {
    logs.push_back(std::log(static_cast<double>(logs.size()) + 1));
    seen += count * logs.back();
    all += count;
  }
  const auto expected = [&](double exponent) {
    double weights = 0, sum = 0;
    for (const double log : logs) {
      const double weight = std::exp(-exponent * log);
      weights += weight;
      sum += weight * log;
    }
    return ratio(sum, weights);
  };
  double low = 0, high = kMost;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (expected(middle) > ratio(seen, all) ? low : high) = middle;
  }
  return (low + high) / 2;
}

void describe_popularity(TraceInfo& info, const Trace& trace) {
  const std::vector<double> counts = ranked_counts(trace);
  const auto all = static_cast<double>(info.requests);
  info.first_use_share = ratio(static_cast<double>(info.genomes), all);
  info.top_1_share = top_share(counts, 1, all);
  info.top_5_share = top_share(counts, 5, all);
  info.top_10_share = top_share(counts, 10, all);
  // One genome has no rank to speak of.
  info.rank_exponent = counts.size() < 2 ? 0 : fitted_exponent(counts);
}

// Sessions of one kind of key, a genome or a user.
class SessionCounter {
 public:
  explicit SessionCounter(std::size_t keys) : last_(keys, -kMaxTraceSeconds) {}
  void on_request(std::uint32_t key, double t_seconds) {
    ++requests_;
    if (t_seconds - last_[key] > kSessionGapSeconds) ++sessions_;
    last_[key] = t_seconds;
  }
  SessionInfo info() const { return {sessions_, ratio(static_cast<double>(requests_), static_cast<double>(sessions_))}; }

 private:
  std::vector<double> last_;
  std::uint64_t requests_ = 0, sessions_ = 0;
};

void describe_sessions(TraceInfo& info, const Trace& trace) {
  constexpr std::uint32_t kNoGenome = UINT32_MAX;
  SessionCounter by_genome(trace.genomes.size()), by_user(trace.users.size());
  std::vector<std::uint32_t> last_genome(trace.users.size(), kNoGenome);
  double returns = 0, same = 0;
  for (const TraceRequest& request : trace.requests) {
    by_genome.on_request(request.genome, request.t_seconds);
    if (request.user == kNoUser) continue;
    by_user.on_request(request.user, request.t_seconds);
    std::uint32_t& last = last_genome[request.user];
    if (last != kNoGenome) ++returns;
    if (last == request.genome) ++same;
    last = request.genome;
  }
  info.by_genome = by_genome.info();
  info.by_user = by_user.info();
  info.same_as_last = ratio(same, returns);
}

void describe_gaps(TraceInfo& info, const Trace& trace) {
  double sum = 0, squares = 0;
  for (std::size_t i = 1; i < trace.requests.size(); ++i) {
    const double gap = trace.requests[i].t_seconds - trace.requests[i - 1].t_seconds;
    sum += gap;
    squares += gap * gap;
  }
  info.duration_s = sum;
  info.gap_cv = deviation_over_mean(sum, squares, static_cast<double>(trace.requests.size()) - 1);
}

void describe_minutes(TraceInfo& info, const Trace& trace) {
  const auto minute_of = [](const TraceRequest& request) { return std::floor(request.t_seconds / 60); };
  double squares = 0, in_minute = 0;
  for (std::size_t i = 0; i < trace.requests.size(); ++i) {
    if (i > 0 && minute_of(trace.requests[i]) != minute_of(trace.requests[i - 1])) {
      squares += in_minute * in_minute;
      in_minute = 0;
    }
    ++in_minute;
  }
  squares += in_minute * in_minute;
  const double minutes = minute_of(trace.requests.back()) - minute_of(trace.requests.front()) + 1;
  const double mean = static_cast<double>(info.requests) / minutes;
  info.dispersion = (squares / minutes - mean * mean) / mean;
}

void describe_misses(TraceInfo& info, const Trace& trace) {
  const std::vector<std::uint32_t> uses = genome_uses(trace);
  const auto all = static_cast<double>(info.requests);
  for (const std::uint64_t misses : lru_misses(uses, kInfoCurve)) info.lru_curve.push_back(static_cast<double>(misses) / all);
  for (std::size_t i = 0; i < kInfoPlaces.size(); ++i) {
    info.lru.at(i) = info.lru_curve.at(kInfoPlaces.at(i));
    info.min.at(i) = static_cast<double>(min_misses(uses, kInfoPlaces.at(i))) / all;
  }
}

}  // namespace

TraceInfo trace_info(const Trace& trace) {
  TraceInfo info{.requests = trace.requests.size(), .genomes = trace.genomes.size(), .users = trace.users.size()};
  if (trace.requests.empty()) {
    info.lru_curve.assign(kInfoCurve + 1, 0);
    return info;
  }
  describe_popularity(info, trace);
  describe_sessions(info, trace);
  describe_gaps(info, trace);
  describe_minutes(info, trace);
  describe_misses(info, trace);
  return info;
}

}  // namespace genepool
