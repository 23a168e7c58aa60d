// Policy: which resident is to leave. HOT and WARM each have one. Every policy runs a ghost beside the real cache: the same
// requests, the same budget, metadata only. What it would hold if it alone had decided all along is where its scores come
// from, and what its misses are counted by. Pure: no clock, no chance of its own. Thread: the pool's strand.
//
// There is no bypass: a newcomer always gets a place, and the resident with the lowest score is the transient one, next to go.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "pool/usage.h"

namespace genepool {

// The experts of the tournament in their order for ties, the tournament of them, then the baselines.
enum class PolicyKind : std::uint8_t {
  kLru, kGreedyDual, kGdsf, kDecay10m, kDecay1d, kMarkov, kMru, kTournament, kFifo, kSieve, kWTinyLfu, kFillOnce
};
inline constexpr std::size_t kPolicyKinds = 12;
[[nodiscard]] std::string_view policy_name(PolicyKind kind);  // as in pool.policy
[[nodiscard]] std::optional<PolicyKind> policy_from(std::string_view name);

struct Budget {
  std::uint32_t places = 0;
  std::uint64_t bytes = 0;
  bool operator==(const Budget&) const = default;

  // The part of the budget that a genome takes: of what it takes more of. Requires: places and bytes > 0.
  [[nodiscard]] double share(const Cost& cost) const;
};

// Of each expert what its ghost's misses have cost lately; the one that is followed.
struct PolicyStatus {
  struct Expert {
    std::string_view name;
    double loss_seconds = 0;
  };
  std::string_view name, followed;
  std::vector<Expert> experts;  // of a tournament
};

class Policy {
 public:
  virtual ~Policy() = default;
  virtual void resize(const Budget& budget) = 0;
  // A request for it, HOT or not; the Usage is up to date, and stays where it is until forget(). True: its ghost had it.
  virtual bool on_request(const Usage& usage, Instant now) = 0;
  // Higher = keep. Of equals the one whose last use is older leaves.
  [[nodiscard]] virtual double score(const Usage& usage, Instant now) const = 0;
  virtual void forget(const Usage& usage) = 0;
  [[nodiscard]] virtual PolicyStatus status() const = 0;
};

// `cost`: which of a Usage's costs counts, &Usage::hot or &Usage::warm.
[[nodiscard]] std::unique_ptr<Policy> make_policy(PolicyKind kind, Cost Usage::*cost, const Budget& budget);

struct Candidate {
  const Usage* usage = nullptr;
  // When it was last brought in without a request, in the order of last_use. Counts as a use, or what was just brought in would
  // be the first to leave.
  std::uint64_t brought_use = 0;
};

// Index of the victim among `candidates` (all may be evicted); Requires: not empty.
[[nodiscard]] std::size_t choose_victim(const Policy& policy, std::span<const Candidate> candidates, Instant now);

}  // namespace genepool
