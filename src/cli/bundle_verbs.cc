// `genome export` and `genome import`: a genome as one file, and back; and Ollama's Modelfile as a genome.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/hash.h"
#include "base/memory_file.h"
#include "base/temporary_dir.h"
#include "cli/catalog.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "genome/base_name.h"
#include "genome/name.h"
#include "import/bundle.h"
#include "import/modelfile.h"

namespace genepool::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxModelfile = 1 << 20;

int report(const Invocation& invocation, const GenomeInfo& genome) {
  print(invocation.has("--json") ? json_of(genome) + "\n"
                                 : fmt::format("genome {} imported: {} layers, identity {}\n", genome.name, genome.stack.size(),
                                               genome.identity.substr(0, 12)));
  return 0;
}

// ---- export

Result<Manifest> manifest_of(const GenomeInfo& genome, Catalog& catalog, std::vector<std::string>& files) {
  Manifest manifest{.genome = genome.name,
                    .stack = genome.stack,
                    .system_prompt = genome.system_prompt,
                    .default_parameters = genome.parameters,
                    .identity = {},
                    .base = {},
                    .base_name = "",
                    .architecture = "",
                    .licence = "",
                    .layers = {}};
  GENEPOOL_TRY(manifest.identity, Digest::from_hex(genome.identity));
  GENEPOOL_TRY(manifest.base, Digest::from_hex(genome.base));
  for (std::size_t i = 0; i < genome.stack.size(); ++i) {
    const std::string& name = genome.stack[i].layer;
    if (std::ranges::any_of(manifest.layers, [&](const BundleLayer& layer) { return layer.name == name; })) continue;
    BundleLayer layer{.name = name, .id = {}, .bytes = 0};
    GENEPOOL_TRY(layer.id, Digest::from_hex(genome.layer_ids.at(i)));
    GENEPOOL_TRY(files.emplace_back(), catalog.layer_file(layer.id.hex()));
    GENEPOOL_TRY(const Mapping file, Mapping::of_file(files.back()));
    layer.bytes = file.bytes().size();
    manifest.layers.push_back(std::move(layer));
  }
  return manifest;
}

// ---- import of a bundle

// Takes the layers that an import has added away again, unless it came to its end.
class AddedLayers {
 public:
  explicit AddedLayers(Catalog& catalog) : catalog_(catalog) {}
  ~AddedLayers() {
    for (const std::string& name : names_) (void)catalog_.remove_layer(name);
  }
  AddedLayers(const AddedLayers&) = delete;
  AddedLayers& operator=(const AddedLayers&) = delete;
  void note(const std::string& name) { names_.push_back(name); }
  void keep() { names_.clear(); }

 private:
  Catalog& catalog_;
  std::vector<std::string> names_;
};

struct Place {
  std::string name;
  bool has_it = false;  // these very bytes are there under that name
};

// The name a bundle's layer gets here: its own, unless that is taken by other bytes.
Result<Place> place_for(Catalog& catalog, const BundleLayer& layer) {
  const std::string id = layer.id.hex();
  const std::string other = fmt::format("{}-{}", layer.name.substr(0, 50), id.substr(0, 8));
  for (const std::string& name : {layer.name, other}) {
    const auto found = catalog.layer(name);
    if (found && found->id == id) return Place{name, true};
    if (!found && found.error().code == Code::kLayerNotFound) return Place{name, false};
    if (!found) return tl::unexpected(found.error());
  }
  return fail(Code::kConflict, "the layer names {} and {} are both taken by other layers", layer.name, other);
}

Result<void> add_bundled_layer(Catalog& catalog, const BundleLayer& layer, const std::string& file, const std::string& name) {
  GENEPOOL_TRY(const LayerInfo added, catalog.add_layer({.path = file, .name = name, .force = true}, ""));
  if (added.id == layer.id.hex()) return {};
  // What the manifest says of the genome would not be true of it.
  (void)catalog.remove_layer(name);
  return fail(Code::kNotSupported, "layer {} was stored by another importer: this genepool makes other bytes of it", layer.name);
}

