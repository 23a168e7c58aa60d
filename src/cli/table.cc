#include "cli/table.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <ctime>

namespace genepool::cli {
namespace {

std::string_view code_of(Paint paint) {
  switch (paint) {
    case Paint::kBold: return "\033[1m";
    case Paint::kDim: return "\033[2m";
    case Paint::kRed: return "\033[31m";
    case Paint::kGreen: return "\033[32m";
    case Paint::kYellow: return "\033[33m";
    case Paint::kNone: break;
  }
  return "";
}

// Columns a terminal needs: every byte of UTF-8 that does not continue a character starts one.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

std::string painted(std::string_view text, Paint paint, Colours colours) {
  if (colours == Colours::kPlain || paint == Paint::kNone || text.empty()) return std::string(text);
  return fmt::format("{}{}\033[0m", code_of(paint), text);
}

std::string Table::text(Colours colours) const {
  std::vector<std::size_t> widths;
  for (const std::string& header : headers_) widths.push_back(width_of(header));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < std::min(row.size(), widths.size()); ++i) {
      widths[i] = std::max(widths[i], width_of(row[i].text));
    }
  }
  const auto line_of = [&](const std::vector<Cell>& cells) {
    std::string line;
    for (std::size_t i = 0; i < std::min(cells.size(), widths.size()); ++i) {
      line += painted(cells[i].text, cells[i].paint, colours);
      if (i + 1 < cells.size()) line.append(widths[i] - width_of(cells[i].text) + 3, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
  };
  std::vector<Cell> headers;
  for (const std::string& header : headers_) headers.emplace_back(header, Paint::kBold);
  std::string text = line_of(headers);
  for (const auto& row : rows_) text += line_of(row);
  return text;
}

std::string human_bytes(std::uint64_t bytes) {
  static constexpr std::string_view kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(kUnits); ++unit) value /= 1024;
  const int decimals = unit == 0 || value >= 100 ? 0 : 1;
  return fmt::format("{:.{}f} {}", value, decimals, kUnits[unit]);
}

std::string human_count(std::uint64_t count) {
  std::string text;
  const std::string digits = std::to_string(count);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", human_count(count), noun, count == 1 ? "" : "s");
}

std::string human_ms(double ms) {
  if (ms >= 1000) return fmt::format("{:.2f} s", ms / 1000);
  const int decimals = ms < 10 ? 2 : ms < 100 ? 1 : 0;
  return fmt::format("{:.{}f} ms", ms, decimals);
}

std::string human_span(double ms) {
  const auto seconds = static_cast<std::int64_t>(std::floor(std::max(ms, 0.0) / 1000));
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m {}s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{}h {}m", seconds / 3600, seconds % 3600 / 60);
  return fmt::format("{}d {}h", seconds / 86400, seconds % 86400 / 3600);
}

namespace {

std::tm local_time(std::int64_t unix_ms) {
  const std::time_t seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return local;
}

}  // namespace

std::string human_date(std::int64_t unix_ms) { return fmt::format("{:%Y-%m-%d %H:%M}", local_time(unix_ms)); }
std::string human_moment(std::int64_t unix_ms) { return fmt::format("{:%Y-%m-%d %H:%M:%S}", local_time(unix_ms)); }

}  // namespace genepool::cli
