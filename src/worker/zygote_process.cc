// Runs in the server.
#include "worker/zygote_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "worker/spawn_plan.h"
#include "worker/worker_command.h"
#include "worker/zygote_flags.h"

namespace genepool {
Result<ZygoteProcess> start_zygote(const ZygoteOptions& options, const CoreGate& gate) {
  GENEPOOL_TRY(auto ends, make_socket_pair());
  const ZygoteFlags flags{options};
  // Out of the way of the numbers that the child's descriptors get.
  const UniqueFd channel(::fcntl(ends.second.get(), F_DUPFD_CLOEXEC, 10));
  const UniqueFd gate_fd(::fcntl(gate.fd(), F_DUPFD_CLOEXEC, 10));
  if (!channel.is_open() || !gate_fd.is_open()) return fail_errno("pass descriptors to the zygote", errno);

  FlagWriter writer;
  walk_zygote_flags(writer, flags);
  std::vector<std::string> words = {options.worker_program, "zygote"};
  words.insert(words.end(), writer.words.begin(), writer.words.end());
  std::vector<std::string> environment = worker_environment();
  const SpawnPlan plan({{channel.get(), flags.channel_fd}, {gate_fd.get(), flags.gate_fd}}, flags.gate_fd + 1);
  ZygoteProcess zygote;
  const int error = ::posix_spawn(&zygote.pid, options.worker_program.c_str(), &plan.actions, &plan.attributes,
                                  pointers_of(words).data(), pointers_of(environment).data());
  if (error != 0) return fail_errno("start " + options.worker_program, error);
  zygote.channel = FrameChannel(std::move(ends.first));
  zygote.pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, zygote.pid, 0)));
  if (zygote.pidfd.is_open()) return zygote;
  const int pidfd_error = errno;
  ::kill(zygote.pid, SIGKILL);
  ::waitpid(zygote.pid, nullptr, 0);
  return fail_errno("watch the zygote", pidfd_error);
}

}  // namespace genepool
