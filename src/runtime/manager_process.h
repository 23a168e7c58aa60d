// ManagerProcess: the manager's process as the server sees it: notices to it, wishes from it, never waited for. It is watched:
// without a sign of life for 4 s it is killed and begun again, three times in a minute at most; until it is back, and when it is
// given up, the server goes on with sizes as they are and without guesses ("static"). One that leaves 4 MiB of notices unread is
// lost as well: a notice left out would have it believe what is not so.
// Owner: the runtime. Thread: the loop's.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "manager/notices.h"
#include "pool/restart_budget.h"
#include "runtime/loop.h"

namespace genepool {

class ManagerProcess {
 public:
  using OnWish = std::function<void(const Wish&)>;

  struct Calls {
    std::function<void()> on_begun;                     // a new process: tell() it SettingsSeen first, then who is HOT
    OnWish on_wish;
    std::function<void(const std::string& why)> on_end;  // what it was asked and has not answered, it never will
  };
  ManagerProcess(Loop& loop, std::string program, Calls calls);  // `program`: genepool-manager
  ~ManagerProcess();  // ends it
  ManagerProcess(const ManagerProcess&) = delete;
  ManagerProcess& operator=(const ManagerProcess&) = delete;

  void start();
  void stop();  // the kill switch: no process
  void tell(const Notice& notice, Instant now);
  void check(Instant now);  // about once a second

  [[nodiscard]] bool is_running() const { return pid_ > 0; }
  [[nodiscard]] std::int32_t pid() const { return pid_; }
  [[nodiscard]] const std::string& why_static() const { return why_static_; }  // "" = it runs, or is switched off

 private:
  void read();
  void write();
  void take(std::string_view line);
  void end();
  void reap(int how);
  void lose(const std::string& why, Instant now);

  Loop& loop_;
  const std::string program_;
  const Calls calls_;
  bool is_wanted_ = false, is_given_up_ = false, is_writing_ = false;
  std::int32_t pid_ = 0;
  std::vector<std::int32_t> killed_;  // and not yet gone
  UniqueFd channel_;
  std::optional<Loop::WatchId> watch_;
  std::string unread_, unwritten_;
  Instant last_sign_{};
  RestartBudget restarts_;
  std::string why_static_;
};

}  // namespace genepool
