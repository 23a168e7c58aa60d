#include "runtime/resolve.h"

#include <algorithm>

namespace genepool {
namespace {

Result<void> add_layer_charges(ResolvedGenome& genome, Store& store) {
  for (const StackEntry& entry : genome.genome.stack) {
    const auto is_same = [&](const LayerCharge& charge) { return charge.id == entry.layer; };
    if (std::ranges::any_of(genome.layers, is_same)) continue;
    GENEPOOL_TRY(const LayerRow row, store.layer_by_id(entry.layer));
    genome.layers.push_back({row.id, row.bytes});
  }
  return {};
}

Result<ResolvedGenome> resolve_inline(std::string_view model, const BaseModel& base, Store& store) {
  ResolvedGenome resolved;
  GENEPOOL_TRY(resolved.stack, parse_inline_stack(model));
  resolved.genome.base = base.weights;
  for (const NamedEntry& entry : resolved.stack) {
    GENEPOOL_TRY(const LayerRow layer, store.layer(entry.layer));
    resolved.genome.stack.push_back({layer.id, entry.weight});
  }
  resolved.identity = identity_of(resolved.genome);
  resolved.version = version_of(identity_of({base.id, resolved.genome.stack}), "", "");
  return resolved;
}

Result<ResolvedGenome> meaning_of(const GenomeRow& row, const BaseModel& base) {
  if (row.base != base.id) {
    return fail(Code::kConflict, "genome \"{}\" was made for base {}, this server has base {}: create it again with --replace",
                row.name, row.base.brief(), base.id.brief());
  }
  ResolvedGenome resolved;
  resolved.genome = {row.weights, row.entries};
  resolved.identity = row.identity;
  resolved.version = row.version;
  resolved.stack = row.stack;
  resolved.system_prompt = row.system_prompt;
  resolved.default_parameters = row.default_parameters;
  return resolved;
}

Result<ResolvedGenome> resolve_name(std::string_view model, const BaseModel& base, Store& store) {
  auto found = store.genome(model);
  if (!found && found.error().code == Code::kGenomeNotFound && store.layer(model)) {
    return fail_param(Code::kGenomeNotFound, "model", "there is no genome \"{}\", but a layer: ask for base+{}", model, model);
  }
  if (!found) return tl::unexpected(std::move(found.error()));
  return meaning_of(*found, base);
}

}  // namespace

Result<ResolvedGenome> resolve_model(std::string_view model, const BaseModel& base, Store& store) {
  ResolvedGenome resolved;
  if (model == "base") {
    resolved.genome.base = base.weights;
    resolved.identity = identity_of(resolved.genome);
    resolved.version = version_of(identity_of({base.id, resolved.genome.stack}), "", "");
  } else if (is_inline_stack(model)) {
    GENEPOOL_TRY(resolved, resolve_inline(model, base, store));
  } else {
    GENEPOOL_TRY(resolved, resolve_name(model, base, store));
  }
  resolved.name = std::string(model);
  GENEPOOL_TRY_VOID(add_layer_charges(resolved, store));
  return resolved;
}

Result<ResolvedGenome> resolve_row(const GenomeRow& row, const BaseModel& base, Store& store) {
  GENEPOOL_TRY(ResolvedGenome resolved, meaning_of(row, base));
  resolved.name = row.name;
  GENEPOOL_TRY_VOID(add_layer_charges(resolved, store));
  return resolved;
}

GenomeSpec spec_of(const ResolvedGenome& genome) {
  GenomeSpec spec{genome.identity, 0, genome.layers};
  for (const StackEntry& entry : genome.genome.stack) {
    const auto charge = std::ranges::find(genome.layers, entry.layer, &LayerCharge::id);
    spec.page_bytes += 2 * charge->bytes;
  }
  return spec;
}

}  // namespace genepool
