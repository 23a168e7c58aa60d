#include "manager/settings_of_config.h"

#include <algorithm>
#include <array>

namespace genepool {
namespace {

// The word's place in the enum. params.def lets no other words in.
template <class E, std::size_t N>
E word_of(const std::array<std::string_view, N>& words, std::string_view word) {
  const auto it = std::ranges::find(words, word);
  GENEPOOL_CHECK(it != words.end(), "no such word: {}", word);
  return static_cast<E>(it - words.begin());
}

Origin origin_of(const Config& config, std::string_view setting) {
  const auto origin = config.origins.find(setting);
  return origin == config.origins.end() ? Origin::kDefault : origin->second;
}

bool is_ours(const Config& config, std::string_view setting) {
  const Origin origin = origin_of(config, setting);
  return origin == Origin::kDefault || origin == Origin::kManager;
}

}  // namespace

ManagerSettings manager_settings_of(const Config& config, const KnobDefaults& defaults) {
  static constexpr std::array<std::string_view, 3> kModes = {"off", "advise", "on"}, kSizing = {"fixed", "law", "founding"},
                                                   kPrefetch = {"off", "gated", "founding"};
  ManagerSettings settings;
  settings.mode = word_of<ManagerMode>(kModes, config.manager_mode);
  settings.sizing = word_of<SizingRule>(kSizing, config.manager_sizing);
  settings.prefetch = word_of<PrefetchRule>(kPrefetch, config.manager_prefetch);
  settings.may_size_hot = is_ours(config, "pool.max_hot");
  settings.may_size_warm = is_ours(config, "warm.max_genomes") && is_ours(config, "warm.bytes");
  const auto least = static_cast<std::uint32_t>(config.manager_hot_least), most = static_cast<std::uint32_t>(config.manager_hot_most);
  settings.hot_places = {std::min(least, most), std::max(least, most)};
  const Knobs knobs = knobs_of(config, defaults);
  settings.memory_bytes = knobs.hot_bytes + (origin_of(config, "warm.bytes") == Origin::kManager ? defaults.warm_bytes : knobs.warm_bytes);
  settings.prices = {.load_second = 1, .gb_second = 1e3 / static_cast<double>(config.manager_gb_second)};
  return settings;
}

}  // namespace genepool
