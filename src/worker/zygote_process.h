// The supervisor's side of starting a zygote: `genepool-worker zygote ...` by posix_spawn, in the environment that
// worker_command.h makes.
// Thread: the runtime's strand. The returned channel speaks FromZygote / ToZygote.
// Not here: restarts, what to do with the messages (runtime/).
#pragma once

#include <string>

#include "base/error.h"
#include "base/unique_fd.h"
#include "engine/engine.h"
#include "worker/core_gate.h"
#include "worker/frames.h"

namespace genepool {

struct ZygoteOptions {
  std::string worker_program;      // path of genepool-worker
  std::string engine = "llama";    // or "fake"
  std::string fake_script;         // faults and delays of the fake engine (engine/fake_engine.h), "" = none
  EngineOptions engine_options;
  bool deterministic = false;      // one sequence per decode, no prefix reuse
  std::string log_level = "warn";
};

struct ZygoteProcess {
  FrameChannel channel;
  UniqueFd pidfd;
  int pid = 0;
};

// Does not wait for the load: ZygoteHello or ZygoteFailed arrives on the channel. kIo: it cannot be started.
[[nodiscard]] Result<ZygoteProcess> start_zygote(const ZygoteOptions& options, const CoreGate& gate);

}  // namespace genepool
