#include "client/genepool_server.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "http/http_client.h"

namespace genepool::bench {
namespace {

constexpr Duration kStartLimit = std::chrono::seconds(120);

}  // namespace

Result<RunningServer> serve_genepool(const std::string& program, const std::string& data_dir, const std::vector<std::string>& flags,
                                     const std::string& log_path) {
  GENEPOOL_TRY(const int port, free_port());
  std::vector<std::string> command{program, "serve", "--data-dir", data_dir, "--listen", fmt::format("127.0.0.1:{}", port)};
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
  GENEPOOL_TRY(HttpClient client, HttpClient::open(url));
  GENEPOOL_TRY(const HttpReply reply, client.request("GET", "/api/stats"));
  const auto stats = nlohmann::json::parse(reply.body, nullptr, false);
  if (reply.status != 200 || stats.is_discarded() || !stats.contains("thrash")) return fail(Code::kIo, "{} has no stats: {}", url, reply.status);
  return ThrashShares{stats["thrash"].value("share", 0.0), stats["thrash"].value("refault_share", 0.0)};
}

}  // namespace genepool::bench
