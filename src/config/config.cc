#include "config/config.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <type_traits>
#include <variant>

#include "base/log.h"
#include "config/origin.h"
#include "config/values.h"
#include "genome/name.h"

extern char** environ;

namespace genepool {
namespace {

// The words of params.def's `kind` column.
namespace kind_of {
constexpr ParamKind count = ParamKind::kCount, ratio = ParamKind::kRatio, bytes = ParamKind::kBytes, millis = ParamKind::kMillis,
                    flag = ParamKind::kFlag, text = ParamKind::kText;
}

using Field = std::variant<std::int64_t Config::*, double Config::*, bool Config::*, std::string Config::*>;
struct Bounds {
  Field field;
  double least, most;  // of numbers; every int64 bound of the table is exact in a double
};

template <class T>
constexpr double number(const T& bound) {
  if constexpr (std::is_arithmetic_v<T>) return static_cast<double>(bound);
  return 0;
}

std::string text_of(ParamKind, std::string_view value) { return std::string(value); }
std::string text_of(ParamKind, bool value) { return value ? "true" : "false"; }
std::string text_of(ParamKind, double value) { return fmt::format("{}", value); }
std::string text_of(ParamKind kind, std::int64_t value) {
  if (kind == ParamKind::kBytes) return bytes_text(value);
  return kind == ParamKind::kMillis ? millis_text(value) : fmt::format("{}", value);
}

const std::array kRows{
#define GENEPOOL_PARAM(field, name, kind, default_value, least, most, live, doc) \
  ParamRow{name,                                                                 \
           kind_of::kind,                                                        \
           text_of(kind_of::kind, param_type::kind(default_value)),              \
           text_of(kind_of::kind, param_type::kind(least)),                      \
           text_of(kind_of::kind, param_type::kind(most)),                       \
           Live::live,                                                           \
           doc},
#include "config/params.def"
#undef GENEPOOL_PARAM
};

constexpr std::array kBounds{
#define GENEPOOL_PARAM(field, name, kind, default_value, least, most, live, doc) \
  Bounds{Field(&Config::field), number(least), number(most)},
#include "config/params.def"
#undef GENEPOOL_PARAM
};

Result<std::size_t> index_of(std::string_view name) {
  const auto found = std::ranges::find(kRows, name, &ParamRow::name);
  if (found != kRows.end()) return static_cast<std::size_t>(found - kRows.begin());
  std::vector<std::string> known;
  for (const ParamRow& row : kRows) known.emplace_back(row.name);
  const std::optional<std::string> nearest = nearest_name(name, known);
  return fail_param(Code::kUsage, std::string(name), "there is no setting {}{}", name,
                    nearest ? fmt::format("; did you mean {}?", *nearest) : std::string());
}

// `value` in the row's unit, whatever T.
template <class T>
Result<T> parse_as(ParamKind kind, std::string_view value) {
  if constexpr (std::is_same_v<T, bool>) {
    return parse_flag(value);
  } else if constexpr (std::is_same_v<T, double>) {
    return parse_ratio(value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    return std::string(value);
  } else {
    if (kind == ParamKind::kBytes) return parse_bytes(value);
    return kind == ParamKind::kMillis ? parse_millis(value) : parse_count(value);
  }
}

bool is_one_of(std::string_view word, std::string_view allowed) {
  while (true) {
    const std::size_t bar = allowed.find('|');
    if (word == allowed.substr(0, bar)) return true;
    if (bar == std::string_view::npos) return false;
    allowed.remove_prefix(bar + 1);
  }
}

template <class T>
Result<T> checked(const ParamRow& row, const Bounds& bounds, std::string_view text) {
  GENEPOOL_TRY(T value, parse_as<T>(row.kind, text));
  if constexpr (std::is_same_v<T, std::string>) {
    if (!row.least_text.empty() && !is_one_of(value, row.least_text)) {
      return fail(Code::kUsage, "wanted one of {}, found \"{}\"", row.least_text, value);
    }
  } else if constexpr (!std::is_same_v<T, bool>) {
    if (row.kind == ParamKind::kMillis && value == -1) return static_cast<T>(bounds.most);
    if (number(value) < bounds.least || number(value) > bounds.most) {
      return fail(Code::kUsage, "wanted {} to {}, found {}", row.least_text, row.most_text, text);
    }
  }
  return value;
}

Result<void> assign(Config& config, std::size_t index, std::string_view text) {
  const ParamRow& row = kRows[index];
  auto assigned = std::visit(
      [&](auto field) -> Result<void> {
        using T = std::remove_cvref_t<decltype(config.*field)>;
        GENEPOOL_TRY(config.*field, checked<T>(row, kBounds[index], text));
        return {};
      },
      kBounds[index].field);
  if (!assigned) return fail_param(Code::kUsage, std::string(row.name), "{}: {}", row.name, assigned.error().message);
  return {};
}

// A typo in the environment would be silent. Only a warning: Kubernetes makes GENEPOOL_SERVER_PORT and the like by itself.
void warn_of_unknown_environment() {
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('='));
    const auto shares_section = [name](const ParamRow& row) {
      const std::string known = row.environment_name();
      return name.starts_with(std::string_view(known).substr(0, std::string_view("GENEPOOL_").size() + row.name.find('.') + 1));
    };
    const auto is_it = [name](const ParamRow& row) { return name == row.environment_name(); };
    if (std::ranges::any_of(kRows, shares_section) && std::ranges::none_of(kRows, is_it)) {
      log(Level::kWarn, "environment variable looks like a setting and is none", {{"name", std::string(name)}});
    }
  }
}

}  // namespace

