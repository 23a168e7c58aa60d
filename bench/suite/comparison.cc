#include "suite/comparison.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "suite/measurement.h"

namespace genepool::bench {
namespace {

using Json = nlohmann::json;

struct Row {
  std::string title, unit;
  std::vector<double> samples;
  bool is_peer = false;
};
using Rows = std::vector<std::pair<std::string, Row>>;  // in the file's order

Result<Json> parsed(std::string_view text, std::string_view which) {
  Json json = Json::parse(text, nullptr, false);
  const bool is_result = json.is_object() && (json.contains("rows") || json.contains("contests")) && json.contains("machine");
  if (is_result) return json;
  return fail(Code::kBadRequest, "the {} file is no result of `genepool bench --json`", which);
}

Rows rows_of(const Json& result) {
  Rows rows;
  for (const Json& row : result.value("rows", Json::array())) {
    const std::string group = row.value("group", "");
    rows.emplace_back(row.at("id"), Row{(group.empty() ? "" : group + ": ") + row.at("title").get<std::string>(), row.at("unit"), row.at("samples")});
  }
  for (const Json& contest : result.value("contests", Json::array())) {
    for (const Json& one : contest.at("contestants")) {
      const std::string who = one.at("name");
      rows.emplace_back(contest.at("id").get<std::string>() + "/" + who,
                        Row{contest.at("title").get<std::string>() + ": " + who, contest.at("unit"), one.at("samples"), one.value("peer", false)});
    }
  }
  return rows;
}

// Percentiles 2.5 and 97.5 of the ratio of medians over resamples of both sides; the same seed, so the same answer every time.
std::pair<double, double> interval_of(const std::vector<double>& before, const std::vector<double>& after) {
  static constexpr std::size_t kResamples = 2000;
  std::mt19937_64 chance(1);
  const auto resampled = [&](const std::vector<double>& from) {
    std::vector<double> values(from.size());
    std::uniform_int_distribution<std::size_t> which(0, from.size() - 1);
    for (double& value : values) value = from[which(chance)];
    return median_of(std::move(values));
  };
  std::vector<double> ratios;
  for (std::size_t i = 0; i < kResamples; ++i) {
    const double old_median = resampled(before);
    ratios.push_back(old_median > 0 ? resampled(after) / old_median : 1);
  }
  std::ranges::sort(ratios);
  return {ratios[kResamples / 40], ratios[kResamples - 1 - kResamples / 40]};
}

ComparedRow compared(const Row& before, const Row& after) {
  ComparedRow row{before.title, before.unit, before.samples.size(), after.samples.size()};
  row.is_peer = before.is_peer;
  row.old_median = median_of(before.samples);
  row.new_median = median_of(after.samples);
  row.ratio = row.old_median > 0 ? row.new_median / row.old_median : 1;
  std::tie(row.least, row.most) = interval_of(before.samples, after.samples);
  const bool more_is_better = before.unit == "tokens/s";
  if (row.least > 1) row.change = more_is_better ? Change::kBetter : Change::kWorse;
  if (row.most < 1) row.change = more_is_better ? Change::kWorse : Change::kBetter;
  return row;
}

std::vector<std::string> warnings_of(const Json& before, const Json& after) {
  std::vector<std::string> warnings;
  const auto look = [&](const Json& a, const Json& b, const char* key) {
    const Json none;
    const Json &x = a.contains(key) ? a.at(key) : none, &y = b.contains(key) ? b.at(key) : none;
    if (x != y) warnings.push_back(fmt::format("{} differs: {} and {}", key, x.dump(), y.dump()));
  };
  for (const char* key : {"cpu", "cores", "kernel", "huge_pages"}) look(before.at("machine"), after.at("machine"), key);
  for (const char* key : {"engine", "base_id", "layers", "tokens", "rounds"}) look(before, after, key);
  if (before.contains("options") && after.contains("options")) {
    for (const char* key : {"tokens", "quick", "settings"}) look(before.at("options"), after.at("options"), key);
  }
  return warnings;
}

Result<Comparison> compare(const Json& before, const Json& after) {
  const std::string old_kind = before.value("kind", ""), new_kind = after.value("kind", "");
  if (old_kind != new_kind) return fail(Code::kBadRequest, "the two files are results of different suites: {} and {}", old_kind, new_kind);
  Comparison comparison;
  const Rows old_rows = rows_of(before);
  std::map<std::string, Row> new_rows;
  for (auto& [id, row] : rows_of(after)) new_rows.emplace(id, std::move(row));
  for (const auto& [id, row] : old_rows) {
    const auto found = new_rows.find(id);
    if (found == new_rows.end() || std::min(row.samples.size(), found->second.samples.size()) < kFewest) {
      comparison.left_out.push_back(row.title);
    } else {
      comparison.rows.push_back(compared(row, found->second));
    }
    if (found != new_rows.end()) new_rows.erase(found);
  }
  for (const auto& [id, row] : new_rows) comparison.left_out.push_back(row.title);
  comparison.warnings = warnings_of(before, after);
  return comparison;
}

cli::Cell change_cell(Change change) {
  switch (change) {
    case Change::kBetter: return {"better", cli::Paint::kGreen};
    case Change::kWorse: return {"WORSE", cli::Paint::kRed};
    case Change::kNone: break;
  }
  return "";
}

}  // namespace

Result<Comparison> compare_results(std::string_view old_json, std::string_view new_json) {
  GENEPOOL_TRY(const Json before, parsed(old_json, "first"));
  GENEPOOL_TRY(const Json after, parsed(new_json, "second"));
  try {
    return compare(before, after);
  } catch (const Json::exception& error) {
    return fail(Code::kBadRequest, "a result file is not as this program writes it: {}", error.what());
  }
}

std::string comparison_text(const Comparison& comparison, cli::Colours colours) {
  cli::Table table({"WHAT", "OLD", "NEW", "UNIT", "NEW / OLD", "95 % INTERVAL", ""});
  for (const ComparedRow& row : comparison.rows) {
    table.add({row.title, fmt::format("{:.4g}", row.old_median), fmt::format("{:.4g}", row.new_median), row.unit, fmt::format("{:.3f}", row.ratio),
               fmt::format("{:.3f} to {:.3f}", row.least, row.most), change_cell(row.change)});
  }
  std::string text = table.text(colours);
  for (const std::string& title : comparison.left_out) text += fmt::format("not compared (too few samples, or in one file only): {}\n", title);
  for (const std::string& warning : comparison.warnings) text += cli::painted(fmt::format("note: {}\n", warning), cli::Paint::kYellow, colours);
  return text;
}

}  // namespace genepool::bench
