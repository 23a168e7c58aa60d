// trace_info(): what there is to know of a trace before it is played: how unequal, how loyal, how bursty, and what LRU and MIN
// (belady.h) would miss. Shares and ratios are of all requests, 0 to 1, unless they say otherwise.
// Thread: any, pure. Memory: 8 bytes a request, and a map of the users. Time: about 0.5 us a request.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "trace/trace.h"

namespace genepool {

inline constexpr std::array<std::uint32_t, 7> kInfoPlaces{1, 2, 3, 5, 10, 20, 50};
inline constexpr std::uint32_t kInfoCurve = 64;
inline constexpr double kSessionGapSeconds = 600;  // a session ends when nothing came for longer

struct SessionInfo {
  std::uint64_t sessions = 0;
  double mean_requests = 0;
};

struct TraceInfo {
  std::uint64_t requests = 0, genomes = 0, users = 0;
  double duration_s = 0;  // from the first request to the last

  double first_use_share = 0;  // no rule can avoid loading these
  double top_1_share = 0, top_5_share = 0, top_10_share = 0;  // of the most used genomes
  double rank_exponent = 0;    // a of popularity rank^-a, the likeliest for the ranks seen; 0 = all alike, at most 5
  double same_as_last = 0;     // of the requests of users who had asked before: for the genome they asked for last

  SessionInfo by_genome, by_user;
  double gap_cv = 0;      // standard deviation / mean of the gaps between requests; 1 = Poisson, more = bursts
  double dispersion = 0;  // variance / mean of the requests per minute; 1 = Poisson

  std::vector<double> lru_curve;                          // [k] = miss ratio with k places, k = 0 to kInfoCurve
  std::array<double, kInfoPlaces.size()> lru{}, min{};  // at kInfoPlaces
};

// All zeros for a trace without requests.
[[nodiscard]] TraceInfo trace_info(const Trace& trace);

}  // namespace genepool
