#include "suite/load_target.h"

#include <fmt/core.h>

#include "client/completion_client.h"
#include "suite/workload.h"

namespace genepool::bench {
namespace {

class PoolTarget final : public LoadTarget {
 public:
  explicit PoolTarget(GenomePool& pool) : pool_(pool) {}

  Served ask(const std::string& genome, const std::string& prompt, std::uint32_t tokens, Instant due) override {
    Served served;
    Instant last{};
    GenerateOptions ask;
    ask.prompt = prompt;
    ask.max_tokens = tokens;
    ask.ignore_end = true;
    ask.on_text = [&](std::string_view) {
      const Instant now = monotonic_now();
      if (last == Instant{}) {
        served.first_token_ms = to_ms(now - due);
      } else {
        served.gap_ms.push_back(to_ms(now - last));
      }
      last = now;
    };
    const double late_ms = to_ms(monotonic_now() - due);
    const auto measured = pool_.acquire_with_metrics(genome, ask);
    if (!measured) {
      served.error = measured.error().message;
      return served;
    }
    served.queue_ms = late_ms + measured->metrics.acquire_ms;
    served.total_ms = to_ms(monotonic_now() - due);
    served.tokens = measured->generation.completion_tokens;
    return served;
  }

  Result<void> warm_up(const std::string& genome) override { return pool_.warmup(genome); }
  Result<void> evict(const std::string& genome, bool to_cold) override { return pool_.evict(genome, to_cold); }
  Result<ThrashShares> thrash_shares() override {
    const Stats stats = pool_.stats();
    return ThrashShares{stats.thrash_share, stats.refault_share};
  }

 private:
  GenomePool& pool_;
};

class ServerTarget final : public LoadTarget {
 public:
  ServerTarget(TemporaryDir logs, RunningServer server) : logs_(std::move(logs)), server_(std::move(server)) {}

  Served ask(const std::string& genome, const std::string& prompt, std::uint32_t tokens, Instant due) override {
    Served served;
    const double late_ms = to_ms(monotonic_now() - due);
    const auto answered = bench::ask({.url = server_.url, .model = genome, .prompt = prompt, .tokens = tokens, .is_chat = true});
    if (!answered) {
      served.error = answered.error().message;
      return served;
    }
    served.queue_ms = late_ms + answered->acquire_ms;
    served.first_token_ms = late_ms + answered->first_token_ms;
    served.total_ms = late_ms + answered->total_ms;
    served.gap_ms = answered->gap_ms;
    served.tokens = answered->tokens;
    return served;
  }

  Result<void> warm_up(const std::string& genome) override { return bring(server_.url, genome, "load"); }
  Result<void> evict(const std::string& genome, bool to_cold) override {
    return bring(server_.url, genome, "evict", to_cold ? R"({"to":"cold"})" : "{}");
  }
  Result<ThrashShares> thrash_shares() override { return bench::thrash_shares(server_.url); }

 private:
  TemporaryDir logs_;
  RunningServer server_;
};

}  // namespace

std::unique_ptr<LoadTarget> target_of(GenomePool& pool) { return std::make_unique<PoolTarget>(pool); }

Result<std::unique_ptr<LoadTarget>> serve_target(const std::string& program, const Options& options) {
  GENEPOOL_TRY(TemporaryDir logs, TemporaryDir::make());
  std::vector<std::string> flags{"--base", options.base};
  for (const auto& [name, value] : options.settings) {
    flags.push_back("--" + name);
    flags.push_back(value);
  }
  GENEPOOL_TRY(RunningServer server, serve_genepool(program, options.data_dir, flags, logs.path() + "/genepool.log"));
  return std::make_unique<ServerTarget>(std::move(logs), std::move(server));
}

}  // namespace genepool::bench
