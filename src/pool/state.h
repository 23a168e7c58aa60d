// PoolCore's tables and the moves on them. Private to pool/: only its .cc files include this.
//
// Events set fields of entries; refresh() derives from those fields what an entry is charged for and its place in line;
// settle() then does, in a fixed order, whatever has become due or possible. So a rule stands once, where settle() looks,
// and not at every event that may trigger it.
#pragma once

#include <array>
#include <boost/container/flat_set.hpp>
#include <map>
#include <memory_resource>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pool/breaker_board.h"
#include "pool/pool_core.h"
#include "pool/usage_book.h"
#include "pool/wait_forecast.h"

namespace genepool {

struct PoolCore::State {
  struct Entry;

  struct Request {
    RequestId id = 0;
    std::uint64_t seq = 0;  // order of arrival, shared with commands
    Entry* entry = nullptr;
    Instant arrived{}, deadline{};
    Tier tier = Tier::kHot;
    bool is_granted = false, is_retry = false, is_cancelled = false, has_first_token = false, is_lease = false, is_first_use = false;
    Instant worked_since{};  // granted, less the time that its assembly took
    Duration first_token{};  // since then
  };

  enum class Want : std::uint8_t { kWarm, kHot, kCold, kDemoted };
  struct Command {
    CommandId id = 0;
    std::uint64_t seq = 0;
    Entry* entry = nullptr;
    Want want = Want::kHot;
    Instant arrived{}, deadline{};
  };

  struct Worker {
    WorkerId id = 0;
    WorkerState state = WorkerState::kStarting;
    Instant state_since{};  // of kIdle and kProbing
    Instant hot_since{}, last_sign{};
    bool is_yielding = false;
    std::uint64_t asked = 0;  // when it was asked to yield, in order
    bool wants_rest = false;  // released with keep_hot = false and not used since
    bool is_leaking = false;  // takes nothing new, and leaves when its requests have ended
    std::vector<Request*> in_flight;
  };

  // A seat is one of the max_hot places. Held: it is ours, but the bytes of a dying victim must be free before we start.
  enum class Seat : std::uint8_t { kNone, kHeld, kTaken };

  // What an entry's bytes count against; each entry is in exactly one.
  enum class Charge : std::uint8_t { kNone, kFilling, kWarm, kHeld, kHot, kDying };  // kFilling: preload's page being built
  struct Total {
    std::uint32_t count = 0;
    std::uint64_t bytes = 0;
    bool operator==(const Total&) const = default;
  };
  struct Charged {
    Charge kind = Charge::kNone;
    std::uint64_t bytes = 0;
    bool is_pinned = false;
  };

  struct BySeq {
    template <class T>
    bool operator()(const T* a, const T* b) const {
      return a->seq < b->seq;
    }
  };

  // What the pool knows of one genome. Forgotten when it is COLD, unpinned and nobody wants it.
  struct Entry {
    GenomeSpec spec;
    Usage* usage = nullptr;  // the book's
    std::uint64_t brought_use = 0;  // when it was last brought in without a request, in the order of last_use
    Instant protected_until{};      // it is expected
    bool is_pinned = false;
    bool has_page = false, is_building = false, is_stale = false;  // stale: a layer of it is gone, not to be kept
    std::uint64_t page_bytes = 0;                                  // spec's upper bound until the page is built
    std::vector<LayerId> spoiled;                                  // layers that went away while the page was being built
    Seat seat = Seat::kNone;
    std::uint64_t kv_bytes = 0;  // charged with the seat
    Tier assembly_tier = Tier::kCold;
    Instant assembly_since{}, build_since{}, spawn_since{};  // assembly: the work for it, also what was done ahead of its seat
    Duration build_took{};  // the last build
    bool is_ahead = false;  // its page was begun while it stood in line
    bool has_respawned = false;
    std::optional<Worker> worker;
    boost::container::flat_set<Request*, BySeq> waiting;  // keeps its room: a HOT hit allocates nothing
    std::vector<Command*> commands;  // by seq
    Charged charged;
    std::uint64_t line_seq = 0;  // 0 = not in line

