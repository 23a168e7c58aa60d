#include "suite/measurement.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "metrics/metrics.h"

namespace genepool::bench {
namespace {

constexpr double kGigabyte = 1e9;
constexpr double kMebibyte = 1024.0 * 1024.0;

Measurement time_row(const char* id, const char* title, double limit_ms, std::vector<Bound> aims = {}) {
  return {id, title, Unit::kMillis, Bound{Statistic::kP99, limit_ms}, std::move(aims), {}, {}};
}

Measurement shown_row(const char* id, const char* title) { return {id, title, Unit::kMillis, std::nullopt, {}, {}, {}}; }

}  // namespace

double median_of(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double value_of(const Measurement& measurement, Statistic statistic) {
  const std::vector<double>& samples = measurement.samples;
  if (samples.empty()) return 0;
  switch (statistic) {
    case Statistic::kP50: return percentile(samples, 0.50);
    case Statistic::kP99: return percentile(samples, 0.99);
    case Statistic::kMean: return std::accumulate(samples.begin(), samples.end(), 0.0) / static_cast<double>(samples.size());
    case Statistic::kMax: return *std::max_element(samples.begin(), samples.end());
  }
  return 0;
}

bool is_within(const Measurement& measurement, const Bound& bound) {
  if (measurement.samples.empty()) return false;
  const double value = value_of(measurement, bound.statistic);
  if (value == bound.value) return bound.is_allowed;
  return bound.is_least ? value > bound.value : value < bound.value;
}

Verdict verdict_of(const Measurement& measurement) {
  if (!measurement.limit) return Verdict::kNone;
  if (measurement.samples.empty()) return Verdict::kUnmeasured;
  return is_within(measurement, *measurement.limit) ? Verdict::kPass : Verdict::kFail;
}

bool all_pass(const std::vector<Measurement>& measurements) {
  return std::none_of(measurements.begin(), measurements.end(),
                      [](const Measurement& m) { return verdict_of(m) == Verdict::kFail || verdict_of(m) == Verdict::kUnmeasured; });
}

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass: return "PASS";
    case Verdict::kFail: return "FAIL";
    case Verdict::kUnmeasured: return "not measured";
    case Verdict::kNone: break;
  }
  return "";
}

std::string_view name_of(Statistic statistic) {
  switch (statistic) {
    case Statistic::kP50: return "p50";
    case Statistic::kP99: return "p99";
    case Statistic::kMean: return "mean";
    case Statistic::kMax: return "max";
  }
  return "";
}

std::string_view name_of(Unit unit) {
  switch (unit) {
    case Unit::kMillis: return "ms";
    case Unit::kBytes: return "bytes";
    case Unit::kRatio: return "ratio";
    case Unit::kCount: return "count";
    case Unit::kTokensPerSecond: return "tokens/s";
  }
  return "";
}

void gather_groups(std::vector<Measurement>& rows) {
  std::map<std::string, std::size_t> order;
  for (const Measurement& row : rows) order.try_emplace(row.group, order.size());
  std::ranges::stable_sort(rows, {}, [&](const Measurement& row) { return order.at(row.group); });
}

std::vector<Measurement> founding_rows() {
  using enum Statistic;
  std::vector<Measurement> rows;
  const auto group = [&rows](const char* title, std::vector<Measurement> members) {
    for (Measurement& member : members) {
      member.group = title;
      rows.push_back(std::move(member));
    }
  };
  group("layers and processes", {
      time_row("layer_load_disk", "layer load, page cache dropped", 100),
      time_row("layer_load_cached", "layer load, page cache kept", 100),
      time_row("layer_stack", "layer stack, per layer", 50, {{kP99, 10, true}}),
      time_row("process_spawn", "process spawn", 500, {{kP50, 3, true}}),
      time_row("process_teardown", "process teardown", 100, {{kP99, 15, true}}),
      time_row("spawn_teardown", "spawn + teardown", 600),
  });
  group("whole requests", {
      time_row("inference", "inference", 2000),
      time_row("total_cold", "whole request, COLD to last token", 3000, {{kP99, 1000}}),
      {"sequential", "sequential requests over 10 genomes", Unit::kMillis, Bound{kMean, 1000}, {}, {}, {}},
  });
  group("acquire", {
      time_row("hot_acquire", "HOT acquire, cores idle", 10, {{kP99, 0.4, true}}),
      time_row("hot_acquire_busy", "HOT acquire, both cores decoding", 10),
      time_row("warm_acquire", "WARM acquire, page kept", 500, {{kP50, 8, true}, {kP99, 40, true}}),
      time_row("warm_acquire_full", "WARM acquire, HOT full: evicts one", 500),
      time_row("cold_acquire", "COLD acquire, page cache dropped", 3000),
      time_row("cold_acquire_cached", "COLD acquire, page cache kept", 3000),
  });
  group("to the first token of a chat prompt", {
      shown_row("first_token_hot", "first token from HOT"),
      shown_row("prefill_token", "prefill, per token of the prompt"),
      shown_row("decode_token", "decode, per token"),
      {"answer_of_two", "an answer beside another genome's, time / alone", Unit::kRatio, std::nullopt, {}, {}, {}},
      shown_row("first_token_warm", "first token from WARM"),
      shown_row("first_token_cold", "first token from COLD"),
  });
  group("as an HTTP client sees it: chat prompt, streamed", {
      shown_row("http_first_token_hot", "first token from HOT"),
      shown_row("http_first_token_warm", "first token from WARM"),
      shown_row("http_first_token_cold", "first token from COLD"),
      shown_row("http_total_hot", "whole request from HOT"),
  });
  group("memory", {
      {"memory_genome", "memory of a HOT genome (PSS)", Unit::kBytes, Bound{kMax, kGigabyte}, {}, {}, {}},
      {"memory_five", "5 HOT genomes + zygote (PSS)", Unit::kBytes, Bound{kMax, 5 * kGigabyte, true}, {}, {}, {}},
      {"page_bytes", "page of a genome", Unit::kBytes, std::nullopt, {}, {}, {}},
      {"charged_genome", "charged to pool.hot_bytes for a HOT genome", Unit::kBytes, std::nullopt, {}, {}, {}},
      {"private_genome", "private bytes of a HOT genome", Unit::kBytes, std::nullopt, {{kMax, 25 * kMebibyte, true}}, {}, {}},
  });
  group("thrashing", {
      {"twenty_ratio", "20 different genomes: assembly / inference", Unit::kRatio, Bound{kMean, 0.5}, {}, {}, {}},
      {"normal_alarms", "normal load: thrashing alarms", Unit::kCount, Bound{kMax, 0, true}, {}, {}, {}},
      {"normal_requests", "normal load: thrashing requests", Unit::kCount, Bound{kMax, 0, true}, {}, {}, {}},
  });
  group("what the founding document would try if a limit were missed", {
      shown_row("remedy_plain", "largest layer from disk, as it is"),
      shown_row("remedy_zstd", "the same, compressed with zstd"),
      shown_row("remedy_ram_disk", "the same, from a disk in RAM"),
      shown_row("remedy_one_layer", "whole request, COLD, of a genome of one layer"),
  });
  return rows;
}

}  // namespace genepool::bench