Result<GenomeInfo> import_bundle(const Invocation& invocation, Catalog& catalog, const std::string& path) {
  GENEPOOL_TRY(Bundle bundle, Bundle::open(path));
  const Manifest& manifest = bundle.manifest();
  GENEPOOL_TRY(const BaseInfo base, catalog.base(invocation.text("--base")));
  if (base.id != manifest.base.hex()) {
    return fail(Code::kConflict, "{} was made for the base {} ({}, SHA-256 {}), this one is {} ({}, {})", path, manifest.base_name,
                manifest.architecture, manifest.base.brief(), base.name, base.architecture, base.id.substr(0, 12));
  }
  // All of it is read and checked before anything is added.
  GENEPOOL_TRY(const TemporaryDir dir, TemporaryDir::make());
  for (const BundleLayer& layer : manifest.layers) GENEPOOL_TRY_VOID(bundle.extract_layer(dir.file(layer.name + ".gguf")));
  GENEPOOL_TRY_VOID(bundle.finish());

  StatusLine status;
  AddedLayers added(catalog);
  std::map<std::string, std::string> names;
  for (const BundleLayer& layer : manifest.layers) {
    GENEPOOL_TRY(const Place place, place_for(catalog, layer));
    names[layer.name] = place.name;
    status.show(fmt::format("adding layer {} ...", place.name));
    if (place.has_it) continue;
    GENEPOOL_TRY_VOID(add_bundled_layer(catalog, layer, dir.file(layer.name + ".gguf"), place.name));
    added.note(place.name);
  }
  NewGenomeRequest genome{.name = invocation.text("--as", manifest.genome),
                          .system_prompt = manifest.system_prompt,
                          .parameters = manifest.default_parameters,
                          .stack = {},
                          .replace = invocation.has("--replace"),
                          .if_version = "",
                          .skip_golden = invocation.has("--skip-golden")};
  for (const NamedEntry& entry : manifest.stack) genome.stack.push_back(entry_text({names.at(entry.layer), entry.weight}));
  GENEPOOL_TRY(GenomeInfo made, catalog.create_genome(genome, ""));
  added.keep();
  return made;
}

// ---- import of a Modelfile

// FROM names a file, which must be the base's own, or an entry of Ollama's library, which nobody here can look up.
Result<void> check_from(const std::string& from, const fs::path& folder, const BaseInfo& base) {
  const fs::path file = folder / from;
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) {
    const bool is_path = from.starts_with('.') || from.starts_with('/') || from.ends_with(".gguf");
    if (is_path) return fail(Code::kNotFound, "FROM {}: there is no such file", from);
    if (compare_base_names(from, base.name) == BaseNames::kDiffer) {
      return fail(Code::kConflict, "FROM {} is another model than the base here, {}", from, base.name);
    }
    print_note(fmt::format("FROM {} is taken to be the base here, {}", from, base.name));
    return {};
  }
  GENEPOOL_TRY(const Digest id, sha256_of_file(file.string()));
  if (id.hex() == base.id) return {};
  return fail(Code::kConflict, "FROM {} is another file than the base here, {}", from, base.name);
}

