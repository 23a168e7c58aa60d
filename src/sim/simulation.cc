#include "sim/simulation.h"

#include <algorithm>
#include <map>

#include "sim/virtual_doer.h"

namespace genepool {
namespace {

constexpr double kSessionGap_s = 600;  // a user silent for longer opens a session with the next request

// The requests that open a session of a known user, in the order of the trace.
std::vector<std::size_t> session_opens(const Trace& trace) {
  std::map<std::uint32_t, double> last;
  std::vector<std::size_t> opens;
  for (std::size_t i = 0; i < trace.requests.size(); ++i) {
    const TraceRequest& request = trace.requests[i];
    if (request.user == kNoUser) continue;
    const auto [before, is_new] = last.try_emplace(request.user, request.t_seconds);
    if (is_new || request.t_seconds - before->second > kSessionGap_s) opens.push_back(i);
    before->second = request.t_seconds;
  }
  return opens;
}

Instant instant_of(const TraceRequest& request) { return from_ms(request.t_seconds * 1e3); }

}  // namespace

SimulationResult simulate(const Trace& trace, const SimulationOptions& options) {
  VirtualDoer doer(trace, options);
  const std::vector<std::size_t> opens = options.hint_ahead > Duration::zero() ? session_opens(trace) : std::vector<std::size_t>{};
  auto open = opens.begin();
  std::size_t arrived = 0;
  for (const TraceRequest& request : trace.requests) {
    for (; open != opens.end() && instant_of(trace.requests[*open]) - options.hint_ahead <= instant_of(request); ++open) {
      const TraceRequest& expected = trace.requests[*open];
      doer.expect(expected, std::max(Instant{}, instant_of(expected) - options.hint_ahead));
    }
    doer.arrive(request, instant_of(request));
    if (++arrived % SimulationOptions::kProgress == 0 && options.on_progress) options.on_progress();
  }
  doer.run_dry();
  return doer.result();
}

}  // namespace genepool
