// VirtualDoer: does what a PoolCore asks for, in virtual time: each action is answered by the event that a runtime would send,
// after as long as a CostModel says. Two builds at a time, as in the server. Keeps what each request and load took.
// Owner: a simulation. Thread: one at a time.
#pragma once

#include <deque>
#include <map>
#include <queue>
#include <unordered_map>
#include <vector>

#include "manager/manager.h"
#include "manager/observer.h"
#include "pool/pool_core.h"
#include "pool/thrash.h"
#include "sim/computing.h"
#include "sim/faults.h"
#include "sim/simulation.h"

namespace genepool {

class VirtualDoer {
 public:
  VirtualDoer(const Trace& trace, const SimulationOptions& options);

  void arrive(const TraceRequest& request, Instant now);
  void expect(const TraceRequest& request, Instant now);  // its session is announced
  void run_until(Instant end);  // all that is due up to and at `end`
  // Until nothing is on its way. Requests end by then: each has a deadline.
  void run_dry();
  [[nodiscard]] SimulationResult result() const;

 private:
  enum class Kind : std::uint8_t { kBuilt, kBuildFailed, kReady, kStartFailed, kGone, kProbed, kCrashed };
  struct Due {
    Instant at{};
    std::uint64_t seq = 0;  // of equals the one asked for first
    Kind kind = Kind::kBuilt;
    std::uint64_t subject = 0;  // genome or worker
  };
  struct Later {
    bool operator()(const Due& a, const Due& b) const { return a.at != b.at ? a.at > b.at : a.seq > b.seq; }
  };
  struct Process {
    std::uint32_t genome = 0;
    bool is_dying = false;  // it holds no place any more
  };
  struct Pending {  // a request that has not ended
    std::uint32_t genome = 0, prompt = 0, output = 0;
    Instant arrived{}, granted{}, first_token{};
    AssemblyCost assembly;
  };
  [[nodiscard]] Instant next_at() const;
  void step();
  void feed(const Event& event);
  void give(const Event& event);
  void answer(const Due& due);
  void perform(const Action& action);
  void perform(const GrantRequest& a);
  void perform(const RefuseRequest& a);
  void perform(const BuildPage& a);
  void perform(const SpawnWorker& a);
  void perform(const BroughtIn& a);
  void perform(const ProbeWorker& a);
  void perform(const KillWorker& a);
  void perform(const CancelOnWorker&) {}  // no client leaves
  void perform(const DropPage&) {}
  void perform(const DropLayer&) {}
  void perform(const CommandDone&) {}  // give() tells the manager
  void perform(const BreakerChanged& a);

  // ---- virtual_workers.cc: pages and processes, also the BuildPage to KillWorker above
  [[nodiscard]] bool holds_place(WorkerId worker) const;
  void free_place(WorkerId worker);
  void die(WorkerId worker);
  void kill_as_scripted();
  void beat();

  // ---- virtual_manager.cc: what the manager sees and wants
  [[nodiscard]] GenomeSeen seen(std::uint32_t genome) const;
  [[nodiscard]] std::uint32_t week_hour() const;
  void carry_out(const Wish& wish);
  void carry_out_one(const MakeHot& wish);
  void carry_out_one(const LetGo& wish);
  void carry_out_one(const SetNumber& wish);
  void carry_out_one(const Decided& wish);
  void carry_out_one(const Realised& wish);
  void carry_out_one(const HintAnswered& wish);
  void carry_out_one(const Said&) {}
  void carry_out_one(const Alive&) {}
  void report_status();
  [[nodiscard]] Duration status_every() const;
  void after(Duration delay, Kind kind, std::uint64_t subject);
  void integrate();
  [[nodiscard]] std::uint32_t genome_of(const Identity& identity) const { return genomes_.at(identity); }

  const SimulationOptions& options_;
  Random random_;
  PoolCore pool_;
  Computing computing_;
  std::vector<GenomeSpec> specs_;
  std::unordered_map<Identity, std::uint32_t> genomes_;
  std::unordered_map<RequestId, Pending> pending_;
  std::map<WorkerId, Process> workers_;  // those not gone
  std::map<std::uint32_t, std::vector<LayerCharge>> building_;  // by genome: layers that are being read
  std::array<Instant, 2> loader_free_{};
  std::priority_queue<Due, std::vector<Due>, Later> due_;
  ActionSink sink_;
  const Trace& trace_;
  Knobs knobs_;
  Manager manager_;
  Manager::Sink wishes_;
  Observer observer_;
  std::vector<Action> actions_;      // of the event that the pool is being fed
  std::deque<Event> wished_;         // what the manager wants of the pool
  ThrashDetector thrash_;
  std::unordered_map<std::uint32_t, AssemblyCost> assembled_;  // by genome: not yet charged to a request
  std::uint64_t layers_wanted_ = 0, layers_read_ = 0;
  Faults faults_;
  Instant next_status_ = Instant::max();
  Instant next_beat_ = Instant::max();  // while anything computes
  std::uint64_t largest_worker_bytes_ = 0;
  SimulationResult result_;
  RequestId last_request_ = 0;
  std::uint64_t last_seq_ = 0;
  Instant now_{}, began_{}, integrated_{};
  std::uint64_t hot_ = 0, hot_bytes_ = 0;
};

}  // namespace genepool
