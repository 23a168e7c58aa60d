#include "cli/wire_status.h"

#include <fmt/chrono.h>

#include "cli/table.h"
#include "cli/wire_json.h"

namespace genepool::cli {
namespace {

TierInfo tier_from(const Json& j) {
  return {get<std::uint64_t>(j, "genomes"), get<std::uint64_t>(j, "limit_genomes"), get<std::uint64_t>(j, "bytes"),
          get<std::uint64_t>(j, "limit_bytes")};
}

RequestInfo request_from(const Json& j) {
  return {get<std::string>(j, "request"), get<std::string>(j, "genome"), get<std::string>(j, "stage"), get<double>(j, "ms"),
          get<std::uint64_t>(j, "tokens")};
}

StatusInfo status_from(const Json& j) {
  StatusInfo status;
  const Json& tiers = j.at("tiers");
  status.hot = tier_from(tiers.at("hot"));
  status.warm = tier_from(tiers.at("warm"));
  status.layer_bytes = get<std::uint64_t>(tiers.at("layers"), "bytes");
  status.kv_bytes = get<std::uint64_t>(tiers.at("kv"), "bytes");
  status.waiting = get<std::uint64_t>(tiers, "waiting");
  status.in_flight = get<std::uint64_t>(tiers, "in_flight");
  status.residents = each(j, "genomes", resident_from);
  status.requests = each(j, "requests", request_from);
  status.stats = stats_from(j.at("stats"));
  return status;
}

std::string time_text(const Json& j) {
  const auto seconds = static_cast<std::time_t>(get<std::int64_t>(j, "time_ms") / 1000);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return fmt::format("{:%H:%M:%S}", local);
}

// What the kinds of events have of their own; every other field as it is.
std::string field_text(const std::string& name, const Json& value) {
  if (name.ends_with("_ms") || name == "ms") return fmt::format("{} {}", name == "ms" ? "in" : name.substr(0, name.size() - 3), human_ms(value.get<double>()));
  return fmt::format("{} {}", name, value.is_string() ? value.get<std::string>() : value.dump());
}

std::string line_from(std::string_view type, const Json& j) {
  std::string line = fmt::format("{} {:<8}{}", time_text(j), type, get<std::string>(j, "genome"));
  if (j.contains("from")) line += fmt::format(": {} -> {}", get<std::string>(j, "from"), get<std::string>(j, "to"));
  for (const auto& [name, value] : j.items()) {
    const bool is_told = name == "time_ms" || name == "genome" || name == "from" || name == "to";
    const bool is_empty = value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty());
    if (!is_told && !is_empty) line += ", " + field_text(name, value);
  }
  return line;
}

}  // namespace

Result<StatusInfo> parse_status(std::string_view text) { return parsed(text, status_from); }

Result<std::string> event_line(std::string_view type, std::string_view data) {
  return parsed(data, [type](const Json& j) { return line_from(type, j); });
}

}  // namespace genepool::cli
