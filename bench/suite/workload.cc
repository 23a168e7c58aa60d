#include "suite/workload.h"

#include <fmt/core.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "import/import.h"
#include "store/store.h"

namespace genepool::bench {
namespace {

namespace fs = std::filesystem;

bool is_on_disk(const std::string& path) {
  struct statfs info {};
  if (::statfs(path.c_str(), &info) != 0) return true;
  return info.f_type != TMPFS_MAGIC && info.f_type != RAMFS_MAGIC;
}

// The first model that an earlier `make demo` or `tools/bootstrap` left in the user's cache.
std::string cached_base() {
  std::set<std::string> models;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(cache_dir() + "/models", ignored)) {
    if (entry.path().extension() == ".gguf") models.insert(entry.path().string());
  }
  return models.empty() ? "" : *models.begin();
}

// The base that the user's own data directory remembers; "" when it has none or a server holds it.
std::string remembered_base(const std::string& data_dir) {
  std::error_code ignored;
  if (!fs::exists(data_dir + "/catalog.sqlite", ignored)) return "";
  auto store = Store::open(data_dir);
  if (!store) return "";
  const auto base = (*store)->use_base("");
  return base ? base->first : "";
}

Result<std::string> find_base(const WorkloadOptions& options) {
  std::string base = options.base;
  if (base.empty()) base = remembered_base(options.user_data_dir);
  if (base.empty()) base = cached_base();
  if (base.empty()) {
    return fail(Code::kNotFound, "no base model: name one with --base FILE, or let `make demo` fetch the small one");
  }
  return base;
}

// demo/layers in the working directory, or in the source tree that this program was built in.
std::string demo_layers() {
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  for (const fs::path& candidate : {fs::path("demo/layers"), program.parent_path() / "../demo/layers"}) {
    if (fs::is_directory(candidate, ignored)) return fs::weakly_canonical(candidate, ignored).string();
  }
  return "";
}

Result<void> add_layer(Store& store, const std::string& name, const ImportedLayer& layer, Workload& workload) {
  GENEPOOL_TRY(const LayerRow row, store.add_layer(name, layer));
  workload.layers.push_back(name);
  workload.layer_bytes += row.bytes;
  return {};
}

Result<void> import_folder(Store& store, const std::string& folder, const BaseModel& base, Workload& workload) {
  std::set<fs::path> sources;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (fs::exists(entry.path() / "adapter_config.json") || entry.path().extension() == ".gguf") sources.insert(entry.path());
  }
  if (error) return fail(Code::kIo, "cannot read the layers' folder {}: {}", folder, error.message());
  for (const fs::path& source : sources) {
    GENEPOOL_TRY(const ImportedLayer layer, import_layer(source.string(), base));
    GENEPOOL_TRY_VOID(add_layer(store, source.stem().string(), layer, workload));
  }
  if (workload.layers.empty()) return fail(Code::kUsage, "{} has no layer: no PEFT folder and no .gguf file", folder);
  workload.layers_from = folder;
  return {};
}

Result<void> generate_layers(Store& store, std::uint64_t rank, const BaseModel& base, Workload& workload) {
  static constexpr std::uint64_t kLayers = 8;
  for (std::uint64_t seed = 1; seed <= kLayers; ++seed) {
    GENEPOOL_TRY(const ImportedLayer layer, random_layer({.rank = rank, .targets = {"all"}, .seed = seed}, base));
    GENEPOOL_TRY_VOID(add_layer(store, fmt::format("random{}", seed), layer, workload));
  }
  workload.layers_from = fmt::format("generated: rank {}, all linears", rank);
  return {};
}

Result<std::string> read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail_errno("read " + path, errno);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Result<void> add_genomes(Store& store, const WorkloadOptions& options, const BaseId& base, Workload& workload) {
  std::string file = options.genomes_file;
  if (file.empty() && options.generated_rank == 0) {
    const std::string usual = (fs::path(workload.layers_from) / "../genomes.txt").lexically_normal().string();
    std::error_code ignored;
    if (fs::exists(usual, ignored)) file = usual;
  }
  if (!file.empty()) {
    GENEPOOL_TRY(const std::string text, read_text(file));
    GENEPOOL_TRY(workload.genomes, parse_genome_lines(text));
  }
  add_generated_genomes(workload.layers, options.registered > 0 ? options.registered : Workload::kGenomes, workload.genomes);
  std::vector<Store::NewGenome> genomes;
  for (const GenomeLine& line : workload.genomes) {
    Store::NewGenome genome{.name = line.name, .base = base};
    for (const std::string& entry : line.stack) {
      GENEPOOL_TRY(genome.stack.emplace_back(), parse_entry(entry));
    }
    genomes.push_back(std::move(genome));
  }
  return store.create_genomes(genomes).map([](const auto&) {});
}

}  // namespace

std::string cache_dir() {
  const char* xdg = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  return (xdg != nullptr && *xdg != '\0' ? xdg : std::string(home == nullptr ? "" : home) + "/.cache") + "/genepool";
}

std::string without_machine(const std::string& path) {
  const fs::path whole(path);
  return whole.is_absolute() ? (whole.parent_path().filename() / whole.filename()).string() : path;
}

Result<Workload> prepare_workload(const WorkloadOptions& options) {
  Workload workload;
  GENEPOOL_TRY(const std::string base, find_base(options));
  GENEPOOL_TRY(workload.dir, TemporaryDir::make());
  workload.is_on_disk = is_on_disk(workload.dir.path());
  GENEPOOL_TRY(const std::unique_ptr<Store> store, Store::open(workload.dir.path()));
  GENEPOOL_TRY(const auto used, store->use_base(base));
  workload.base_path = used.first;
  std::error_code error;
  workload.base_bytes = fs::file_size(workload.base_path, error);
  if (error) return fail_errno("look at " + workload.base_path, error.value());
  workload.base_name = used.second.name;
  workload.base_id = used.second.id.hex();
  const std::string folder = options.layers_dir.empty() ? demo_layers() : options.layers_dir;
  if (options.generated_rank > 0 || folder.empty()) {
    const std::uint64_t rank = options.generated_rank > 0 ? options.generated_rank : 16;
    GENEPOOL_TRY_VOID(generate_layers(*store, rank, used.second, workload));
  } else {
    GENEPOOL_TRY_VOID(import_folder(*store, folder, used.second, workload));
  }
  GENEPOOL_TRY_VOID(add_genomes(*store, options, used.second.id, workload));
  return workload;
}

void add_generated_genomes(const std::vector<std::string>& layers, std::size_t count, std::vector<GenomeLine>& genomes) {
  static constexpr std::size_t kTallest = 4;
  for (std::size_t i = 0; genomes.size() < count; ++i) {
    GenomeLine genome{fmt::format("stack{}", i + 1), {}};
    const std::size_t height = std::min(1 + i % kTallest, layers.size());
    for (std::size_t k = 0; k < height; ++k) {
      // The weight differs with i, so that two rounds over the same layers still give two identities.
      const double weight = 0.5 + 0.0001 * static_cast<double>(i);
      genome.stack.push_back(fmt::format("{}:{:.4f}", layers[(i + k) % layers.size()], weight));
    }
    genomes.push_back(std::move(genome));
  }
}

}  // namespace genepool::bench