    [[nodiscard]] bool is_bare_base() const { return spec.layers.empty(); }  // nothing to load, fuse or charge
    [[nodiscard]] bool has_ready_page() const { return has_page || is_bare_base(); }
    [[nodiscard]] bool is_hot() const {
      return worker && worker->state != WorkerState::kStarting && worker->state != WorkerState::kDying;
    }
    [[nodiscard]] bool is_busy() const { return worker && worker->state == WorkerState::kBusy; }
    [[nodiscard]] bool is_idle() const { return worker && worker->state == WorkerState::kIdle; }
    [[nodiscard]] bool is_at_rest() const { return !worker && seat == Seat::kNone; }
    [[nodiscard]] bool is_leaving() const;  // an operator's evict is pending
    [[nodiscard]] bool must_leave() const { return is_leaving() || (worker && worker->is_leaking); }
    [[nodiscard]] bool is_parting() const { return is_hot() && (worker->is_yielding || must_leave()); }  // grants nothing new
    [[nodiscard]] bool is_wanted() const { return !waiting.empty() || !commands.empty(); }
    [[nodiscard]] Tier tier() const { return is_hot() ? Tier::kHot : has_ready_page() ? Tier::kWarm : Tier::kCold; }
  };

  struct Layer {
    std::uint64_t bytes = 0, last_use = 0;
  };

  explicit State(const Knobs& first_knobs);

  // One per event.
  void handle(const Arrive& e);         // requests.cc
  void handle(const Cancel& e);
  void handle(const FirstToken& e);
  void handle(const Release& e);
  void handle(const PageBuilt& e);      // assembly.cc
  void handle(const PageFailed& e);
  void handle(const WorkerReady& e);
  void handle(const WorkerFailed& e);
  void handle(const BaseState& e);
  void handle(const WorkerGone& e);     // workers.cc
  void handle(const WorkerAlive& e);
  void handle(const WorkerMeasured& e);
  void handle(const ProbeAnswered& e);
  void handle(const BringTo& e);        // commands.cc
  void handle(const Prewarm& e);
  void handle(const Demote& e);
  void handle(const SetPin& e);
  void handle(const LayerGone& e);      // warm_cache.cc
  void handle(const LayerChanged& e);   // breaking.cc
  void handle(const SetBreaker& e);
  void handle(const SetKnobs& e);       // pool_core.cc
  void handle(const Drain& e);
  void handle(const Tick&) {}           // settle() is what it is for
  void settle();

  // tables.cc: entries and what follows from their fields
  Entry& enter(const GenomeSpec& spec);
  Entry* find(const Identity& identity);
  Entry* find_worker(WorkerId worker);
  void refresh(Entry& e);
  void recharge(Entry& e);
  void requeue(Entry& e);
  void forget_cold();
  void out(const Action& action) const { (*sink)(action); }

  // requests.cc
  [[nodiscard]] std::size_t waiting_total() const { return request_deadlines.size() + commands.size(); }
  [[nodiscard]] bool can_grant(const Entry& e) const;
  void enqueue(Request& r);
  void dequeue(Request& r);
  void grant(Request& r);
  void fill(Entry& e);
  void refuse(Request& r, const Error& error);
  void refuse_all(Entry& e, const Error& error);
  void lose(Request& r);
  void expire_deadlines();
  void refuse_hopeless();
  [[nodiscard]] std::string why_waiting(const Entry& e) const;
  [[nodiscard]] std::optional<RefuseRequest> refusal_on_arrival(const Arrive& a, const Entry& e);
  [[nodiscard]] Error busy_error(Code code, std::string message) const;
  [[nodiscard]] Error too_late_error(Duration wait, Duration left) const;
  [[nodiscard]] bool has_free_sequence(const Entry& e) const;

  // breaking.cc: what the breakers are told and asked
  void set_breakers(bool is_on);
  [[nodiscard]] std::optional<Error> kept_out(RequestId request, const Entry& e);
  [[nodiscard]] bool is_in_doubt(const Entry& e) const { return board && board->is_in_doubt(e.spec.identity); }
  void begin_work(const Request& r, Tier tier);
  void judge(const Request& r, const Release& how);
  void crashed(const Entry& e, CrashPhase phase);

  // line.cc: who comes in next, and who makes way
  void seat_line();
  void balance_yields();
  [[nodiscard]] bool is_shut_out(const Entry& e) const;
  [[nodiscard]] std::uint32_t excess() const;
  [[nodiscard]] bool may_yield(const Entry& e) const;
  [[nodiscard]] Entry* next_to_yield();
  void ask_to_yield(Entry& e);
  void take_back(Entry& e);

  // remembering.cc: what policies may know of a genome
  void remember_request(Entry& e);
  void forget(const Usage& usage);
  [[nodiscard]] Budget hot_budget() const { return {knobs.max_hot, knobs.hot_bytes}; }
  [[nodiscard]] Budget warm_budget() const;

  // eviction.cc
  [[nodiscard]] bool make_room(const Entry& newcomer);
  void shrink_hot();
  [[nodiscard]] std::vector<Entry*> idle_victims();
  [[nodiscard]] Entry* take_victim(std::vector<Entry*>& idle) const;
  [[nodiscard]] bool may_leave(const Entry& e) const;
  [[nodiscard]] bool is_expected(const Entry& e) const;
  [[nodiscard]] std::size_t choose(const Policy& policy, std::span<Entry* const> candidates) const;

