// What the manager is told (notices) and what it asks for (wishes): plain data, as the pool's events and actions. Everything it
// knows comes this way, so that it may run beside the pool, late or not at all, and a simulation is the same to it as a server.
// Units: bytes, seconds where named so. Thread: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/memory_pressure.h"
#include "pool/prices.h"
#include "manager/sizing_law.h"
#include "metrics/decision.h"
#include "pool/events.h"

namespace genepool {

enum class ManagerMode : std::uint8_t { kOff, kAdvise, kOn };        // advise: writes down what it would do
enum class SizingRule : std::uint8_t { kFixed, kLaw, kFounding };
enum class PrefetchRule : std::uint8_t { kOff, kGated, kFounding };  // founding: the most used of the last hour, above .7

struct ManagerSettings {
  ManagerMode mode = ManagerMode::kOn;
  SizingRule sizing = SizingRule::kLaw;
  PrefetchRule prefetch = PrefetchRule::kGated;
  bool may_size_hot = true, may_size_warm = true;  // else someone has set them by hand, and they are his
  SizeBounds hot_places{1, 10};
  std::uint64_t memory_bytes = 0;  // HOT's and WARM's together, as configured: what the law divides
  Prices prices;
  bool operator==(const ManagerSettings&) const = default;
};

// ------------------------------------------------------------------------------------------------ notices
struct GenomeSeen {
  Identity identity;
  std::string name;                // for people
  std::uint64_t hot_bytes = 0, page_bytes = 0;
};
struct RequestSeen {
  GenomeSeen genome;
  std::uint64_t user = 0;          // 0 = not known
  std::uint32_t week_hour = 0;     // 0..167, of the wall clock
};
struct Answered {};  // a request has ended: its genome may be idle now
struct CameIn {
  GenomeSeen genome;
  Tier from = Tier::kCold;
  Duration took{}, spawn{};  // as BroughtIn
};
struct IsHot {  // to a manager that has just begun: it came before
  GenomeSeen genome;
};
struct LeftHot {
  Identity genome;
};
struct GuessDone {
  CommandId command = 0;
  bool is_done = false;  // it is HOT
};
struct SessionExpected {  // someone says that a session opens soon; HintAnswered follows
  std::uint64_t ticket = 0;
  std::optional<GenomeSeen> genome;  // none: the user's last one
  std::uint64_t user = 0, source = 0;
  Duration eta{}, ttl{};
};
struct SettingsSeen {
  ManagerSettings manager;
  Knobs pool;  // as they are now
};
struct StatusSeen {  // every two seconds or so
  MemoryPressure pressure;
  std::uint64_t largest_worker_bytes = 0;
  double thrash_ratio = 0;
  std::optional<double> layer_hit_rate;  // nothing while no layer was asked for
  std::string followed_hot, followed_warm;  // experts of the pool's policies
};
using Notice = std::variant<RequestSeen, Answered, CameIn, IsHot, LeftHot, GuessDone, SessionExpected, SettingsSeen, StatusSeen>;

// ------------------------------------------------------------------------------------------------ wishes
struct MakeHot {  // becomes a Prewarm; GuessDone must follow
  CommandId command = 0;
  Identity genome;
  std::optional<Identity> victim;
  Instant protect_until{};
  double chance = 0;  // that it is asked for within a minute
};
struct LetGo {  // becomes a Demote: nobody asked for it, and memory is short
  Identity genome;
};
struct SetNumber {  // a setting of params.def
  std::string name;
  std::uint64_t value = 0;
};
struct Decided {
  Decision decision;
};
struct Realised {
  std::uint64_t decision = 0;
  double value = 0;
  std::string outcome;
};
struct HintAnswered {
  std::uint64_t ticket = 0;
  std::optional<Error> refusal;  // kQueueFull, kBadRequest, kGenomeNotFound as hints.h says; kUnavailable: the manager is off
};
struct Said {  // a line for the log, where the founding document gives the words
  std::string line;
};
// What there is to show of the manager.
struct ManagerStatus {
  bool is_gate_open = false;
  double gate_open_share = 0;                  // of all requests
  double loss_with_s = 0, loss_without_s = 0;  // of the shadows with and without prefetch
  struct Guesses {
    std::uint64_t issued = 0, used = 0, wasted = 0, misses = 0;
    double wasted_ms = 0, precision = 0, recall = 0;
    std::uint64_t recently_issued = 0, recently_used = 0;  // of the last 50
  };
  Guesses guesses;
  std::uint64_t hints_taken = 0, hints_came = 0, hints_expired = 0;
  double log_loss = 0;                         // nats per request of the mixture
  std::optional<double> regret;                // misses beyond MIN's, of the last requests (live_regret.h)
  std::vector<Decision::Number> voices;        // how much each is listened to
  std::string brake;                           // what shortness of memory forbids now, "" = nothing
  std::string brake_blind_to;                  // what Linux does not tell of memory here, "" = nothing
  std::uint64_t decisions = 0;
};
struct Alive {  // about once a second
  ManagerStatus status;
};
using Wish = std::variant<MakeHot, LetGo, SetNumber, Decided, Realised, HintAnswered, Said, Alive>;

}  // namespace genepool
