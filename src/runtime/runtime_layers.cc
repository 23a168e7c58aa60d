// Layers that come and go. On the callers' threads, but for what is posted.
#include "genome/name.h"
#include "genome/page.h"
#include "import/import.h"
#include "runtime/runtime_impl.h"
#include "store/reimport.h"

namespace genepool {
namespace {

Result<MemoryFile> page_of(const ImportedLayer& layer) {
  GENEPOOL_TRY(const LayerView view, LayerView::parse(layer.bytes, false));
  const FusePart alone{&view, 1.0F};
  GENEPOOL_TRY(const FusePlan plan, FusePlan::make({&alone, 1}));
  GENEPOOL_TRY(MemoryFile page, MemoryFile::create("genepool-page", plan.byte_size()));
  plan.write(page.writable());
  GENEPOOL_TRY_VOID(page.seal());
  return page;
}

}  // namespace

Result<LayerRow> RuntimeImpl::add_layer(const NewLayer& wanted) {
  GENEPOOL_TRY_VOID(check_name(wanted.name));
  GENEPOOL_TRY(ImportedLayer layer, import_layer(wanted.path, base_, {.force = wanted.force}));
  if (const auto known = store_->layer_by_id(layer.id); known && known->effect) {
    layer.effect = known->effect;
  } else {
    GENEPOOL_TRY(layer.effect, try_out(layer));
  }
  if (layer.effect->is_none && !wanted.force) {
    return fail(Code::kLayerRejected, "{}: it changes nothing: after {} prompts the base's logits are the same to the bit; "
                "--force adds it all the same", wanted.path, layer.effect->prompts);
  }
  GENEPOOL_TRY(LayerRow row, store_->add_layer(wanted.name, layer));
  loop_.post([this, id = row.id] { pool_->feed(LayerChanged{id}); });  // it may have mended a damaged file
  return row;
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

Result<std::string> RuntimeImpl::reimport(const std::string& path, std::string_view name) {
  GENEPOOL_TRY(const LayerRow row, store_->layer(name));
  GENEPOOL_TRY(const ImportedLayer again, import_layer(path, base_, {.force = true}));  // as it may have been then
  return difference_of(row, again);
}

}  // namespace genepool
