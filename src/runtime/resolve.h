// What a `model` text means: a genome's name, "base", or an inline stack, looked up in the catalog.
// Thread: any; reads the catalog.
#pragma once

#include <string_view>

#include "base/error.h"
#include "runtime/runtime.h"
#include "store/store.h"

namespace genepool {

// kGenomeNotFound, kLayerNotFound (with the nearest name), kBadRequest (an inline stack that does not parse), kConflict
// (the genome was made for another base).
[[nodiscard]] Result<ResolvedGenome> resolve_model(std::string_view model, const BaseModel& base, Store& store);

// The same for a row of the catalog, or of Store::preview().
[[nodiscard]] Result<ResolvedGenome> resolve_row(const GenomeRow& row, const BaseModel& base, Store& store);

// What there is to say of `base` and of inline stacks, which have no row of their own: one without a move.
[[nodiscard]] inline GenomeRow row_of(const ResolvedGenome& genome, const BaseModel& base) {
  GenomeRow row;
  row.name = genome.name;
  row.base = base.id;
  row.weights = base.weights;
  row.identity = genome.identity;
  row.version = genome.version;
  row.stack = genome.stack;
  row.entries = genome.genome.stack;
  return row;
}

// What the pool must know of it. The page is at most twice its layers: every pair may widen from 16 to 32 bit.
[[nodiscard]] GenomeSpec spec_of(const ResolvedGenome& genome);

}  // namespace genepool
