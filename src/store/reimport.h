// What it means when a layer's source was imported again: an importer's mistake shows as another id. Thread: any, pure.
// Use:   GENEPOOL_TRY(const ImportedLayer again, import_layer(path, base));
//        if (const std::string problem = difference_of(row, again); !problem.empty()) tell(problem);
#pragma once

#include <string>

#include "store/store.h"

namespace genepool {

[[nodiscard]] std::string difference_of(const LayerRow& stored, const ImportedLayer& again);  // "" = the same layer

}  // namespace genepool
