// Any text as a fault script: what is accepted is within its bounds, and can be played.
#include "fuzz/targets.h"
#include "sim/faults.h"

namespace genepool::fuzz {
namespace {

void check_fault(const Fault& fault, std::size_t genomes) {
  GENEPOOL_CHECK(fault.from >= Duration::zero() && fault.from < fault.to);
  GENEPOOL_CHECK(!fault.genome || *fault.genome < genomes);
  const bool is_share = fault.kind != FaultKind::kAnswersSlow && fault.kind != FaultKind::kMemoryFree;
  GENEPOOL_CHECK(fault.amount >= 0 && (!is_share || fault.amount <= 1), "{}", fault.amount);
}

void play(const std::vector<Fault>& script, Instant began) {
  Faults faults(script, began, 1);
  for (const Fault& fault : script) {
    const Instant now = began + fault.from;
    GENEPOOL_CHECK(faults.slowness(0, now) >= 1);
    (void)faults.fails_load(0, now);
    (void)faults.crash_of(0, now);
    (void)faults.is_memory_watched(now);
  }
  for (Instant last = began; faults.next_kill() < Instant::max(); (void)faults.take_kill()) {
    GENEPOOL_CHECK(faults.next_kill() >= last);
    last = faults.next_kill();
  }
}

}  // namespace

int fuzz_fault_script(std::span<const std::byte> bytes) {
  Trace trace;
  trace.genomes = {{"pirate", 0, 0}, {"the captain", 0, 0}};
  const auto script = parse_faults({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, trace);
  if (!script) return 0;
  GENEPOOL_CHECK(script->size() <= kMaxFaults);
  for (const Fault& fault : *script) check_fault(fault, trace.genomes.size());
  if (script->size() <= 50) play(*script, std::chrono::hours(1));  // a question scans the script
  return 0;
}

}  // namespace genepool::fuzz
