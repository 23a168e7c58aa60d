// The life of a worker, from the fork to its end. Runs in workers.
// hello -> attach the page -> ready -> answer requests until the supervisor's socket closes, which ends it at once, also
// in the middle of a decode. It leaves by _exit: its memory is a copy of the zygote's, whose destructors are not its own.
// Not here: how requests share steps (batcher.h), the fork (zygote.h).
#pragma once

#include "base/unique_fd.h"
#include "engine/engine.h"
#include "worker/batcher.h"
#include "worker/core_gate.h"
#include "worker/messages.h"
#include "worker/thread_choice.h"

namespace genepool {

struct WorkerOptions {
  BatcherOptions batcher;
  int threads = 1;  // most tickets asked for
  ThreadKnowledge* knowledge = nullptr;  // in memory that all workers of the zygote share
};

[[noreturn]] void run_worker(WorkerId id, UniqueFd socket, Engine& engine, CoreGate& gate, const WorkerOptions& options);

}  // namespace genepool