std::string ParamRow::environment_name() const {
  std::string out = "GENEPOOL_";
  for (const char c : name) out.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c == '.' ? '_' : c);
  return out;
}

std::span<const ParamRow> param_rows() { return kRows; }

std::string_view origin_name(Origin origin) {
  static constexpr std::array<std::string_view, 6> kNames = {"default", "file", "environment", "flag", "operator", "manager"};
  return kNames.at(static_cast<std::size_t>(origin));
}

Result<void> set_param(Config& config, std::string_view name, std::string_view value, Origin origin) {
  GENEPOOL_TRY(const std::size_t index, index_of(name));
  GENEPOOL_TRY_VOID(assign(config, index, value));
  config.origins.insert_or_assign(std::string(name), origin);
  return {};
}

Result<void> offer_param(Config& config, std::string_view name, std::string_view value, Origin origin) {
  const auto known = config.origins.find(name);
  if (known == config.origins.end() || known->second <= origin) return set_param(config, name, value, origin);
  Config scratch;
  return set_param(scratch, name, value, origin);
}

Result<std::string> param_text(const Config& config, std::string_view name) {
  GENEPOOL_TRY(const std::size_t index, index_of(name));
  return std::visit([&](auto field) { return text_of(kRows[index].kind, config.*field); }, kBounds[index].field);
}

Result<void> load_environment(Config& config) {
  Config loaded = config;
  for (const ParamRow& row : kRows) {
    const std::string variable = row.environment_name();
    const char* const value = std::getenv(variable.c_str());
    if (value == nullptr) continue;
    auto set = offer_param(loaded, row.name, value, Origin::kEnvironment);
    if (!set) return fail_param(Code::kUsage, set.error().param, "{}: {}", variable, set.error().message);
  }
  warn_of_unknown_environment();
  config = std::move(loaded);
  return {};
}

std::string data_dir_of(const Config& config) {
  if (!config.server_data_dir.empty()) return config.server_data_dir;
  // The XDG rule: a relative value is to be ignored.
  const char* const data_home = std::getenv("XDG_DATA_HOME");
  if (data_home != nullptr && data_home[0] == '/') return std::string(data_home) + "/genepool";
  const char* const home = std::getenv("HOME");
  return std::string(home != nullptr && home[0] == '/' ? home : "/tmp") + "/.local/share/genepool";
}

}  // namespace genepool
