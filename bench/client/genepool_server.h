// A genepool server as a child process, and what benchmarks ask of it besides completions.
// Use:   GENEPOOL_TRY(RunningServer server, serve_genepool(program, data_dir, {"--pool.max_hot", "4"}, log_path));
//        GENEPOOL_TRY_VOID(bring(server.url, "captain", "warm"));
// Thread: one; blocks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "client/server_process.h"

namespace genepool::bench {

struct RunningServer {
  ServerProcess process;
  std::string url;
  std::vector<std::string> command;
  int port = 0;
};

// Until it is healthy. `flags`: pairs of "--pool.max_hot", "4". `launcher`: a command that becomes the one after it.
[[nodiscard]] Result<RunningServer> serve_genepool(const std::string& program, const std::string& data_dir,
                                                   const std::vector<std::string>& flags, const std::string& log_path,
                                                   const std::vector<std::string>& launcher = {});

// POST /api/genomes/{genome}/{verb}: "warm", "load", "evict". kIo with what it said.
[[nodiscard]] Result<void> bring(const std::string& url, const std::string& genome, std::string_view verb, std::string_view body = "{}");

struct ThrashShares {
  double share = 0, refault_share = 0;  // docs/guide/thrashing.md, over the last thrash.window
};
[[nodiscard]] Result<ThrashShares> thrash_shares(const std::string& url);

[[nodiscard]] Result<void> change_setting(const std::string& url, std::string_view name, std::string_view value);
// Of the genome's worker; 0 = it has none that is ready.
[[nodiscard]] Result<int> worker_pid(const std::string& url, std::string_view genome);

struct ManagerSeen {
  int pid = 0;  // 0 = none
  std::string why_static;  // "" = it runs, or is off
};
[[nodiscard]] Result<ManagerSeen> manager_of(const std::string& url);

}  // namespace genepool::bench
