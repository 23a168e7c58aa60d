// Harness: a PoolCore with a fake doer and a virtual clock, for tests. The doer performs each action after a scripted delay,
// keeps its own books (what is in RAM, which workers live, what each request got) and fails the test when an action breaks
// the contract of events.h. Thread: the test's.
// Use:   Harness h;                       // max_hot 3
//        const RequestId r = h.arrive('A');
//        h.run(100ms);                    // virtual time: answers and Ticks come when they are due
//        EXPECT_EQ(h.tier_of(r), Tier::kCold);
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "pool/event_log.h"
#include "pool/pool_core.h"

namespace genepool {

struct Script {
  Duration build = std::chrono::milliseconds(50), spawn = std::chrono::milliseconds(5);
  Duration probe = std::chrono::milliseconds(1), teardown = std::chrono::milliseconds(10);
  Duration inference = std::chrono::milliseconds(100), heartbeat = std::chrono::seconds(1);
  bool releases = true;  // false: the test calls release()
  std::optional<std::uint64_t> page_bytes;  // instead of what the genome's spec promised
  std::optional<Error> page_error, spawn_error, answer_error;
  std::map<char, double> slowness;  // of a genome's answers: times `inference`
};

// Chances of mishaps, for the property test.
struct Mishaps {
  double page_fails = 0, spawn_fails = 0, dies = 0, deaf = 0, late = 0, keeps_cold = 0, answer_fails = 0;
};

[[nodiscard]] Knobs test_knobs();  // page 100 and KV 50 bytes: hot_bytes fits 10 genomes, warm_bytes 10 pages
[[nodiscard]] Knobs knobs_with(std::uint32_t max_hot);

class Harness {
 public:
  explicit Harness(const Knobs& knobs = test_knobs());

  static constexpr std::uint32_t kTokens = 11;  // of each answer

  // Events.
  RequestId arrive(char genome, Duration patience = std::chrono::seconds(120), bool is_lease = false);
  void release(RequestId request, bool keep_hot = true);
  void cancel(RequestId request);
  void die(WorkerId worker);  // killed by someone else
  CommandId bring(char genome, Goal goal, Duration patience = std::chrono::seconds(120));
  CommandId prewarm(char genome, std::optional<char> victim, Duration protection = {}, Duration patience = std::chrono::seconds(120));
  CommandId demote(char genome);
  void pin(char genome, bool is_pinned = true);
  void layer_gone(char genome);  // the genome's own layer
  void layer_changed(char genome);
  void set_breaker(char genome, BreakerWish wish);
  void knobs(const std::function<void(Knobs&)>& change);
  void send(const Event& event);
  void heat(char genome);                         // brings it in and lets its request end
  [[nodiscard]] RequestId occupy(char genome);    // a request that stays in flight until the test releases it
  void run(Duration duration);
  void run_until_quiet(Duration limit = std::chrono::hours(1));  // nothing is on its way any more

  // What happened.
  [[nodiscard]] std::optional<Tier> tier_of(RequestId request) const;      // of its last grant
  [[nodiscard]] std::optional<Code> refusal_of(RequestId request) const;
  [[nodiscard]] bool is_ended(RequestId request) const;
  [[nodiscard]] std::optional<bool> done(CommandId command) const;
  [[nodiscard]] GenomeStatus status(char genome) const;
  [[nodiscard]] BreakerState breaker(char genome, BreakerKind kind) const;
  [[nodiscard]] std::optional<WorkerId> worker_of(char genome) const;  // live, not dying
  [[nodiscard]] int count(const std::string& word) const;              // action lines that contain it
  [[nodiscard]] bool is_quiet() const;                                 // every request and command ended

  struct Asked {
    char genome = 0;
    bool is_ended = false, is_granted = false;
    int grants = 0;
    WorkerId worker = 0;
    Tier tier = Tier::kCold;
    std::optional<Error> refusal;
    Instant arrived{}, granted{};
  };
  struct Process {
    char genome = 0;
    bool is_ready = false, is_killed = false, is_gone = false;
    std::set<RequestId> in_flight;
  };

  Script script;
  Mishaps mishaps;
  std::mt19937_64 rng{1};
  std::map<char, GenomeSpec> specs;  // made on first use; a test may put its own
  std::map<RequestId, Asked> asked;
  std::map<WorkerId, Process> processes;
  std::map<CommandId, std::optional<CommandDone>> commands;
  std::set<WorkerId> deaf;           // answer no probe, show no life, end no request
  std::vector<KillReason> kills;
  std::vector<BreakerChanged> breaker_changes;
  std::string log{kEventLogHeader};  // a whole event log
  std::string actions;
  std::uint64_t ticks = 0, events = 0;
  Instant now{std::chrono::seconds(1000)};
  PoolCore pool;

  const GenomeSpec& spec(char genome);

 private:
  void perform(const Action& action);
  void perform(const GrantRequest& a);
  void perform(const RefuseRequest& a);
  void perform(const BuildPage& a);
  void perform(const SpawnWorker& a);
  void perform(const BroughtIn&) {}
  void perform(const BreakerChanged& a) { breaker_changes.push_back(a); }
  void perform(const ProbeWorker& a);
  void perform(const KillWorker& a);
  void perform(const CancelOnWorker& a);
  void perform(const DropPage& a);
  void perform(const DropLayer& a);
  void perform(const CommandDone& a);
  void after(Duration delay, std::function<void()> what);
  [[nodiscard]] bool happens(double chance);
  [[nodiscard]] Duration vary(Duration delay);

  std::multimap<Instant, std::function<void()>> due_;
  std::set<Identity> pages_, building_;
  std::set<LayerId> layers_;
  std::set<char> pinned_;
  Knobs knobs_;
  bool is_draining_ = false;
  RequestId last_request_ = 0;
  CommandId last_command_ = 0;
};

[[nodiscard]] Digest test_digest(char kind, char name);

}  // namespace genepool
