// Runs in whoever asks: the server or the command line.
#include "worker/base_tool.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>

#include "base/unique_fd.h"
#include "worker/worker_command.h"

namespace genepool {
namespace {

struct Pipe {
  UniqueFd read, write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("make a pipe", errno);
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// In our own process group: Ctrl-C in the terminal ends it too.
Result<pid_t> spawn(std::vector<std::string> words, int output) {
  std::vector<std::string> environment = worker_environment();
  posix_spawn_file_actions_t actions{};
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, words.front().c_str(), &actions, nullptr, pointers_of(words).data(),
                                  pointers_of(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail_errno("start " + words.front(), error);
  return pid;
}

// Every line as it comes, without its break. -> the last one.
std::string read_lines(int fd, const std::function<void(const std::string&)>& on_line) {
  std::string text;
  std::string last;
  std::array<char, 4096> chunk{};
  while (true) {
    const ssize_t n = ::read(fd, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return last;
    text.append(chunk.data(), static_cast<std::size_t>(n));
    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
      last = text.substr(0, end);
      text.erase(0, end + 1);
      on_line(last);
    }
  }
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

// -> the last line of its standard output: the result. Those before say what it is doing.
Result<std::string> run(const BaseTool& tool, const char* verb, BaseToolFlags flags, const TrialProgress& progress) {
  flags.engine = tool.engine;
  flags.fake_script = tool.fake_script;
  FlagWriter writer;
  walk_base_tool_flags(writer, flags);
  std::vector<std::string> words = {tool.worker_program, verb};
  words.insert(words.end(), writer.words.begin(), writer.words.end());
  GENEPOOL_TRY(Pipe pipe, make_pipe());
  GENEPOOL_TRY(const pid_t pid, spawn(std::move(words), pipe.write.get()));
  pipe.write.reset();
  std::string said = read_lines(pipe.read.get(), [&](const std::string& line) {
    if (line.starts_with(kBaseToolNow)) progress(line.substr(kBaseToolNow.size()));
  });
  const int status = wait_for(pid);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return said;
  if (said.starts_with(kBaseToolFailed)) return fail(Code::kBadRequest, "{}", said.substr(kBaseToolFailed.size()));
  if (WIFSIGNALED(status)) return fail(Code::kInternal, "genepool-worker {} ended by signal {}", verb, WTERMSIG(status));
  return fail(Code::kInternal, "genepool-worker {} ended with status {}", verb, WEXITSTATUS(status));
}

}  // namespace

Result<void> BaseTool::quantise(const QuantiseJob& job) const {
  BaseToolFlags flags;
  flags.source = job.source;
  flags.to = job.to;
  flags.type = job.type;
  flags.threads = job.threads;
  return run(*this, "quantise", flags, [](const std::string& /*now*/) {}).map([](const std::string& /*done*/) {});
}

Result<BaseComparison> BaseTool::compare(const BaseTrial& trial, const TrialProgress& progress) const {
  BaseToolFlags flags;
  flags.source = trial.source;
  flags.candidate = trial.candidate;
  flags.threads = trial.threads;
  flags.rounds = trial.rounds;
  return run(*this, "compare", flags, progress).and_then([](const std::string& line) { return parse_comparison(line); });
}

}  // namespace genepool
