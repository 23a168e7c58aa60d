// BreakerBoard: the breakers of all genomes of one base: who may be asked now, and whose turn it is to be tried again.
//   load breaker     asked of requests whose genome is not HOT; failed loads, files that cannot heal
//   answer breaker   asked of all; failed answers, slow ones (usual_times.h), crash loops (restart_budget.h, crash_blame.h)
// No more than max(1, 30 %) of the genomes asked for in the last 10 minutes are kept out for slowness: beyond it the machine is
// slow (paging note, section 5).
// Decider: pure, chance is a seeded Random, containers are ordered: the same calls give the same changes.
// Thread: the pool's strand.
// Memory: kMostGenomes, about 1.3 KB each. A genome not asked for in 10 minutes whose breakers are as new is forgotten; beyond
// the bound the one asked for longest ago, those whose breakers never opened first.
//
// Use:   Verdict v = board.admit(request, identity, tier, now);   // refused: v.error
//        board.on_begun(...); board.on_first_token(...);          // and its end, once: on_answered, on_answer_failed, on_ended
//        board.on_loaded(...) or on_load_failed(...);             // once per assembly
//        board.tick(board.next_wakeup());                         // by the clock
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "pool/breaker.h"
#include "pool/crash_blame.h"
#include "pool/events.h"
#include "pool/restart_budget.h"
#include "pool/usual_times.h"

namespace genepool {

enum class BreakerKind : std::uint8_t { kLoad, kAnswer };
[[nodiscard]] std::string_view breaker_kind_name(BreakerKind kind);  // "load"

// One move of one breaker, for the event log and its line in the log.
struct BreakerChange {
  Identity identity;
  BreakerKind kind = BreakerKind::kLoad;
  BreakerState from = BreakerState::kClosed, to = BreakerState::kClosed;
  BreakerCause cause = BreakerCause::kNone;
  std::uint32_t times_opened = 0;  // n
  Duration retry_in{};             // until it may be tried again; max() = nobody knows
  std::string why;                 // the numbers that led to it
};
using BreakerSink = std::function<void(const BreakerChange&)>;  // must not call the board

struct Verdict {
  bool is_allowed = true;
  bool is_trial = false;
  // When it is not allowed. kUnavailable with retry_after in [0, 60 s]; of a file that cannot heal its own error, without one.
  Error error;
  bool is_long = false;  // beyond 60 s, or nobody knows: clients had better not retry by themselves
};

struct BreakerStatus {
  BreakerState state = BreakerState::kClosed;
  BreakerCause cause = BreakerCause::kNone;
  std::string why;
  Instant since{};
  std::uint32_t times_opened = 0;
  Duration retry_in{};     // as in BreakerChange
  OutcomeCounts outcomes;  // of the window
  bool operator==(const BreakerStatus&) const = default;
};
struct GenomeBreakers {
  Identity identity;
  BreakerStatus load, answer;
  std::uint32_t crash_loops = 0;  // since its workers were last healthy
  bool operator==(const GenomeBreakers&) const = default;
};

enum class CrashPhase : std::uint8_t { kLoading, kServing };
enum class Blame : std::uint8_t { kGenome, kHostOrBase };

class BreakerBoard {
 public:
  static constexpr std::size_t kMostGenomes = 20'000;
  static constexpr Duration kActive = std::chrono::minutes(10);

  BreakerBoard(std::uint64_t seed, BreakerSink sink) : random_(seed), sink_(std::move(sink)) {}

  // Of an arriving request; `tier`: where its genome is now.
  [[nodiscard]] Verdict admit(RequestId request, const Identity& identity, Tier tier, Instant now);
  // Its genome's assembly begins, or it was granted a HOT worker: a trial's clock starts.
  void on_begun(RequestId request, const Identity& identity, Tier tier, Instant now);
  void on_first_token(RequestId request, const Identity& identity, Instant now);
  void on_answered(RequestId request, const Identity& identity, const Answer& answer, Instant now);
  // The engine failed it. Faults of the request itself are no outcome; when its worker died, that is told by on_crashed.
  void on_answer_failed(RequestId request, const Identity& identity, const Error& error, Instant now);
  // Cancelled, refused, expired, lost with its worker: no outcome.
  void on_ended(RequestId request, const Identity& identity, Instant now);