  // assembly.cc
  void seat(Entry& e);
  void unseat(Entry& e);
  void start_held();
  void advance(Entry& e);
  void build(Entry& e);
  void look_ahead();
  void spawn(Entry& e);
  void spawn_failed(Entry& e, const Error& error);
  void give_up(Entry& e, const Error& error);

  // workers.cc
  struct Due {
    Instant at = Instant::max();
    KillReason reason = KillReason::kIdleTtl;
  };
  [[nodiscard]] Due due(const Entry& e) const;
  [[nodiscard]] Duration idle_limit_of(const Entry& e) const;
  void kill_due_workers();
  void serve_waiting();
  void kill(Entry& e, KillReason reason);
  void become_idle(Worker& w) const;

  // warm_cache.cc
  void drop_page(Entry& e);
  void charge_layers(Entry& e, const std::vector<LayerCharge>& loaded);
  void trim_warm();
  [[nodiscard]] bool drop_oldest_layer();
  [[nodiscard]] bool drop_warm_page();
  void start_preloads();
  [[nodiscard]] std::uint64_t warm_page_bytes() const;
  [[nodiscard]] std::uint32_t warm_pages() const;
  [[nodiscard]] std::set<LayerId> needed_layers() const;

  // commands.cc
  void add_command(Entry& e, CommandId id, Want want, Instant deadline);
  [[nodiscard]] static bool holds(Want want, const Entry& e);
  void pursue_commands();
  void finish(Command& c, const std::optional<Error>& error = std::nullopt);
  template <class Wanted>
  void fail_commands(Entry& e, const Error& error, Wanted is_wanted) {
    const std::vector<Command*> all = e.commands;
    for (Command* c : all) {
      if (is_wanted(c->want)) finish(*c, error);
    }
  }

  // invariants.cc: "" when all is well
  [[nodiscard]] std::string check_entry(const Entry& e) const;
  [[nodiscard]] std::string check_totals() const;
  [[nodiscard]] std::string check_budgets() const;
  [[nodiscard]] std::string check_trials() const;

  [[nodiscard]] Total& total(Charge kind) { return totals[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] const Total& total(Charge kind) const { return totals[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] std::uint32_t hot_seats() const { return total(Charge::kHeld).count + total(Charge::kHot).count; }
  [[nodiscard]] std::uint64_t hot_promised() const { return total(Charge::kHeld).bytes + total(Charge::kHot).bytes; }
  [[nodiscard]] std::uint64_t hot_in_use() const { return total(Charge::kHot).bytes + total(Charge::kDying).bytes; }
  [[nodiscard]] std::uint64_t hot_need(const Entry& e) const { return e.page_bytes + knobs.kv_bytes_per_worker; }

  std::pmr::unsynchronized_pool_resource nodes;  // of what comes and goes with every request: used again, not allocated again
  UsageBook book;
  std::map<Identity, Entry> entries;
  std::pmr::map<RequestId, Request> requests{&nodes};
  std::map<std::uint64_t, Command> commands;  // by seq
  std::map<WorkerId, Entry*> workers;         // dying ones too
  std::map<LayerId, Layer> layers;            // in RAM
  std::map<std::uint64_t, Entry*> line;       // genomes that wait for a seat, by their oldest wait
  std::vector<Entry*> held;                   // seats held, in the order they were given
  std::pmr::set<std::pair<Instant, RequestId>> request_deadlines{&nodes};  // of waiting requests
  std::set<std::pair<Instant, std::uint64_t>> command_deadlines;  // by seq
  std::vector<Identity> forgettable;
  std::array<Total, 6> totals{};
  Total pinned_hot;  // the part of kHeld and kHot that no one may evict
  std::uint64_t layer_bytes = 0;

  Knobs knobs;
  static constexpr std::size_t kMostRemembered = 10'000;
  std::unique_ptr<Policy> hot_policy, warm_policy;
  bool can_spawn = true, is_final = false, is_draining = false;
  std::uint32_t blocked = 0;      // genomes of the line that no idle victim can help
  bool is_short_of_yields = false;  // someone is blocked, and every candidate's turn still runs
  WaitForecast forecast;
  std::optional<BreakerBoard> board;  // none: breakers are off
  std::uint64_t last_seq = 0, last_use = 0, last_layer_use = 0;
  WorkerId last_worker = 0;
  // After a knob shrank the pool may be over it for a while, but only ever gets nearer.
  std::uint32_t seats_allowed = 0;
  std::uint64_t bytes_allowed = 0;

  Instant now{};
  const ActionSink* sink = nullptr;
};

}  // namespace genepool
