// WARM: pages of genomes that are not HOT, and behind them the layers they were made from, which let new stacks be fused
// without disk. Both are charged to warm_bytes; layers leave first.
#include <fmt/format.h>

#include <algorithm>

#include "pool/state.h"

namespace genepool {

std::uint64_t PoolCore::State::warm_page_bytes() const {
  return total(Charge::kWarm).bytes + total(Charge::kFilling).bytes;
}

std::uint32_t PoolCore::State::warm_pages() const { return total(Charge::kWarm).count + total(Charge::kFilling).count; }

// Requires: no worker uses it and none is being started on it.
void PoolCore::State::drop_page(Entry& e) {
  e.has_page = e.is_stale = false;
  e.page_bytes = e.spec.page_bytes;
  out(DropPage{e.spec.identity});
  refresh(e);
}

void PoolCore::State::charge_layers(Entry& e, const std::vector<LayerCharge>& loaded) {
  for (const LayerCharge& layer : loaded) {
    if (std::find(e.spoiled.begin(), e.spoiled.end(), layer.id) != e.spoiled.end()) {
      if (!layers.contains(layer.id)) out(DropLayer{layer.id});  // else a later build has read it anew
      continue;
    }
    Layer& known = layers[layer.id];
    layer_bytes += layer.bytes - known.bytes;
    known = {layer.bytes, ++last_layer_use};
  }
}

void PoolCore::State::trim_warm() {
  const auto is_over_bytes = [&] { return warm_page_bytes() + layer_bytes > knobs.warm_bytes; };
  while (is_over_bytes() && drop_oldest_layer()) {
  }
  while ((is_over_bytes() || warm_pages() > knobs.warm_max_genomes) && drop_warm_page()) {
  }
}

// Layers that a build in flight reads from RAM.
std::set<LayerId> PoolCore::State::needed_layers() const {
  std::set<LayerId> needed;
  for (const auto& [identity, e] : entries) {
    if (!e.is_building) continue;
    for (const LayerCharge& layer : e.spec.layers) needed.insert(layer.id);
  }
  return needed;
}

bool PoolCore::State::drop_oldest_layer() {
  const std::set<LayerId> needed = needed_layers();
  auto oldest = layers.end();
  for (auto it = layers.begin(); it != layers.end(); ++it) {
    if (oldest != layers.end() && it->second.last_use >= oldest->second.last_use) continue;
    if (!needed.contains(it->first)) oldest = it;
  }
  if (oldest == layers.end()) return false;
  layer_bytes -= oldest->second.bytes;
  out(DropLayer{oldest->first});
  layers.erase(oldest);
  return true;
}

// First what cannot stay at all, then by policy; what someone waits for late, and pinned pages only when there is nothing
// else: a budget that was shrunk below what is pinned still binds.
bool PoolCore::State::drop_warm_page() {
  std::array<std::vector<Entry*>, 4> ranks;
  for (auto& [identity, e] : entries) {
    if (e.charged.kind != Charge::kWarm) continue;
    const bool is_hopeless = e.page_bytes > knobs.warm_bytes;
    ranks[is_hopeless ? 0 : e.is_pinned ? 3 : e.is_wanted() ? 2 : 1].push_back(&e);
  }
  const auto rank = std::find_if(ranks.begin(), ranks.end(), [](const auto& pages) { return !pages.empty(); });
  if (rank == ranks.end()) return false;
  Entry& victim = *(*rank)[choose(*warm_policy, *rank)];
  fail_commands(victim, busy_error(Code::kUnavailable, "there is no room for its page in warm.bytes"),
                [](Want want) { return want == Want::kWarm; });
  drop_page(victim);
  return true;
}

// In the order they were asked for, as many at a time as WARM could hold.
void PoolCore::State::start_preloads() {
  for (auto it = commands.begin(); it != commands.end();) {
    Command& c = it->second;
    Entry& e = *c.entry;
    ++it;
    if (c.want != Want::kWarm || e.is_building || !e.is_at_rest() || e.has_ready_page()) continue;
    if (e.page_bytes > knobs.warm_bytes || knobs.warm_max_genomes == 0) {
      finish(c, Error{Code::kTooLarge, fmt::format("its page of {} bytes does not fit WARM (warm.bytes {}, max_genomes {})",
                                                   e.page_bytes, knobs.warm_bytes, knobs.warm_max_genomes),
                      "", std::nullopt});
      continue;
    }
    const Total& filling = total(Charge::kFilling);
    if (filling.bytes + e.page_bytes > knobs.warm_bytes || filling.count >= knobs.warm_max_genomes) return;
    build(e);
  }
}

void PoolCore::State::handle(const LayerGone& gone) {
  if (board) board->on_layer_changed(gone.layer, now);  // the next load says what is wrong now
  if (const auto it = layers.find(gone.layer); it != layers.end()) {
    layer_bytes -= it->second.bytes;
    layers.erase(it);
    out(DropLayer{gone.layer});
  }
  for (auto& [identity, e] : entries) {
    const auto& used = e.spec.layers;
    if (std::none_of(used.begin(), used.end(), [&](const LayerCharge& l) { return l.id == gone.layer; })) continue;
    if (e.is_building) e.spoiled.push_back(gone.layer);
    if (!e.has_page) continue;
    if (e.worker) {
      e.is_stale = true;  // HOT ones keep running; the page leaves with the worker
    } else {
      unseat(e);
      drop_page(e);
    }
  }
}

}  // namespace genepool
