#include "cli/top_view.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "cli/pool_views.h"

namespace genepool::cli {
namespace {

std::string bar(std::uint64_t part, std::uint64_t whole) {
  static constexpr std::size_t kWidth = 20;
  const double share = whole == 0 ? 0 : std::min(1.0, static_cast<double>(part) / static_cast<double>(whole));
  const auto full = static_cast<std::size_t>(std::lround(share * kWidth));
  return fmt::format("[{:#<{}}{:.<{}}]", "", full, "", kWidth - full);
}

std::string tier_line(std::string_view name, const TierInfo& tier, Paint paint, Colours colours) {
  return fmt::format("{} {} {:>4} of {:<4} {} of {}", painted(fmt::format("{:<5}", name), paint, colours), bar(tier.genomes, tier.limit_genomes),
                     tier.genomes, tier.limit_genomes, human_bytes(tier.bytes), human_bytes(tier.limit_bytes));
}

std::string share_text(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? human_count(part) : fmt::format("{} ({:.0f} %)", human_count(part), 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string hits_line(const StatsInfo& stats) {
  const std::uint64_t all = stats.hot_hits + stats.warm_hits + stats.cold_starts;
  return fmt::format("hits  HOT {}  WARM {}  COLD {}  layers in RAM {}  evictions {:.0f} a minute", share_text(stats.hot_hits, all),
                     share_text(stats.warm_hits, all), share_text(stats.cold_starts, all),
                     share_text(stats.cache_hits, stats.cache_hits + stats.cache_misses), stats.eviction_rate);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// A long table gives its last lines away, and says how many.
void append_section(std::vector<std::string>& screen, std::vector<std::string> lines, std::size_t most) {
  if (lines.size() > most && most > 0) {
    const std::size_t hidden = lines.size() - most + 1;
    lines.resize(most - 1);
    lines.push_back(fmt::format("... and {} more", hidden));
  }
  lines.resize(std::min(lines.size(), most));
  screen.insert(screen.end(), lines.begin(), lines.end());
}

std::string requests_text(const StatusInfo& status, Colours colours) {
  Table table({"REQUEST", "GENOME", "STAGE", "SINCE", "TOKENS"});
  for (const RequestInfo& row : status.requests) {
    table.add({row.request, row.genome, row.stage, human_ms(row.ms), human_count(row.tokens)});
  }
  return table.is_empty() ? "" : table.text(colours);
}

// Cut at `columns` characters; what paints a character takes no place.
std::string cut(const std::string& line, std::size_t columns) {
  std::string text;
  std::size_t width = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\033') {
      const std::size_t end = std::min(line.find('m', i), line.size() - 1);
      text.append(line, i, end - i + 1);
      i = end;
      continue;
    }
    const bool is_start = (static_cast<unsigned char>(line[i]) & 0xC0U) != 0x80U;
    if (is_start && ++width > columns) continue;
    if (width <= columns) text += line[i];
  }
  return text;
}

}  // namespace

std::string top_text(const StatusInfo& status, const std::vector<std::string>& events, ScreenSize size, Colours colours) {
  std::vector<std::string> screen;
  screen.push_back(tier_line("HOT", status.hot, Paint::kRed, colours));
  screen.push_back(tier_line("WARM", status.warm, Paint::kYellow, colours) + fmt::format(", layers {}, saved KV {}", human_bytes(status.layer_bytes), human_bytes(status.kv_bytes)));
  screen.push_back(hits_line(status.stats));
  screen.push_back("thrashing " + thrash_line(status.stats, colours));
  screen.push_back(fmt::format("requests {} running, {} waiting", status.in_flight, status.waiting));
  const auto room = [&] { return size.rows > screen.size() ? size.rows - screen.size() : 0; };
  const auto add = [&](const std::string& text, std::size_t most) {
    if (text.empty() || room() < 3) return;
    screen.emplace_back();
    append_section(screen, lines_of(text), std::min(most, room()));
  };
  add(residents_text(status.residents, colours), std::max<std::size_t>(4, size.rows / 2));
  add(requests_text(status, colours), std::max<std::size_t>(3, size.rows / 3));
  if (!events.empty() && room() > 1) {
    screen.emplace_back();
    const std::size_t shown = std::min(room(), events.size());
    for (std::size_t i = events.size() - shown; i < events.size(); ++i) screen.push_back(painted(events[i], Paint::kDim, colours));
  }
  std::string text;
  for (const std::string& line : screen) text += cut(line, size.columns) + "\n";
  return text;
}

}  // namespace genepool::cli
