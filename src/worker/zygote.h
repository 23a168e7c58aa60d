// The zygote: loads the base once, never computes, and forks a worker for each ForkWorker. It has one thread, always: a
// fork copies only the thread that forks. It ends when its supervisor's socket closes, and takes its workers with it.
// Runs in the zygote; its children go on in worker_main.cc.
#pragma once

#include <memory>

#include "base/unique_fd.h"
#include "engine/engine.h"
#include "worker/zygote_process.h"

namespace genepool {

// Returns the process's exit status. Requires: the calling thread is the only one.
[[nodiscard]] int run_zygote(UniqueFd socket, UniqueFd gate, Result<std::unique_ptr<Engine>> engine,
                             const ZygoteOptions& options);

}  // namespace genepool
