#include "config/values.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>

#include "config/config.h"

namespace genepool {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t size;
};

constexpr std::int64_t kKibi = 1024;
constexpr std::array kCountUnits{Unit{"k", 1000}, Unit{"K", kKibi}, Unit{"m", 1'000'000}, Unit{"M", kKibi* kKibi}};
constexpr std::array kByteUnits{Unit{"TiB", kKibi* kKibi* kKibi* kKibi},
                                Unit{"GiB", kKibi* kKibi* kKibi},
                                Unit{"MiB", kKibi* kKibi},
                                Unit{"KiB", kKibi},
                                Unit{"TB", 1'000'000'000'000},
                                Unit{"GB", 1'000'000'000},
                                Unit{"MB", 1'000'000},
                                Unit{"kB", 1000},
                                Unit{"KB", 1000},
                                Unit{"G", kKibi* kKibi* kKibi},
                                Unit{"M", kKibi* kKibi},
                                Unit{"K", kKibi},
                                Unit{"B", 1}};
constexpr std::size_t kBinaryByteUnits = 4;  // the first of kByteUnits: what bytes_text() writes
constexpr std::array kTimeUnits{Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1000}, Unit{"ms", 1}};

std::optional<std::int64_t> size_of_unit(std::span<const Unit> units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return unit.size;
  }
  return std::nullopt;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct Piece {
  std::string_view number;  // digits, perhaps with one '.'
  std::string_view unit;
};

// Cuts "30m5s" after "30m".
Piece take_piece(std::string_view& rest) {
  const auto end_of = [&rest](std::size_t from, bool numeric) {
    while (from < rest.size() && (is_digit(rest[from]) || rest[from] == '.') == numeric) ++from;
    return from;
  };
  const std::size_t number = end_of(0, true);
  const std::size_t unit = end_of(number, false);
  const Piece piece{rest.substr(0, number), rest.substr(number, unit - number)};
  rest.remove_prefix(unit);
  return piece;
}

// number * unit; whole numbers exactly, "1.5" rounded. nullopt: not a number, or too large for 64 bits.
std::optional<std::int64_t> scaled(std::string_view number, std::int64_t unit) {
  const char* const end = number.data() + number.size();
  std::int64_t whole = 0;
  std::int64_t product = 0;
  if (const auto [stop, error] = std::from_chars(number.data(), end, whole); error == std::errc{} && stop == end) {
    if (__builtin_mul_overflow(whole, unit, &product)) return std::nullopt;
    return product;
  }
  double real = 0;
  const auto [stop, error] = std::from_chars(number.data(), end, real);
  const double value = real * static_cast<double>(unit);
  if (error != std::errc{} || stop != end || !(std::fabs(value) < 9.2e18)) return std::nullopt;
  return std::llround(value);
}

Result<std::int64_t> parse_one(std::string_view text, std::span<const Unit> units, std::string_view wanted) {
  std::string_view rest = text;
  const Piece piece = take_piece(rest);
  const std::optional<std::int64_t> unit = piece.unit.empty() ? 1 : size_of_unit(units, piece.unit);
  const std::optional<std::int64_t> value = unit && rest.empty() ? scaled(piece.number, *unit) : std::nullopt;
  if (!value) return fail(Code::kUsage, "wanted {}, found \"{}\"", wanted, text);
  return *value;
}

}  // namespace

Result<std::int64_t> parse_count(std::string_view text) {
  return parse_one(text, kCountUnits, "a count like 4096, 32k (thousands) or 32K (1024s)");
}

Result<std::int64_t> parse_bytes(std::string_view text) {
  return parse_one(text, kByteUnits, "a size like 4096, 512MiB, 1GB (1000s) or 1G (1024s)");
}

Result<std::int64_t> parse_millis(std::string_view text) {
  if (text == "-1") return -1;
  const auto refuse = [text] {
    return fail(Code::kUsage, "wanted a time like 20m, 1h30m, 500ms or -1 (never), found \"{}\"", text);
  };
  std::int64_t total = 0;
  std::string_view rest = text;
  do {
    const Piece piece = take_piece(rest);
    const bool is_plain = piece.unit.empty() && piece.number.size() == text.size();
    const std::optional<std::int64_t> unit = is_plain ? 1 : size_of_unit(kTimeUnits, piece.unit);
    const std::optional<std::int64_t> part = unit ? scaled(piece.number, *unit) : std::nullopt;
    if (!part || __builtin_add_overflow(total, *part, &total)) return refuse();
  } while (!rest.empty());
  return total;
}

Result<double> parse_ratio(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || !std::isfinite(value)) {
    return fail(Code::kUsage, "wanted a number like 0.5, found \"{}\"", text);
  }
  return value;
}

Result<bool> parse_flag(std::string_view text) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return fail(Code::kUsage, "wanted true or false, found \"{}\"", text);
}

std::string bytes_text(std::int64_t bytes) {
  for (const Unit& unit : std::span(kByteUnits).first(kBinaryByteUnits)) {
    if (bytes != 0 && bytes % unit.size == 0) return fmt::format("{}{}", bytes / unit.size, unit.name);
  }
  return fmt::format("{}", bytes);
}

std::string millis_text(std::int64_t millis) {
  if (millis <= 0) return fmt::format("{}", millis);
  std::string out;
  for (const Unit& unit : std::span(kTimeUnits).subspan(1)) {  // "24h" and not "1d": days are read, never written
    if (millis >= unit.size) out += fmt::format("{}{}", millis / unit.size, unit.name);
    millis %= unit.size;
  }
  return out;
}

}  // namespace genepool
