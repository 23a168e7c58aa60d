#include "sim/comparison.h"

#include <algorithm>

#include "sim/parallel.h"

namespace genepool {
namespace {

constexpr std::size_t kDraws = 1000;
constexpr std::size_t kFewestBlocks = 10;  // of fewer an interval says nothing

void bootstrap(Contest& contest, const std::vector<std::uint32_t>& base, std::uint64_t seed) {
  const std::vector<std::uint32_t>& mine = contest.result.block_misses;
  const std::size_t blocks = std::min(mine.size(), base.size());
  if (blocks < kFewestBlocks) return;
  Random random(seed);
  std::vector<double> ratios;
  for (std::size_t draw = 0; draw < kDraws; ++draw) {
    double ours = 0, theirs = 0;
    for (std::size_t i = 0; i < blocks; ++i) {
      const std::size_t block = random.below(blocks);
      ours += mine[block];
      theirs += base[block];
    }
    if (theirs > 0) ratios.push_back(ours / theirs);
  }
  if (ratios.empty()) return;
  contest.has_interval = true;
  std::ranges::sort(ratios);
  contest.least = ratios[ratios.size() * 25 / 1000];
  contest.most = ratios[ratios.size() * 975 / 1000];
}

}  // namespace

Result<Contender> parse_contender(std::string_view text) {
  Contender contender{.name = std::string(text)};
  contender.manager.sizing = SizingRule::kFixed;  // one that sizes may: the size given is where it begins
  contender.manager.prefetch = PrefetchRule::kOff;
  const std::string_view policy = text.substr(0, text.find('+'));
  const std::optional<PolicyKind> kind = policy_from(policy);
  if (!kind) return fail(Code::kUsage, "no policy is called \"{}\"", policy);
  contender.policy = *kind;
  for (std::size_t plus = text.find('+'); plus != std::string_view::npos; plus = text.find('+', plus + 1)) {
    const std::string_view extra = text.substr(plus + 1, text.find('+', plus + 1) - plus - 1);
    contender.manager.mode = ManagerMode::kOn;
    if (extra == "prefetch") {
      contender.manager.prefetch = PrefetchRule::kGated;
    } else if (extra == "law") {
      contender.manager.sizing = SizingRule::kLaw;
    } else if (extra == "founding") {
      contender.manager.sizing = SizingRule::kFounding;
      contender.manager.prefetch = PrefetchRule::kFounding;
    } else {
      return fail(Code::kUsage, "wanted +prefetch, +law or +founding, found \"+{}\"", extra);
    }
  }
  return contender;
}

std::vector<Contest> compare(const Trace& trace, const SimulationOptions& options, const std::vector<Contender>& contenders) {
  std::vector<Contest> contests(contenders.size());
  for_each_index(contenders.size(), [&](std::size_t i) {
    SimulationOptions mine = options;
    mine.knobs.hot_policy = contenders[i].policy;
    mine.manager = options.manager;  // prices and bounds; how it decides is the contender's
    mine.manager.mode = contenders[i].manager.mode;
    mine.manager.sizing = contenders[i].manager.sizing;
    mine.manager.prefetch = contenders[i].manager.prefetch;
    mine.manager.may_size_hot = contenders[i].manager.may_size_hot;
    mine.manager.may_size_warm = contenders[i].manager.may_size_warm;
    contests[i] = {.contender = contenders[i], .result = simulate(trace, mine)};
  });
  for (Contest& contest : contests) {
    const SimulationResult& base = contests.front().result;
    if (base.misses() > 0) contest.ratio = static_cast<double>(contest.result.misses()) / static_cast<double>(base.misses());
    contest.least = contest.most = contest.ratio;
    bootstrap(contest, base.block_misses, options.seed);
  }
  return contests;
}

}  // namespace genepool
