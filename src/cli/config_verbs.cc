#include <fmt/core.h>

#include <algorithm>

#include "cli/settings.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "cli/wire.h"

namespace genepool::cli {
namespace {

Result<std::vector<SettingInfo>> all_settings(const Config& config) {
  std::vector<SettingInfo> settings;
  for (const ParamRow& row : param_rows()) {
    GENEPOOL_TRY(std::string value, param_text(config, row.name));
    const auto origin = config.origins.find(row.name);
    const Origin from = origin == config.origins.end() ? Origin::kDefault : origin->second;
    settings.push_back({std::string(row.name), std::move(value), std::string(origin_name(from))});
  }
  return settings;
}

// "0 (all)" for a setting whose 0 stands for something: its doc says "...; 0 = all".
std::string shown_value(const SettingInfo& setting) {
  static constexpr std::string_view kZeroIs = "0 = ";
  if (setting.value.empty()) return "-";
  if (setting.value != "0") return setting.value;
  const auto row = std::ranges::find(param_rows(), setting.name, &ParamRow::name);
  const std::size_t meaning = row->doc.find(kZeroIs);
  return meaning == std::string_view::npos ? "0" : fmt::format("0 ({})", row->doc.substr(meaning + kZeroIs.size()));
}

}  // namespace

Result<int> verb_config_show(const Invocation& invocation) {
  GENEPOOL_TRY(const Config config, settings_of(invocation));
  GENEPOOL_TRY(const std::vector<SettingInfo> settings, all_settings(config));
  const bool wants_origin = invocation.has("--origin");
  if (invocation.has("--json")) {
    print(json_of_settings(settings) + "\n");
    return 0;
  }
  Table table(wants_origin ? std::vector<std::string>{"SETTING", "VALUE", "ORIGIN"} : std::vector<std::string>{"SETTING", "VALUE"});
  for (const SettingInfo& s : settings) {
    const Paint paint = s.origin == "default" ? Paint::kNone : Paint::kBold;
    table.add({s.name, {shown_value(s), paint}, s.origin});
  }
  print(table.text(colours_for(invocation)));
  return 0;
}

Result<int> verb_config_check(const Invocation& invocation) {
  Invocation named = invocation;
  if (const std::string& file = invocation.argument("FILE"); !file.empty()) named.flags["--config"] = file;
  GENEPOOL_TRY_VOID(settings_of(named).map([](const Config&) {}));
  const std::string file = config_file_of(named);
  print(file.empty() ? "there is no config file; flags and environment are good\n" : fmt::format("{} is good\n", file));
  return 0;
}

}  // namespace genepool::cli
