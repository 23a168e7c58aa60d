// Hints: "a session with this genome opens soon". A hint makes its genome a candidate for prefetch and protects it from eviction
// until 10 s after its eta (people are late), or 2 x its load time where that is more; at most 60 s and at most its own ttl. A
// pinned or busy worker is not for a hint to displace.
// A hint that names no genome means the user's last one, with the user's own hit rate as its chance (user_memory.h).
// Each source (an API key, an address) may give 1 hint a second, 5 at once. Bounds: 1,024 sources and 256 live hints.
// Thread: one at a time.
// Use:   GENEPOOL_TRY(const ExpectedSession session, hints.take({.genome = g, .source = key, .eta = 5s}, load_time, now));
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "manager/dense_index.h"
#include "manager/token_bucket.h"
#include "manager/user_memory.h"

namespace genepool {

struct SessionHint {
  std::optional<GenomeIndex> genome = {};  // of one the table knows; without it the user's last one is meant
  std::optional<UserIndex> user = {};
  std::uint64_t source = 0;
  Duration eta{};                          // until the session's first request
  Duration ttl = std::chrono::minutes(1);  // from now on; then the hint is worth nothing
};

struct ExpectedSession {
  GenomeIndex genome = 0;
  double chance = 0;  // P_H: 1 when the genome was named
  Instant until{};    // it is protected
};

// How the hints fared that were taken (not those that only extended one); those that are neither yet are live.
struct HintCounts {
  std::uint64_t taken = 0, came = 0, expired = 0;
};

class Hints {
 public:
  explicit Hints(const UserMemory& users) : users_(&users) {}

  // Errors: kQueueFull with retry_after (this source's rate; too many live hints), kBadRequest (eta, ttl), kGenomeNotFound (no
  // genome named, and no user, or one whose last genome is not known). A second hint for a genome extends the first.
  [[nodiscard]] Result<ExpectedSession> take(const SessionHint& hint, const std::function<Duration(GenomeIndex)>& load_time,
                                             Instant now);
  void on_request(GenomeIndex genome, Instant now);  // if it was hinted, the hint has come true
  void expire(Instant now);                          // call it every few seconds
  void forget(GenomeIndex genome);

  // Those whose session has not come yet and for which nothing was done yet, by genome: what to prefetch.
  [[nodiscard]] std::vector<ExpectedSession> awaited(Instant now) const;
  void on_done(GenomeIndex genome, bool is_done = true);  // what there was to do; false: it failed, and may be tried again
  [[nodiscard]] const HintCounts& counts() const { return counts_; }

 private:
  static constexpr std::uint32_t kMostSources = 1'024;
  static constexpr std::size_t kMostLive = 256;
  struct Live {
    ExpectedSession session;
    bool has_come = false, is_done = false;
  };
  [[nodiscard]] Result<void> admit(const SessionHint& hint, Instant now);
  [[nodiscard]] Result<ExpectedSession> meant_by(const SessionHint& hint) const;

  const UserMemory* users_;
  DenseIndex<std::uint64_t> sources_{kMostSources};
  std::vector<TokenBucket> buckets_;  // by source
  std::map<GenomeIndex, Live> live_;
  HintCounts counts_;
};

}  // namespace genepool
