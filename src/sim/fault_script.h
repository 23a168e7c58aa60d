// A fault script: what goes wrong in a simulation, when, and to whom. Text, one fault a line:
//
//   # WHEN      FAULT  [AMOUNT] [GENOME]
//   1h..1h10m   loads fail pirate            # its pages cannot be read or fused
//   1h..2h      loads fail 10% *             # one build in ten, of whichever genome
//   2h..3h      starts fail 50% captain      # its workers do not start
//   2h..        answers slow 10x captain     # what is granted from then on takes ten times the work, to the end
//   3h..4h      workers crash 2% *           # one answer in fifty kills its worker in the middle
//   5h          workers killed *             # whoever is HOT at that moment
//   6h..6h30m   memory some 20%              # tasks wait for memory for a fifth of the time (PSI); `memory full` likewise
//   6h..6h30m   memory free 50MiB            # that much is free
//
// Times are since the first request. A share may be left out: 100 %. A genome is named as in the trace, to the end of the line
// or to a "#" after a blank, which begins a comment; "*" is any. How it is performed: faults.h.
// Pure. Thread: any. Memory: kMaxFaults lines.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "trace/trace.h"

namespace genepool {

inline constexpr std::size_t kMaxFaults = 1000;

enum class FaultKind : std::uint8_t { kLoadsFail, kStartsFail, kAnswersSlow, kWorkersCrash, kWorkersKilled, kMemorySome, kMemoryFull, kMemoryFree };

struct Fault {
  FaultKind kind = FaultKind::kLoadsFail;
  Duration from{}, to = Duration::max();  // since the first request; kWorkersKilled happens at `from`
  double amount = 1;                      // a share, 0 to 1; kAnswersSlow: times; kMemoryFree: bytes
  std::optional<std::uint32_t> genome;    // of the trace; absent: any
};

// kBadRequest, kTooLarge: with the line.
[[nodiscard]] Result<std::vector<Fault>> parse_faults(std::string_view text, const Trace& trace);

}  // namespace genepool