  void on_loaded(const Identity& identity, Tier from, Duration took, Instant now);
  // Its assembly was given up. A corrupt or rejected layer quarantines the genome.
  void on_load_failed(const GenomeSpec& genome, const Error& error, Instant now);
  // A worker died that nobody wanted dead, or had to be killed because it was stuck. Once per worker. Also what is the host's or
  // the base's fault is a failure of the answer it ended, but leads into no quarantine.
  Blame on_crashed(const Identity& identity, CrashPhase phase, Instant now);
  // The layer's file is another one now (inode, mtime, size or hash).
  void on_layer_changed(const LayerId& layer, Instant now);

  // An operator's, for both breakers. Disabled: everything is let in, and counted.
  void force_open(const Identity& identity, Instant now);
  void disable(const Identity& identity, Instant now);
  void reset(const Identity& identity, Instant now);

  void tick(Instant now);                     // each of the above does it first
  [[nodiscard]] Instant next_wakeup() const;  // max() = none

  // More genomes are slow than may be kept out: shed load everywhere.
  [[nodiscard]] bool is_machine_slow() const { return slow_but_closed_ > 0; }
  // Not to be brought in ahead of requests: it is kept out, or being tried.
  [[nodiscard]] bool is_in_doubt(const Identity& identity) const;
  [[nodiscard]] std::vector<GenomeBreakers> snapshot(Instant now) const;  // all that are remembered, by identity
  [[nodiscard]] std::size_t genomes() const { return entries_.size(); }

 private:
  struct Entry {
    Breaker load, answer;
    RestartBudget restarts;
    Error file_error;             // of a file quarantine
    std::vector<LayerId> layers;  // of a file quarantine
    Instant last_asked{};
    Instant wakeup = Instant::max();      // as in wakeups_; may be too early, never too late
    std::list<Identity>::iterator place;  // in ordinary_, or in opened_ when a breaker has opened
    bool has_opened = false;
    bool is_active = false, is_kept_out_as_slow = false, is_slow_but_closed = false;  // as counted in the totals
  };
  using Entries = std::map<Identity, Entry>;
  using Node = Entries::value_type;

  // breaker_board.cc
  [[nodiscard]] Verdict refusal(const Entry& e, Tier tier, Instant now) const;
  [[nodiscard]] bool may_open_for_slowness() const;
  void end_answer(Node& node, const Ending& ending, Instant now);
  void clear_of_blame(const Identity& identity, Instant now);

  // breaker_entries.cc: the table, its order, its totals and its clock
  Node& enter(const Identity& identity, Instant now);
  Node* find(const Identity& identity);
  void forget(Entries::iterator it);
  template <class Move>
  void change_both(Node& node, Instant now, Move move) {
    change(node, BreakerKind::kLoad, now, move);
    change(node, BreakerKind::kAnswer, now, move);
    refresh(node, now);
  }
  template <class Move>
  void change(Node& node, BreakerKind kind, Instant now, Move move) {
    Breaker& breaker = kind == BreakerKind::kLoad ? node.second.load : node.second.answer;
    const BreakerState from = breaker.state();
    const BreakerCause cause = breaker.cause();
    move(breaker);
    if (breaker.state() != from || breaker.cause() != cause) report(node.first, kind, breaker, from, now);
  }
  void report(const Identity& identity, BreakerKind kind, const Breaker& now_is, BreakerState from, Instant now) const;
  void refresh(Node& node, Instant now);
  void recount(Entry& e, Instant now);
  void arm(Node& node);
  void wake(Node& node, Instant now);
  [[nodiscard]] static bool is_forgettable(const Entry& e, Instant now);

  Random random_;
  BreakerSink sink_;
  Entries entries_;
  std::set<std::pair<Instant, Identity>> wakeups_;
  std::list<Identity> ordinary_, opened_;  // asked for longest ago first
  std::size_t active_ = 0, kept_out_as_slow_ = 0, slow_but_closed_ = 0;
  UsualTimes usual_;
  CrashBlame blame_;
};

}  // namespace genepool
