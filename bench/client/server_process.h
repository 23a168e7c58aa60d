// ServerProcess: a server under measurement, our own or a peer's, as its user would start it: a command, a log file, a port.
// Owner: the contest. Thread: one; blocks. Its end ends the process (SIGTERM, after 5 s SIGKILL).
// Use:   GENEPOOL_TRY(ServerProcess server, ServerProcess::start({program, "serve", ...}, log_path));
//        GENEPOOL_TRY_VOID(server.wait_healthy("http://127.0.0.1:8811", std::chrono::seconds(60)));
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace genepool::bench {

class ServerProcess {
 public:
  // kNotFound: there is no such program. The log is appended to.
  [[nodiscard]] static Result<ServerProcess> start(const std::vector<std::string>& command, std::string log_path);
  ServerProcess(ServerProcess&& other) noexcept : pid_(std::exchange(other.pid_, -1)), log_path_(std::move(other.log_path_)) {}
  ServerProcess& operator=(ServerProcess&& other) noexcept;
  ~ServerProcess() { stop(); }

  // Until GET `path` answers 200. kUnavailable: it ended before, or did not in time; with the last lines of its log.
  [[nodiscard]] Result<void> wait_healthy(const std::string& url, Duration limit, std::string_view path = "/health");

  // PSS of the process and all that came from it, so that weights which they share count once.
  [[nodiscard]] std::uint64_t pss_bytes() const;
  [[nodiscard]] pid_t pid() const { return pid_; }
  void stop();
  [[nodiscard]] int wait();  // for its own end: its exit status, -1 when a signal ended it

 private:
  ServerProcess(pid_t pid, std::string log_path) : pid_(pid), log_path_(std::move(log_path)) {}
  pid_t pid_ = -1;
  std::string log_path_;
};

// Runs a command to its end. kInternal with what it said when its status is not 0.
[[nodiscard]] Result<void> run_command(const std::vector<std::string>& command, const std::string& log_path);

// A TCP port of loopback that nothing listens on now.
[[nodiscard]] Result<int> free_port();

}  // namespace genepool::bench
