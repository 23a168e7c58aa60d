// Names that move or go, and what that means for memory.
#include "runtime/resolve.h"
#include "runtime/runtime_impl.h"

namespace genepool {

// `row` is what the store answered to a move.
Result<GenomeRow> RuntimeImpl::moved(Result<GenomeRow> row) {
  if (row && row->left) GENEPOOL_TRY_VOID(on_name_gone(row->name, *row->left));
  return row;
}

Result<GenomeRow> RuntimeImpl::create_genome(const Store::NewGenome& genome) { return moved(store_->create_genome(genome)); }

Result<GenomeRow> RuntimeImpl::copy_genome(const Store::CopyGenome& copy) { return moved(store_->copy_genome(copy)); }

Result<GenomeRow> RuntimeImpl::roll_back(const Store::Rollback& back) { return moved(store_->roll_back(back)); }

Result<std::vector<GenomeRow>> RuntimeImpl::create_genomes(std::span<const Store::NewGenome> genomes) {
  GENEPOOL_TRY(std::vector<GenomeRow> made, store_->create_genomes(genomes));
  for (const GenomeRow& row : made) {
    if (row.left) GENEPOOL_TRY_VOID(on_name_gone(row.name, *row.left));
  }
  return made;
}

Result<void> RuntimeImpl::remove_genome(std::string_view name) {
  GENEPOOL_TRY(const GenomeRow row, store_->genome(name));
  GENEPOOL_TRY_VOID(store_->remove_genome(name));
  metrics_.forget_genome(name);
  return on_name_gone(name, {row.base, row.entries});
}

Result<Garbage> RuntimeImpl::collect_garbage(bool dry_run) {
  GENEPOOL_TRY(Garbage garbage, store_->collect_garbage(dry_run));
  if (dry_run) return garbage;
  loop_.post([this, files = garbage.files] {
    for (const LayerId& id : files) pool_->feed(LayerGone{id});
  });
  return garbage;
}

Result<void> RuntimeImpl::on_name_gone(std::string_view name, const Genome& genome) {
  if (genome.base != base_.id) return {};  // of another base: nothing of it is in memory
  GENEPOOL_TRY(std::optional<std::string> other, store_->name_of(identity_of(genome)));
  if (genome.stack.empty()) other = "base";
  const Identity identity = identity_of({base_.weights, genome.stack});
  loop_.post([this, gone = std::string(name), identity, other = std::move(other)] {
    const auto found = known_.find(identity);
    if (found == known_.end()) return;  // nothing of it is in memory
    if (other) {
      if (found->second.name == gone) found->second.name = *other;
      return;
    }
    const ResolvedGenome left = found->second;
    pool_->feed(SetPin{spec_of(left), false});
    bring_to(left, Goal::kCold, [](const Result<void>&) {});
  });
  return {};
}

}  // namespace genepool