Result<GenomeInfo> import_modelfile(const Invocation& invocation, Catalog& catalog, const std::string& path) {
  GENEPOOL_TRY(const Mapping file, Mapping::of_file(path));
  if (file.bytes().size() > kMaxModelfile) return fail(Code::kTooLarge, "{} is neither a bundle nor a Modelfile", path);
  const auto parsed = parse_modelfile({reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()});
  if (!parsed) return fail(parsed.error().code, "{} is no bundle, and as a Modelfile: {}", path, parsed.error().message);
  const Modelfile& modelfile = *parsed;
  const std::string name = invocation.text("--as");
  if (name.empty()) return fail(Code::kUsage, "a Modelfile does not name its model: name the genome with --as NAME");
  GENEPOOL_TRY_VOID(check_name(name));
  if (!modelfile.chat_template.empty() && !invocation.has("--ignore-template")) {
    return fail(Code::kNotSupported, "{} has a TEMPLATE; genomes use the base's own chat template: --ignore-template if they agree", path);
  }
  std::vector<std::string> left_out;
  NewGenomeRequest genome{.name = name,
                          .system_prompt = modelfile.system,
                          .parameters = "",
                          .stack = {},
                          .replace = invocation.has("--replace"),
                          .if_version = "",
                          .skip_golden = invocation.has("--skip-golden")};
  GENEPOOL_TRY(genome.parameters, parameters_of(modelfile, left_out));
  for (const std::string& parameter : left_out) print_note(fmt::format("PARAMETER {} belongs to the server: left out", parameter));
  const fs::path folder = fs::absolute(path).parent_path();
  GENEPOOL_TRY(const BaseInfo base, catalog.base(invocation.text("--base")));
  GENEPOOL_TRY_VOID(check_from(modelfile.from, folder, base));
  AddedLayers added(catalog);
  for (std::size_t i = 0; i < modelfile.adapters.size(); ++i) {
    const std::string layer = modelfile.adapters.size() == 1 ? name : fmt::format("{}-{}", name, i + 1);
    const bool was_there = catalog.layer(layer).has_value();
    GENEPOOL_TRY_VOID(catalog.add_layer({.path = (folder / modelfile.adapters[i]).string(), .name = layer, .force = false}, ""));
    if (!was_there) added.note(layer);
    genome.stack.push_back(layer + ":1");
  }
  GENEPOOL_TRY(GenomeInfo made, catalog.create_genome(genome, ""));
  added.keep();
  return made;
}

bool is_tar(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  char magic[5] = {};
  file.seekg(257).read(magic, sizeof magic);
  return file && std::string_view(magic, sizeof magic) == "ustar";
}

}  // namespace

Result<int> verb_genome_export(const Invocation& invocation) {
  GENEPOOL_TRY(const auto catalog, open_catalog(invocation));
  GENEPOOL_TRY(const GenomeInfo genome, catalog->genome(invocation.argument("GENOME")));
  std::vector<std::string> files;
  GENEPOOL_TRY(Manifest manifest, manifest_of(genome, *catalog, files));
  manifest.licence = invocation.text("--licence");
  if (const auto base = catalog->base(""); base && base->id == genome.base) {
    manifest.base_name = base->name;
    manifest.architecture = base->architecture;
  }
  if (invocation.argument("FILE") == "-") return fail(Code::kUsage, "a bundle is written into a file, not to stdout: name one");
  const std::string path = invocation.argument("FILE").empty() ? genome.name + ".genome" : invocation.argument("FILE");
  GENEPOOL_TRY_VOID(write_bundle(path, manifest, files));
  print(invocation.has("--json") ? json_of_texts({{"bundle", path}}) + "\n"
                                 : fmt::format("{}: {} with {} layers\n", path, genome.name, manifest.layers.size()));
  return 0;
}

Result<int> verb_genome_import(const Invocation& invocation) {
  const std::string& path = invocation.argument("FILE");
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return fail(Code::kUsage, "{} is a folder: a layer comes in with `genepool layer add`", path);
  if (!fs::is_regular_file(path, ignored)) return fail(Code::kNotFound, "there is no file {}", path);
  GENEPOOL_TRY(const auto catalog, open_catalog(invocation));
  GENEPOOL_TRY(const GenomeInfo genome, is_tar(path) ? import_bundle(invocation, *catalog, path)
                                                      : import_modelfile(invocation, *catalog, path));
  return report(invocation, genome);
}

}  // namespace genepool::cli
