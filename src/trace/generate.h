// generate(): a seeded trace of a profile: conversations that begin by a Gamma renewal process, follow the hours of the day,
// overlap, stay with a genome or pick another. The same profile and options give the same trace, bit for bit.
// Token counts, load costs and bytes stay untold: whoever plays the trace draws them.
// Thread: any, pure. Errors: kBadRequest (an option out of range), kTooLarge. Time: about 0.2 us a request.
// Use:   const Profile* profile = find_profile("model-skew");
//        GENEPOOL_TRY(Trace trace, generate(*profile, {.seed = 3}));
//        generate(*profile, {.has_day = false, .phases = {{6'000, 0.003}, {20'000, profile->rate}}});   // a step of the load
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/error.h"
#include "trace/profiles.h"
#include "trace/trace.h"

namespace genepool {

struct TraceOptions {
  struct Phase {
    std::uint64_t requests = 0;
    double rate = 0;  // conversations per second
  };
  std::uint64_t seed = 1;
  std::optional<double> cv;              // instead of the profile's, e.g. 8: bursts; 0.1 - 12
  std::optional<std::uint64_t> requests;  // instead of the profile's
  std::optional<bool> has_day;           // instead of the profile's
  std::vector<Phase> phases;  // the load changes: one after the other, instead of requests and rate; each takes hold with the
                              // first conversation that is planned in it
  double speed = 1;           // all times are divided by this
};

[[nodiscard]] Result<Trace> generate(const Profile& profile, const TraceOptions& options);

}  // namespace genepool
