#include "client/genepool_server.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "http/http_client.h"

namespace genepool::bench {
namespace {

constexpr Duration kStartLimit = std::chrono::seconds(120);

Result<nlohmann::json> json_of(const std::string& url, std::string_view path) {
  GENEPOOL_TRY(HttpClient client, HttpClient::open(url));
  GENEPOOL_TRY(const HttpReply reply, client.request("GET", path));
  auto json = nlohmann::json::parse(reply.body, nullptr, false);
  if (reply.status != 200 || json.is_discarded()) return fail(Code::kIo, "GET {} of {} answered {}: {}", path, url, reply.status, reply.body);
  return json;
}

}  // namespace

Result<RunningServer> serve_genepool(const std::string& program, const std::string& data_dir, const std::vector<std::string>& flags,
                                     const std::string& log_path, const std::vector<std::string>& launcher) {
  GENEPOOL_TRY(const int port, free_port());
  std::vector<std::string> command = launcher;
  command.insert(command.end(), {program, "serve", "--data-dir", data_dir, "--listen", fmt::format("127.0.0.1:{}", port)});
  command.insert(command.end(), flags.begin(), flags.end());
  GENEPOOL_TRY(ServerProcess process, ServerProcess::start(command, log_path));
  RunningServer running{std::move(process), fmt::format("http://127.0.0.1:{}", port), std::move(command), port};
  GENEPOOL_TRY_VOID(running.process.wait_healthy(running.url, kStartLimit));
  return running;
}

Result<void> bring(const std::string& url, const std::string& genome, std::string_view verb, std::string_view body) {
  GENEPOOL_TRY(HttpClient client, HttpClient::open(url));
  GENEPOOL_TRY(const HttpReply reply, client.request("POST", fmt::format("/api/genomes/{}/{}", genome, verb), body));
  if (reply.status != 200) return fail(Code::kIo, "{} of {} answered {}: {}", verb, genome, reply.status, reply.body);
  return {};
}

Result<ThrashShares> thrash_shares(const std::string& url) {
  GENEPOOL_TRY(const nlohmann::json stats, json_of(url, "/api/stats"));
  if (!stats.contains("thrash")) return fail(Code::kIo, "{} has no stats: {}", url, stats.dump());
  return ThrashShares{stats["thrash"].value("share", 0.0), stats["thrash"].value("refault_share", 0.0)};
}

Result<void> change_setting(const std::string& url, std::string_view name, std::string_view value) {
  GENEPOOL_TRY(HttpClient client, HttpClient::open(url));
  const nlohmann::json body{{"name", name}, {"value", value}};
  GENEPOOL_TRY(const HttpReply reply, client.request("POST", "/api/knobs", body.dump()));
  if (reply.status != 200) return fail(Code::kIo, "{} cannot be set: {}", name, reply.body);
  return {};
}

Result<int> worker_pid(const std::string& url, std::string_view genome) {
  GENEPOOL_TRY(const nlohmann::json workers, json_of(url, "/api/workers"));
  for (const auto& one : workers.value("workers", nlohmann::json::array())) {
    if (one.value("genome", "") == genome && one.value("state", "") != "dying") return one.value("pid", 0);
  }
  return 0;
}

Result<ManagerSeen> manager_of(const std::string& url) {
  GENEPOOL_TRY(const nlohmann::json manager, json_of(url, "/api/manager"));
  ManagerSeen seen;
  if (const auto pid = manager.find("pid"); pid != manager.end() && pid->is_number()) seen.pid = pid->get<int>();
  if (manager.value("state", "") != "static") return seen;
  if (const auto why = manager.find("why"); why != manager.end() && why->is_string()) seen.why_static = why->get<std::string>();
  return seen;
}

}  // namespace genepool::bench
