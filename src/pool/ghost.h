// Ghost: a cache of metadata under the policy's budget that evicts by one expert's score. An expert says what a genome is worth
// keeping for; the ghost keeps the books. Private to pool/'s policies. Source of the scores: Young 1994 (GreedyDual), Cherkasova
// 1998 (GDSF). Cost per miss: one score per resident.
#pragma once

#include <memory>
#include <vector>

#include "pool/policy.h"

namespace genepool {

// `worth`: seconds that a load of it costs / the share of the budget that it takes.
class Expert {
 public:
  virtual ~Expert() = default;
  [[nodiscard]] virtual double score(const Usage& usage, double worth, Instant now) const = 0;
  virtual void on_request(const Usage&, Instant) {}            // before the ghost chooses a victim
  virtual void on_access(const Usage&, double worth) { (void)worth; }  // it is in the ghost, now or still
  virtual void on_evict(const Usage&) {}                       // from its ghost
  virtual void forget(const Usage&) {}
};

[[nodiscard]] std::unique_ptr<Expert> make_expert(PolicyKind kind);  // experts.cc; Requires: one of the tournament's seven

class Ghost final : public Policy {
 public:
  Ghost(PolicyKind kind, Cost Usage::*cost, const Budget& budget);
  void resize(const Budget& budget) override;
  bool on_request(const Usage& usage, Instant now) override;
  double score(const Usage& usage, Instant now) const override;
  void forget(const Usage& usage) override;
  PolicyStatus status() const override;

 private:
  [[nodiscard]] bool has(const Usage& usage) const { return usage.index < charged_.size() && charged_[usage.index] != kAbsent; }
  [[nodiscard]] double worth(const Usage& usage) const { return (usage.*cost_).seconds / budget_.share(usage.*cost_); }
  void make_room(std::uint32_t places, std::uint64_t bytes, Instant now);
  void remove(std::size_t resident);

  static constexpr std::uint64_t kAbsent = ~std::uint64_t{0};
  PolicyKind kind_;
  Cost Usage::*cost_;
  Budget budget_;
  std::unique_ptr<Expert> expert_;
  std::vector<Candidate> residents_;
  std::vector<std::uint64_t> charged_;  // bytes on entry, by index
  std::uint64_t bytes_ = 0;
  Instant now_{};
};

}  // namespace genepool
