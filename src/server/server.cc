#include "server/server.h"

#include <sys/prctl.h>
#include <signal.h>

#include <filesystem>
#include <memory>

#include "api/api.h"
#include "base/log.h"
#include "http/http_client.h"
#include "http/http_server.h"
#include "runtime/runtime.h"
#include "server/last_resort.h"
#include "server/signals.h"

namespace genepool {
namespace {

constexpr Duration kForEver = std::chrono::hours(24);
constexpr Duration kLastWords = std::chrono::seconds(1);
constexpr Duration kOrderlyEnd = std::chrono::seconds(15);  // beyond it something hangs
constexpr Duration kWebhookLimit = std::chrono::seconds(5);

HttpOptions http_options(const Config& config) {
  HttpOptions options;
  options.listen = config.server_listen;
  options.socket_path =
      config.server_socket.empty() ? (std::filesystem::path(data_dir_of(config)) / "genepool.sock").string() : config.server_socket;
  options.connections_max = static_cast<std::size_t>(config.server_connections);
  options.body_max = static_cast<std::size_t>(config.server_body);
  options.error_body = [](int status, std::string_view message) { return Api::error_body(status, message); };
  return options;
}

// Tells the operator's webhook that the alarm has changed. Blocking: on a loader thread.
void tell_webhook(const std::string& url, const std::string& body) {
  const std::size_t path_at = url.find('/', url.find("//") + 2);
  const std::string path = path_at == std::string::npos ? "/" : url.substr(path_at);
  const auto told = [&]() -> Result<void> {
    GENEPOOL_TRY(HttpClient client, HttpClient::open(url.substr(0, path_at), {kWebhookLimit, kWebhookLimit}));
    GENEPOOL_TRY(const HttpReply reply, client.request("POST", path, body, {{"content-type", "application/json"}}));
    if (reply.status >= 300) return fail(Code::kIo, "{} answered {}", url, reply.status);
    return {};
  }();
  if (!told) log(Level::kError, "thrash.webhook cannot be told", {{"error", told.error().message}});
}

void connect_webhook(Runtime& runtime) {
  runtime.on_thrash_alarm([&runtime](const ThrashState& state, const ThrashCauses& causes) {
    runtime.offload([&runtime, body = Api::thrash_alarm_body(state, causes)] {
      const std::string url = runtime.config().thrash_webhook;
      if (!url.empty()) tell_webhook(url, body);
    });
  });
}

// SIGTERM or the first SIGINT: refuse new requests, let running ones end. A second SIGINT, or the limit: now.
void drain(Runtime& runtime, Signals& signals, Duration limit) {
  log(Level::kInfo, "draining; Ctrl-C again to end now");
  const Instant end = monotonic_now() + limit;
  runtime.drain([] { Signals::ask_to_end(); });
  while (const auto signal = signals.wait(end - monotonic_now())) {
    if (*signal == SIGTERM || *signal == SIGINT) return;
  }
  log(Level::kWarn, "requests still running after server.drain_timeout are cut");
}

void wait_for_the_end(Signals& signals) {
  for (;;) {
    const auto signal = signals.wait(kForEver);
    if (signal && *signal != SIGHUP) return;
  }
}

Result<void> check_lora_root(const Config& config) {
  std::error_code error;
  if (!config.server_runtime_lora || std::filesystem::is_directory(config.server_lora_root, error)) return {};
  return fail_param(Code::kUsage, "server.lora_root", "server.runtime_lora needs server.lora_root, a directory, found \"{}\"",
                    config.server_lora_root);
}

}  // namespace

Result<int> serve(const Config& config) {
  GENEPOOL_TRY_VOID(check_lora_root(config));
  GENEPOOL_TRY(Signals signals, Signals::take_over());
  // Workers whose zygote died become our children, so that we can reap them.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  GENEPOOL_TRY(std::unique_ptr<Runtime> runtime, Runtime::open(config));
  Api api(*runtime);
  GENEPOOL_TRY(const std::unique_ptr<HttpServer> http,
               HttpServer::open(http_options(config), [&api](HttpRequest request, std::shared_ptr<ResponseWriter> writer) {
                 api.handle(std::move(request), std::move(writer));
               }));
  connect_webhook(*runtime);
  log(Level::kInfo, fmt::format("genepool listens on http://{} (port {})", config.server_listen, http->port()),
      {{"base", runtime->base_path()}, {"data_dir", data_dir_of(config)}});

  wait_for_the_end(signals);
  api.set_draining();
  drain(*runtime, signals, std::chrono::milliseconds(runtime->config().server_drain));
  end_anyway_after(kOrderlyEnd, std::move(signals));
  http->stop(kLastWords);
  runtime.reset();  // first: requests that it cuts still answer to the stopped server's writers
  return 0;
}

}  // namespace genepool
