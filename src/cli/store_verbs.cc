// The verbs of the store as a whole: verify, info, gc.
#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "cli/catalog.h"
#include "cli/terminal.h"
#include "cli/verbs.h"

namespace genepool::cli {
namespace {

// Each file is read once, and told of under every name that it has.
Result<std::vector<VerifyInfo>> verify_all(Catalog& catalog, StatusLine& status) {
  GENEPOOL_TRY(const std::vector<LayerInfo> layers, catalog.layers(""));
  std::map<std::string, VerifyInfo> known;
  std::vector<VerifyInfo> verified;
  for (const LayerInfo& layer : layers) {
    status.show(fmt::format("{} of {}: {}", verified.size() + 1, layers.size(), layer.name));
    auto file = known.find(layer.id);
    if (file == known.end()) {
      GENEPOOL_TRY(VerifyInfo info, catalog.verify_layer(layer.name, ""));
      file = known.emplace(layer.id, std::move(info)).first;
    }
    verified.push_back(file->second);
    verified.back().name = layer.name;
  }
  return verified;
}

Result<std::vector<VerifyInfo>> verify_these(Catalog& catalog, const std::vector<std::string>& names, const std::string& source,
                                             StatusLine& status) {
  std::vector<VerifyInfo> verified;
  for (const std::string& name : names) {
    status.show(fmt::format("{} of {}: {}", verified.size() + 1, names.size(), name));
    GENEPOOL_TRY(verified.emplace_back(), catalog.verify_layer(name, source));
  }
  return verified;
}

std::string verified_text(const std::vector<VerifyInfo>& layers, const std::string& source) {
  std::string text;
  std::map<std::string, std::uint64_t> files;
  std::uint64_t bytes = 0, bad = 0;
  for (const VerifyInfo& layer : layers) {
    if (files.emplace(layer.id, layer.bytes).second) bytes += layer.bytes;
    if (!layer.problem.empty()) text += fmt::format("{}: {}\n", layer.name, layer.problem), ++bad;
  }
  const std::string names = layers.size() == files.size() ? "" : fmt::format(" under {} names", layers.size());
  const std::string good = source.empty() ? "all good" : fmt::format("good, and {} gives the same bytes", source);
  return text + fmt::format("{}{} verified, {}: {}\n", counted(files.size(), "layer"), names, human_bytes(bytes),
                            bad == 0 ? good : fmt::format("{} bad", bad));
}

}  // namespace

Result<int> verb_layer_verify(const Invocation& invocation) {
  const std::vector<std::string>& names = invocation.rest("LAYER");
  const std::string source = invocation.text("--reimport");
  if (!source.empty() && names.size() != 1) {
    return fail(Code::kUsage, "--reimport PATH compares with one layer: name it, for example: genepool layer verify pirate --reimport"
                              " demo/layers/pirate");
  }
  GENEPOOL_TRY(const auto catalog, open_catalog(invocation));
  StatusLine status;
  GENEPOOL_TRY(const std::vector<VerifyInfo> layers,
               names.empty() ? verify_all(*catalog, status) : verify_these(*catalog, names, source, status));
  status.clear();
  print(invocation.has("--json") ? json_of_verified(layers) + "\n" : verified_text(layers, source));
  const bool is_good = std::ranges::all_of(layers, [](const VerifyInfo& layer) { return layer.problem.empty(); });
  return is_good ? 0 : 1;
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
                    "prepared bases {}, {}\n"
                    "quota          {}\n",
                    human_count(info.layers), human_count(info.layer_names), human_bytes(info.layer_bytes),
                    human_bytes(info.unshared_bytes), human_count(info.unused_layer_names), human_bytes(info.unused_bytes),
                    human_count(info.genomes), human_count(info.versions), human_count(info.moves), human_bytes(info.catalog_bytes),
                    human_count(info.prepared_bases), human_bytes(info.prepared_bytes),
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
  print(fmt::format("{} and {}, {} {}\n", counted(garbage.layers.size(), "name"), counted(garbage.files, "file"),
                    human_bytes(garbage.bytes), garbage.is_dry_run ? "would be freed" : "freed"));
  return 0;
}

}  // namespace genepool::cli
