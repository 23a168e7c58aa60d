#include "runtime/assembly.h"

#include "genome/page.h"

namespace genepool {
namespace {

Result<LayerBytes> load(const LayerId& id, Store& store) {
  auto layer = std::make_shared<LoadedLayer>();
  GENEPOOL_TRY(layer->file, store.load_layer(id));
  // The values were checked at import and the checksum during the copy.
  GENEPOOL_TRY(layer->view, LayerView::parse(layer->file.bytes(), false));
  return layer;
}

Result<MemoryFile> fuse(const ResolvedGenome& genome, const std::map<LayerId, LayerBytes>& layers, SpareMemory& spare) {
  std::vector<FusePart> parts;
  for (const StackEntry& entry : genome.genome.stack) parts.push_back({&layers.at(entry.layer)->view, entry.weight});
  GENEPOOL_TRY(const FusePlan plan, FusePlan::make(parts));
  GENEPOOL_TRY(MemoryFile page, spare.take(plan.byte_size()));
  plan.write(page.writable());
  GENEPOOL_TRY_VOID(page.seal());
  return page;
}

}  // namespace

Result<BuiltPage> build_page(const ResolvedGenome& genome, const std::map<LayerId, LayerBytes>& resident, Store& store,
                              SpareMemory& spare) {
  BuiltPage built;
  if (genome.genome.stack.empty()) return built;
  std::map<LayerId, LayerBytes> layers;
  for (const StackEntry& entry : genome.genome.stack) {
    if (layers.contains(entry.layer)) continue;
    if (const auto found = resident.find(entry.layer); found != resident.end()) {
      layers.emplace(entry.layer, found->second);
      continue;
    }
    const Instant begin = monotonic_now();
    GENEPOOL_TRY(LayerBytes layer, load(entry.layer, store));
    built.load_times[entry.layer] = monotonic_now() - begin;
    built.loaded.emplace(entry.layer, layer);
    layers.emplace(entry.layer, std::move(layer));
  }
  const Instant begin = monotonic_now();
  GENEPOOL_TRY(built.page, fuse(genome, layers, spare));
  built.fuse = monotonic_now() - begin;
  return built;
}

Duration AssemblyTimes::load() const {
  Duration sum{};
  for (const auto& [layer, time] : load_times) sum += time;
  return sum;
}

void describe_assembly(const AssemblyTimes& times, const ResolvedGenome& genome, Receipt& receipt) {
  receipt.layer_load_ms = to_ms(times.load());
  receipt.layer_stack_ms = to_ms(times.stack());
  receipt.process_spawn_ms = to_ms(times.spawn);
  receipt.evicted = times.evicted;
  if (times.teardown) receipt.process_teardown_ms = to_ms(*times.teardown);
  const double stack_share =
      genome.stack.empty() ? 0 : receipt.layer_stack_ms / static_cast<double>(genome.stack.size());
  for (std::size_t i = 0; i < genome.stack.size(); ++i) {
    const auto found = times.load_times.find(genome.genome.stack[i].layer);
    receipt.layers[i].load_ms = found == times.load_times.end() ? 0 : to_ms(found->second);
    receipt.layers[i].stack_ms = stack_share;
  }
}

}  // namespace genepool
