// Ledger: what happened, written down: the operations log (HOT hit, WARM hit, COLD start, evicted), the metrics, the feed of
// events, the thrashing alarm. It decides nothing.
// Owner: the runtime. Thread: the strand.
#pragma once

#include <deque>
#include <functional>
#include <string>

#include "manager/hit_rate_alarm.h"
#include "manager/notices.h"
#include "metrics/metrics.h"
#include "pool/events.h"
#include "pool/thrash.h"
#include "runtime/assembly.h"
#include "runtime/event_feed.h"
#include "runtime/kv_shelf.h"
#include "runtime/runtime.h"
#include "runtime/supervisor.h"

namespace genepool {

class Ledger {
 public:
  Ledger(Metrics& metrics, EventFeed& feed, const Config& config);
  void configure(const Config& config);  // what may change while it runs

  void arrived(const Receipt& receipt);
  // A request has its worker. `assembly` is null for a HOT hit.
  void granted(const Receipt& receipt, const AssemblyTimes* assembly, bool is_first_use);
  void page_built(const ResolvedGenome& genome, const AssemblyTimes& assembly, std::size_t missing);
  void page_found(const ResolvedGenome& genome);  // an assembly that found its page in RAM
  // is_demanded: a request waits for it (else an operator or the library wished it).
  void assembled(const ResolvedGenome& genome, const AssemblyTimes& assembly, bool is_demanded);
  void leaked(const std::string& name, std::uint64_t own_bytes);  // left_hot() follows
  void left_hot(const std::string& name, KillReason reason, std::uint32_t places);
  void page_dropped(const std::string& name);
  void worker_gone(const std::string& name, const std::string& reason, const WorkerEnd& end);
  // A request has ended; `assembly` may be null. Feeds the alarm when it was answered.
  void ended(const Outcome& outcome, AssemblyTimes* assembly);
  void retried(const std::string& name);
  void breaker_changed(const std::string& name, const BreakerChanged& change);
  void kept_out(const Receipt& receipt);                         // by its genome's breaker
  void breakers_are(const std::vector<GenomeBreakers>& marked);  // gauges; about once a second
  void manager_is(const ManagerStatus& status, bool is_up);      // gauges; about once a second
  void decided(const Decision& decision);
  void realised(std::uint64_t decision, double value, const std::string& outcome);
  void guessed(const std::string& name, const std::string& victim, double chance);  // victim: "" = a free place
  void setting_changed(std::string_view name, std::string_view value);
  void base_is(BasePhase phase, const std::string& error);

  void update(const PoolSnapshot& pool, const CoreGate::Usage& gate, const KvShelf::Usage& kv);  // gauges and the alarm; about once a second
  [[nodiscard]] ThrashState thrash() const { return thrash_.state(); }
  [[nodiscard]] ThrashCauses thrash_causes() const { return thrash_.causes(); }
  [[nodiscard]] double evictions_last_minute();
  void on_alarm(ThrashAlarm listener) { alarm_ = std::move(listener); }

 private:
  void check_alarm();
  void watch_hit_rate(bool is_hit, bool is_first_use);

  Metrics& metrics_;
  EventFeed& feed_;
  ThrashDetector thrash_;
  HitRateAlarm hit_rate_;
  ThrashAlarm alarm_;
  std::string alarm_command_;
  std::deque<Instant> evictions_;
};

[[nodiscard]] std::string_view tier_name(Tier tier);           // "hot"

}  // namespace genepool
