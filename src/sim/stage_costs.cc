#include "sim/stage_costs.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <vector>

#include "sim/shipped_costs.h"

namespace genepool {
namespace {

struct Stage {
  std::string_view name;
  StageQuantiles StageCosts::*quantiles;
};
constexpr Stage kStages[] = {{"layer_load_mib", &StageCosts::layer_load_mib}, {"fuse_mib", &StageCosts::fuse_mib},
                             {"spawn", &StageCosts::spawn},                   {"probe", &StageCosts::probe},
                             {"teardown", &StageCosts::teardown},             {"prefill_token", &StageCosts::prefill_token},
                             {"decode_token", &StageCosts::decode_token}};
struct Figure {
  std::string_view name;
  double StageCosts::*value;
};
constexpr Figure kFigures[] = {{"batch_of_4", &StageCosts::batch_of_4}, {"cores", &StageCosts::cores}};

// The numbers of "name,number,number"; empty when one is none or negative.
std::vector<double> numbers_of(std::string_view list) {
  std::vector<double> numbers;
  while (!list.empty()) {
    const std::string_view word = list.substr(0, list.find(','));
    double number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc{} || end != word.data() + word.size() || !std::isfinite(number) || number < 0) return {};
    numbers.push_back(number);
    list.remove_prefix(std::min(word.size() + 1, list.size()));
  }
  return numbers;
}

bool is_rising(const StageQuantiles& quantiles) { return std::is_sorted(quantiles.at.begin(), quantiles.at.end()); }

// False when the line is none of those there are.
bool read_line(std::string_view name, const std::vector<double>& numbers, StageCosts& costs) {
  for (const Stage& stage : kStages) {
    StageQuantiles& quantiles = costs.*stage.quantiles;
    if (name != stage.name || numbers.size() != quantiles.at.size()) continue;
    std::copy(numbers.begin(), numbers.end(), quantiles.at.begin());
    return is_rising(quantiles);
  }
  for (const Figure& figure : kFigures) {
    if (name != figure.name || numbers.size() != 1) continue;
    costs.*figure.value = numbers[0];
    return numbers[0] >= 1;
  }
  return false;
}

}  // namespace

double StageQuantiles::draw(Random& random) const {
  const double place = random.uniform() * static_cast<double>(at.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  return std::lerp(at[below], at[below + 1], place - static_cast<double>(below));
}

Result<StageCosts> parse_stage_costs(std::string_view text) {
  StageCosts costs;
  std::map<std::string_view, int> seen;
  int number = 0;
  while (!text.empty()) {
    ++number;
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t comma = line.find(',');
    const std::string_view name = line.substr(0, comma);
    const bool is_good = comma != std::string_view::npos && read_line(name, numbers_of(line.substr(comma + 1)), costs);
    if (!is_good) return fail(Code::kBadRequest, "line {}: wanted a stage and its 11 rising quantiles in seconds, found \"{}\"", number, line);
    if (++seen[name] > 1) return fail(Code::kBadRequest, "line {}: {} is there twice", number, name);
  }
  for (const Stage& stage : kStages) {
    if (!seen.contains(stage.name)) return fail(Code::kBadRequest, "there is no line for {}", stage.name);
  }
  for (const Figure& figure : kFigures) {
    if (!seen.contains(figure.name)) return fail(Code::kBadRequest, "there is no line for {}", figure.name);
  }
  return costs;
}

std::string stage_costs_text(const StageCosts& costs) {
  std::string text = "# seconds: stage and its quantiles 0, 10, ... 100 %\n";
  for (const Stage& stage : kStages) {
    text += stage.name;
    for (const double seconds : (costs.*stage.quantiles).at) text += fmt::format(",{:.4g}", seconds);
    text += '\n';
  }
  for (const Figure& figure : kFigures) text += fmt::format("{},{:.4g}\n", figure.name, costs.*figure.value);
  return text;
}

const StageCosts& shipped_stage_costs() {
  static const StageCosts costs = [] {
    Result<StageCosts> parsed = parse_stage_costs(kShippedCosts);
    GENEPOOL_CHECK(parsed.has_value(), "{}", parsed.error().message);
    return *parsed;
  }();
  return costs;
}

}  // namespace genepool
