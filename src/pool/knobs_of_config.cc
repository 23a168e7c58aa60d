#include "pool/knobs_of_config.h"

namespace genepool {
namespace {

// params.def lets no other words in.
PolicyKind known_policy(std::string_view name) {
  const std::optional<PolicyKind> kind = policy_from(name);
  GENEPOOL_CHECK(kind.has_value(), "no policy is called {}", name);
  return *kind;
}

}  // namespace

Knobs knobs_of(const Config& config, const KnobDefaults& defaults) {
  const auto bytes = [](std::int64_t set, std::uint64_t otherwise) { return set > 0 ? static_cast<std::uint64_t>(set) : otherwise; };
  Knobs knobs;
  knobs.max_hot = static_cast<std::uint32_t>(config.pool_max_hot);
  knobs.hot_bytes = bytes(config.pool_hot_bytes, defaults.hot_bytes);
  knobs.kv_bytes_per_worker = defaults.kv_bytes_per_worker;
  knobs.warm_max_genomes = static_cast<std::uint32_t>(config.warm_max_genomes);
  knobs.warm_bytes = bytes(config.warm_bytes, defaults.warm_bytes);
  knobs.sequences = static_cast<std::uint32_t>(config.pool_sequences);
  knobs.queue = static_cast<std::uint32_t>(config.pool_queue);
  knobs.genome_queue = static_cast<std::uint32_t>(config.pool_genome_queue);
  knobs.idle_ttl = std::chrono::milliseconds(config.pool_idle_ttl);
  if (config.pool_idle_rule == "rent") knobs.idle_gb_second = 1e3 / static_cast<double>(config.manager_gb_second);
  knobs.turn = std::chrono::milliseconds(config.pool_turn);
  knobs.stuck_after = std::chrono::milliseconds(config.pool_stuck_after);
  knobs.probe_timeout = std::chrono::milliseconds(config.pool_probe_timeout);
  knobs.worker_growth = static_cast<std::uint64_t>(config.pool_worker_growth);
  knobs.hot_policy = known_policy(config.pool_policy);
  knobs.warm_policy = known_policy(config.warm_policy);
  knobs.min_residency = std::chrono::milliseconds(config.pool_min_residency);
  knobs.has_breakers = config.breaker_mode == "on";
  return knobs;
}

}  // namespace genepool
