// Trace: when which genome was asked for, by whom, and how long the texts were; identities only, never texts.
// A value: generated (trace/generate.h), read from our csv (trace/csv.h) or imported (trace/import.h); the simulator plays it.
// Bounds: whoever makes one refuses with kTooLarge what is beyond the kMax values below, so that a Trace stays below 1 GB.
// Thread: a value, free to move between threads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace genepool {

inline constexpr std::size_t kMaxTraceRequests = 20'000'000;
inline constexpr std::size_t kMaxTraceNames = 1'000'000;  // genomes, and users
inline constexpr std::size_t kMaxTraceNameBytes = 256;

inline constexpr double kMaxTraceSeconds = 9e9;          // fits nanoseconds in 64 bits, and seconds since 1970

inline constexpr std::uint32_t kNoUser = UINT32_MAX;  // the trace does not tell who asked

struct TraceRequest {
  double t_seconds = 0;          // since the trace began; finite, never negative, in the order of the requests
  std::uint32_t genome = 0;      // index into Trace::genomes
  std::uint32_t user = kNoUser;  // index into Trace::users
  std::uint32_t prompt_tokens = 0, output_tokens = 0;  // 0 = not told
};

struct TraceGenome {
  std::string name;
  double load_cost_s = 0;   // mean of what was told, 0 = not told
  std::uint64_t bytes = 0;  // the last told, 0 = not told
};

struct Trace {
  std::vector<TraceRequest> requests;
  std::vector<TraceGenome> genomes;  // in the order of their first mention; each has a request
  std::vector<std::string> users;
};

// One request spelled out: what a row of a file says. Views: valid as long as the row they were read from.
struct TraceRow {
  double t_seconds = 0;
  std::string_view genome, user;  // user "" = not told
  std::uint32_t prompt_tokens = 0, output_tokens = 0;
  double load_cost_s = 0;
  std::uint64_t bytes = 0;
};

// The genomes asked for, one after the other: what the bounds and curves of this module are computed from.
[[nodiscard]] inline std::vector<std::uint32_t> genome_uses(const Trace& trace) {
  std::vector<std::uint32_t> uses;
  uses.reserve(trace.requests.size());
  for (const TraceRequest& request : trace.requests) uses.push_back(request.genome);
  return uses;
}

}  // namespace genepool
