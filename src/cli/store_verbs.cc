// The verbs of the store as a whole: verify, info, gc.
#include <fmt/core.h>

#include <set>

#include "cli/catalog.h"
#include "cli/terminal.h"
#include "cli/verbs.h"

namespace genepool::cli {
namespace {

// Every layer once, whatever names it has.
Result<std::vector<std::string>> names_of_all(Catalog& catalog) {
  GENEPOOL_TRY(const std::vector<LayerInfo> layers, catalog.layers(""));
  std::set<std::string> seen;
  std::vector<std::string> names;
  for (const LayerInfo& layer : layers) {
    if (seen.insert(layer.id).second) names.push_back(layer.name);
  }
  return names;
}

}  // namespace

Result<int> verb_layer_verify(const Invocation& invocation) {
  std::vector<std::string> names = invocation.rest("LAYER");
  if (invocation.has("--reimport") && names.size() != 1) {
    return fail(Code::kUsage, "--reimport PATH compares with one layer: name it, for example: genepool layer verify pirate --reimport"
                              " demo/layers/pirate");
  }
  GENEPOOL_TRY(const auto catalog, open_catalog(invocation));
  if (names.empty()) {
    GENEPOOL_TRY(names, names_of_all(*catalog));
  }
  std::vector<VerifyInfo> layers;
  std::uint64_t bytes = 0, bad = 0;
  StatusLine status;
  for (const std::string& name : names) {
    status.show(fmt::format("{} of {}: {}", layers.size() + 1, names.size(), name));
    GENEPOOL_TRY(layers.emplace_back(), catalog->verify_layer(name, invocation.text("--reimport")));
    bytes += layers.back().bytes;
    if (layers.back().problem.empty()) continue;
    ++bad;
    status.clear();
    if (!invocation.has("--json")) print(fmt::format("{}: {}\n", name, layers.back().problem));
  }
  status.clear();
  print(invocation.has("--json") ? json_of_verified(layers) + "\n"
                                 : fmt::format("{} layers verified, {}: {}\n", human_count(layers.size()), human_bytes(bytes),
                                               bad == 0 ? "all good" : fmt::format("{} bad", bad)));
  return bad == 0 ? 0 : 1;
}

Result<int> verb_store_info(const Invocation& invocation) {
  GENEPOOL_TRY(const auto catalog, open_catalog(invocation));
  GENEPOOL_TRY(const StoreInfo info, catalog->store_info());
  if (invocation.has("--json")) {
    print(json_of(info) + "\n");
    return 0;
  }
  print(fmt::format("layers         {} under {} names, {}; {} if every genome had its own\n"
                    "unused         {} names, {}: `genepool store gc` removes them\n"
                    "genomes        {} with {} versions and {} moves\n"
                    "catalog        {}\n"
                    "quota          {}\n",
                    human_count(info.layers), human_count(info.layer_names), human_bytes(info.layer_bytes),
                    human_bytes(info.unshared_bytes), human_count(info.unused_layer_names), human_bytes(info.unused_bytes),
                    human_count(info.genomes), human_count(info.versions), human_count(info.moves), human_bytes(info.catalog_bytes),
                    info.quota == 0 ? "none" : human_bytes(info.quota)));
  return 0;
}

Result<int> verb_store_gc(const Invocation& invocation) {
  GENEPOOL_TRY(const auto catalog, open_catalog(invocation));
  GENEPOOL_TRY(const GarbageInfo garbage, catalog->collect_garbage(invocation.has("--dry-run")));
  if (invocation.has("--json")) {
    print(json_of(garbage) + "\n");
    return 0;
  }
  for (const LayerInfo& layer : garbage.layers) {
    print(fmt::format("{}  {}  {}\n", layer.id.substr(0, 12), human_bytes(layer.bytes), layer.name));
  }
  print(fmt::format("{} names and {} files, {} {}\n", human_count(garbage.layers.size()), human_count(garbage.files),
                    human_bytes(garbage.bytes), garbage.is_dry_run ? "would be freed" : "freed"));
  return 0;
}

}  // namespace genepool::cli
