// `genome page`: a genome's fused page as a file. It is a plain GGUF adapter that stock llama.cpp loads with scale 1: a way
// out of genepool, and what `bench peers` gives to llama-server too.
#include <fstream>

#include "base/memory_file.h"
#include "cli/catalog.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "genome/page.h"

namespace genepool::cli {
namespace {

struct StoredLayer {
  Mapping file;
  LayerView view;  // points into `file`
};

Result<StoredLayer> open_layer(Catalog& catalog, const std::string& id) {
  StoredLayer layer;
  GENEPOOL_TRY(const std::string path, catalog.layer_file(id));
  GENEPOOL_TRY(layer.file, Mapping::of_file(path));
  if (sha256(layer.file.bytes()).hex() != id) return fail(Code::kLayerCorrupt, "{} is damaged: its hash is not its name", path);
  GENEPOOL_TRY(layer.view, LayerView::parse(layer.file.bytes(), true));
  return layer;
}

Result<std::vector<std::byte>> page_of(const GenomeInfo& genome, Catalog& catalog) {
  std::vector<StoredLayer> layers;
  for (const std::string& id : genome.layer_ids) {
    GENEPOOL_TRY(StoredLayer layer, open_layer(catalog, id));
    layers.push_back(std::move(layer));
  }
  std::vector<FusePart> parts;
  for (std::size_t i = 0; i < layers.size(); ++i) parts.push_back({&layers[i].view, genome.stack[i].weight});
  if (parts.empty()) return fail(Code::kBadRequest, "genome {} is the base alone: it has no page", genome.name);
  GENEPOOL_TRY(const FusePlan plan, FusePlan::make(parts));
  std::vector<std::byte> page(plan.byte_size());
  plan.write(page);
  return page;
}

}  // namespace

Result<int> verb_genome_page(const Invocation& invocation) {
  GENEPOOL_TRY(const auto catalog, open_catalog(invocation));
  GENEPOOL_TRY(const GenomeInfo genome, catalog->genome(invocation.argument("GENOME")));
  GENEPOOL_TRY(const std::vector<std::byte> page, page_of(genome, *catalog));
  const std::string& path = invocation.argument("FILE");
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(page.data()), static_cast<std::streamsize>(page.size()));
  file.close();
  if (!file) return fail(Code::kIo, "could not write {}", path);
  print(invocation.has("--json") ? json_of_texts({{"page", path}}) + "\n" : fmt::format("{}: {} bytes\n", path, page.size()));
  return 0;
}

}  // namespace genepool::cli
