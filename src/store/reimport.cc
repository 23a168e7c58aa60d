#include "store/reimport.h"

namespace genepool {

std::string difference_of(const LayerRow& stored, const ImportedLayer& again) {
  if (again.id == stored.id) return "";
  if (again.source_hash != stored.source_hash) {
    return fmt::format("the source is not the one that \"{}\" was imported from (its tensors have SHA-256 {}, then {})", stored.name,
                       again.source_hash.brief(), stored.source_hash.brief());
  }
  return fmt::format("the same tensors give layer {} now, and gave {} when \"{}\" was imported: its settings or the importer have"
                     " changed", again.id.brief(), stored.id.brief(), stored.name);
}

}  // namespace genepool
