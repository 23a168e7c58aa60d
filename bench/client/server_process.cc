#include "client/server_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/unique_fd.h"
#include "client/process_family.h"
#include "http/http_client.h"
#include "runtime/process_memory.h"

namespace genepool::bench {
namespace {

constexpr Duration kPoll = std::chrono::milliseconds(1);
constexpr Duration kPatience = std::chrono::seconds(5);
constexpr std::size_t kLogTail = 600;

std::uint64_t tree_pss(pid_t pid) {
  std::uint64_t bytes = memory_of_process(pid).pss_bytes;
  for (const pid_t child : children_of(pid)) bytes += tree_pss(child);
  return bytes;
}

std::string tail_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  return text.substr(text.size() - std::min(text.size(), kLogTail));
}

}  // namespace

Result<ServerProcess> ServerProcess::start(const std::vector<std::string>& command, std::string log_path) {
  std::error_code ignored;
  if (!std::filesystem::exists(command.front(), ignored)) return fail(Code::kNotFound, "there is no program {}", command.front());
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, command.front().c_str(), &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail_errno("start " + command.front(), error);
  return ServerProcess(pid, std::move(log_path));
}

ServerProcess& ServerProcess::operator=(ServerProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(log_path_, other.log_path_);
  return *this;
}

Result<void> ServerProcess::wait_healthy(const std::string& url, Duration limit, std::string_view path) {
  const Instant end = monotonic_now() + limit;
  while (monotonic_now() < end) {
    GENEPOOL_TRY(HttpClient client, HttpClient::open(url));
    if (const auto reply = client.request("GET", path); reply && reply->status == 200) return {};
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return fail(Code::kUnavailable, "the server ended while it started: {}", tail_of(log_path_));
    }
    std::this_thread::sleep_for(kPoll);
  }
  return fail(Code::kUnavailable, "the server was not ready in {:.0f} s: {}", to_ms(limit) / 1000, tail_of(log_path_));
}

std::uint64_t ServerProcess::pss_bytes() const { return pid_ > 0 ? tree_pss(pid_) : 0; }

void ServerProcess::stop() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  const Instant end = monotonic_now() + kPatience;
  while (::waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (monotonic_now() > end) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
      break;
    }
    std::this_thread::sleep_for(kPoll);
  }
  pid_ = -1;
}

int ServerProcess::wait() {
  int status = 0;
  ::waitpid(std::exchange(pid_, -1), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Result<void> run_command(const std::vector<std::string>& command, const std::string& log_path) {
  GENEPOOL_TRY(ServerProcess process, ServerProcess::start(command, log_path));
  if (process.wait() == 0) return {};
  return fail(Code::kInternal, "{} failed: {}", command.front(), tail_of(log_path));
}

Result<int> free_port() {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket.get(), generic, size) != 0 || ::getsockname(socket.get(), generic, &size) != 0) {
    return fail_errno("find a free port", errno);
  }
  return ntohs(address.sin_port);
}

}  // namespace genepool::bench
