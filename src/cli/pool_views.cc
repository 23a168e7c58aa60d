#include "cli/pool_views.h"

#include <fmt/core.h>

#include <optional>

namespace genepool::cli {
namespace {

Paint paint_of(std::string_view tier) {
  if (tier == "hot") return Paint::kRed;
  return tier == "warm" ? Paint::kYellow : Paint::kNone;
}

std::string state_text(const ResidentInfo& row) {
  std::string text = row.state;
  if (row.in_flight > 0) text += fmt::format(", {} running", row.in_flight);
  if (row.waiting > 0) text += fmt::format(", {} waiting", row.waiting);
  if (!row.breaker.empty()) text += (text.empty() ? "breaker " : ", breaker ") + row.breaker;
  return text.empty() ? "-" : text;
}

std::string some_bytes(std::uint64_t bytes) { return bytes == 0 ? "-" : human_bytes(bytes); }

std::string share_text(std::uint64_t hits, std::uint64_t misses) {
  const std::uint64_t all = hits + misses;
  if (all == 0) return "";
  return fmt::format(" ({:.0f} %)", 100.0 * static_cast<double>(hits) / static_cast<double>(all));
}

}  // namespace

std::string thrash_line(const StatsInfo& stats, Colours colours) {
  const std::string state = stats.is_thrashing ? painted("THRASHING", Paint::kRed, colours) : "no";
  return fmt::format("{}: assembly {} / inference {} = {:.3f} over the last minute, share {:.3f}, refaults {:.0f} %; {} requests that thrashed, {} alarms", state,
                     human_ms(stats.mean_assembly_ms), human_ms(stats.mean_inference_ms), stats.thrash_ratio, stats.thrash_share, 100 * stats.refault_share,
                     human_count(stats.thrash_requests), human_count(stats.thrash_alarms));
}

std::string residents_text(const std::vector<ResidentInfo>& residents, Colours colours) {
  Table table({"NAME", "ID", "TIER", "STATE", "PID", "PAGE", "PSS", "IDLE", "REQUESTS", "PIN"});
  for (const ResidentInfo& row : residents) {
    table.add({row.name, row.identity.substr(0, 12), {row.tier, paint_of(row.tier)}, state_text(row),
               row.pid == 0 ? "-" : std::to_string(row.pid), some_bytes(row.page_bytes), some_bytes(row.pss_bytes),
               row.in_flight > 0 ? "-" : human_span(row.idle_ms), human_count(row.requests), row.is_pinned ? "yes" : "-"});
  }
  return table.text(colours);
}

std::string breakers_text(const std::vector<BreakerInfo>& breakers, Colours colours) {
  Table table({"NAME", "BREAKER", "STATE", "FOR", "TRIED AGAIN IN", "OPENED", "WHY"});
  const auto span_text = [](const std::optional<double>& ms) { return ms ? human_span(*ms) : "-"; };
  for (const BreakerInfo& b : breakers) {
    const bool is_closed = b.state == "closed";
    if (is_closed && b.times_opened == 0) continue;
    table.add({b.genome, b.kind, {b.state, is_closed ? Paint::kNone : Paint::kRed}, span_text(b.for_ms), span_text(b.retry_in_ms),
               human_count(b.times_opened), b.why});
  }
  return table.is_empty() ? "nobody is kept out\n" : table.text(colours);
}

std::string stats_text(const StatsInfo& stats, Colours colours) {
  Table times({"TIME", "COUNT", "P50", "P99", "MEAN", "MAX"});
  for (const auto& [name, timing] : stats.timings) {
    if (timing.count == 0) {
      times.add({name, "0", "-", "-", "-", "-"});
    } else {
      times.add({name, human_count(timing.count), human_ms(timing.p50_ms), human_ms(timing.p99_ms), human_ms(timing.mean_ms),
                 human_ms(timing.max_ms)});
    }
  }
  Table counts({"COUNT", "VALUE"});
  counts.add({"hotHits", human_count(stats.hot_hits)});
  counts.add({"warmHits", human_count(stats.warm_hits)});
  counts.add({"coldStarts", human_count(stats.cold_starts)});
  counts.add({"cacheHits", human_count(stats.cache_hits) + share_text(stats.cache_hits, stats.cache_misses)});
  counts.add({"cacheMisses", human_count(stats.cache_misses)});
  counts.add({"evictionRate", fmt::format("{:.1f} per minute", stats.eviction_rate)});
  counts.add({"assemblyToInferenceRatio", fmt::format("{:.3f}", stats.ratio)});
  const std::string why = stats.thrash_why.empty() ? "" : fmt::format("            {}\n", stats.thrash_why);
  return fmt::format("{}\n{}\nthrashing   {}\n{}", times.text(colours), counts.text(colours), thrash_line(stats, colours), why);
}

}  // namespace genepool::cli
