// Sizer: how many places HOT has and how much of the memory is WARM's, by the marginal-gain law or by the founding document's
// rules, under the brakes. Watches the requests; answers changes of settings with the decision behind each.
// Thread: one at a time. Memory: two LRU curves.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "manager/brakes.h"
#include "manager/founding_rules.h"
#include "manager/lru_curve.h"
#include "manager/notices.h"
#include "manager/ram_split.h"
#include "manager/sizing_law.h"

namespace genepool {

struct SizeChange {
  struct Setting {
    std::string_view name;
    std::uint64_t value = 0;
  };
  std::vector<Setting> settings;   // to be set together
  Decision decision;               // without its number
  std::vector<std::string> lines;  // the founding document's words
  std::optional<SizingDecision> window;  // of the law: what on_changed() is to be told
};

class Sizer {
 public:
  Sizer(const ManagerSettings& settings, const Knobs& knobs, Instant now);

  void configure(const ManagerSettings& settings, const Knobs& knobs, Instant now);
  void on_request(const Usage& usage, Instant now);
  [[nodiscard]] std::vector<SizeChange> on_status(const StatusSeen& status, Instant now);

  // From here on its outcome is counted: what the slot given, or taken, has saved, less what its memory cost.
  void on_changed(const SizingDecision& window, Instant now);
  struct Outcome {
    double saved_s = 0;  // seconds of load
    Duration over{};
  };
  // Once, when an hour has passed, or before when another change is to take its place.
  [[nodiscard]] std::optional<Outcome> take_outcome(bool is_replaced, Instant now);

  [[nodiscard]] const BrakeVerdict& brakes() const { return verdict_; }

 private:
  [[nodiscard]] MemoryBudget budget() const;
  [[nodiscard]] std::optional<SizeChange> by_law(Instant now);
  [[nodiscard]] std::optional<SizeChange> by_founding_rules(const StatusSeen& status, Instant now);
  [[nodiscard]] SizeChange by_brakes() const;

  ManagerSettings settings_;
  Knobs knobs_;
  LruCurve hot_curve_{LruCurve::kHotSlots}, warm_curve_;
  SizingLaw law_;
  FoundingRules founding_;
  Brakes brakes_;
  BrakeVerdict verdict_;
  std::uint32_t requests_ = 0;                     // at most kFewestRequests are counted
  static constexpr std::uint32_t kFewestRequests = 75;  // of the curve's memory: before, silence looks like places that save nothing
  std::uint64_t slot_bytes_ = 0, page_bytes_ = 0;  // the largest seen

  struct Watched {
    std::uint32_t slot = 0;  // the one given or taken
    bool is_grown = false;
    double price = 0, saved_s = 0;
    Instant since{};
  };
  std::optional<Watched> watched_;
};

}  // namespace genepool
