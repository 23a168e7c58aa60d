// Changes of the catalog, and what they mean for what is in memory. On the callers' threads, but for what is posted.
#include "genome/name.h"
#include "genome/page.h"
#include "import/import.h"
#include "runtime/resolve.h"
#include "runtime/runtime_impl.h"

namespace genepool {
namespace {

Result<MemoryFile> page_of(const ImportedLayer& layer) {
  GENEPOOL_TRY(const LayerView view, LayerView::parse(layer.bytes, false));
  const FusePart alone{&view, 1.0F};
  GENEPOOL_TRY(const FusePlan plan, FusePlan::make({&alone, 1}));
  GENEPOOL_TRY(MemoryFile page, MemoryFile::create("genepool-page", plan.byte_size()));
  GENEPOOL_TRY_VOID(plan.write(page.writable()));
  GENEPOOL_TRY_VOID(page.seal());
  return page;
}

}  // namespace

// ------------------------------------------------------------------------------------------------------ layers

Result<LayerRow> RuntimeImpl::add_layer(const NewLayer& wanted) {
  GENEPOOL_TRY_VOID(check_name(wanted.name));
  GENEPOOL_TRY(ImportedLayer layer, import_layer(wanted.path, base_));
  if (!store_->layer_by_id(layer.id)) {  // else it was tried out when it came
    GENEPOOL_TRY(layer.effect, try_out(layer));
    if (layer.effect->is_none && !wanted.force) {
      return fail(Code::kLayerRejected, "{}: it changes nothing: after {} prompts the base's logits are the same to the bit; "
                  "--force adds it all the same", wanted.path, layer.effect->prompts);
    }
  }
  return store_->add_layer(wanted.name, layer);
}

Result<LayerEffect> RuntimeImpl::try_out(const ImportedLayer& layer) {
  GENEPOOL_TRY_VOID(wait_ready(std::chrono::milliseconds(config().pool_deadline)));
  GENEPOOL_TRY(MemoryFile page, page_of(layer));
  std::promise<Result<LayerEffect>> promise;
  auto future = promise.get_future();
  loop_.post([this, &promise, page = std::make_shared<MemoryFile>(std::move(page))] {
    probes_.begin(*supervisor_, std::move(*page), [&promise](Result<LayerEffect> effect) { promise.set_value(std::move(effect)); });
  });
  return future.get();
}

Result<void> RuntimeImpl::remove_layer(std::string_view name) {
  GENEPOOL_TRY(const LayerId id, store_->remove_layer(name));
  // Another name may still point at the same bytes; then they stay usable.
  if (!store_->layer_by_id(id)) {
    on_strand([&] {
      pool_->feed(LayerGone{id});
      return 0;
    });
  }
  return {};
}

// ------------------------------------------------------------------------------------------------------ genomes

Result<GenomeRow> RuntimeImpl::create_genome(const Store::NewGenome& genome) {
  const auto old = store_->genome(genome.name);
  GENEPOOL_TRY(GenomeRow made, store_->create_genome(genome));
  if (old && old->identity != made.identity) GENEPOOL_TRY_VOID(on_name_gone(genome.name, old->identity));
  return made;
}

Result<void> RuntimeImpl::remove_genome(std::string_view name) {
  GENEPOOL_TRY(const GenomeRow row, store_->genome(name));
  GENEPOOL_TRY_VOID(store_->remove_genome(name));
  metrics_.forget_genome(name);
  return on_name_gone(name, row.identity);
}

Result<void> RuntimeImpl::on_name_gone(std::string_view name, const Identity& identity) {
  GENEPOOL_TRY(std::optional<std::string> other, store_->name_of(identity));
  if (identity == identity_of({base_.id, {}})) other = "base";
  loop_.post([this, gone = std::string(name), identity, other = std::move(other)] {
    const auto found = known_.find(identity);
    if (found == known_.end()) return;  // nothing of it is in memory
    if (other) {
      if (found->second.name == gone) found->second.name = *other;
      return;
    }
    const ResolvedGenome genome = found->second;
    pool_->feed(SetPin{spec_of(genome), false});
    bring_to(genome, Goal::kCold, [](const Result<void>&) {});
  });
  return {};
}

}  // namespace genepool
