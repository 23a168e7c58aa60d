// The Catalog of a running server, through its admin API.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/memory_file.h"
#include "cli/catalog.h"
#include "cli/connection.h"
#include "cli/settings.h"
#include "genome/gguf.h"

namespace genepool::cli {
namespace {

std::string list_path(std::string_view what, const std::string& search, const std::string& after) {
  static constexpr std::size_t kPage = 1000;
  return fmt::format("/api/{}?limit={}&search={}&after={}", what, kPage, percent_encoded(search), percent_encoded(after));
}

// A file below the temporary directory that goes with its owner.
class TemporaryFile {
 public:
  [[nodiscard]] static Result<TemporaryFile> with(std::span<const std::byte> bytes) {
    std::string path = (std::filesystem::temp_directory_path() / "genepool-layer-XXXXXX.gguf").string();
    const UniqueFd fd(::mkstemps(path.data(), 5));
    if (!fd.is_open()) return fail_errno("make a temporary file for the layer", errno);
    TemporaryFile file(path);
    std::ofstream out(path, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!out.flush()) return fail_errno("write " + path, errno);
    return file;
  }
  TemporaryFile(TemporaryFile&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

Result<BaseModel> read_base(const std::string& path) {
  GENEPOOL_TRY(const Mapping file, Mapping::of_file(path));
  GENEPOOL_TRY(const GgufView view, GgufView::parse(file.bytes(), GgufLimits{.is_base = true}));
  return read_base_model(view);
}

class RemoteCatalog final : public Catalog {
 public:
  explicit RemoteCatalog(std::unique_ptr<Connection> connection) : server_(std::move(connection)) {}

  Result<LayerInfo> add_layer(const std::string& path, const std::string& name, const std::string& base,
                              const ImportOptions& options) override {
    if (!base.empty()) return fail(Code::kUsage, "--base is for a data directory without a server; this one has its base");
    const std::string absolute = std::filesystem::absolute(path).lexically_normal().string();
    GENEPOOL_TRY(const std::string answer, server_->post("/api/layers", json_of(NewLayerRequest{absolute, name, options.force})));
    return parse_layer(answer);
  }

  // The server has no call for this: the layer is made here, from the base's header, and handed over as a file.
  Result<LayerInfo> generate_layer(const std::string& name, const RandomLayerOptions& options,
                                   const std::string& base) override {
    std::string base_path = base;
    if (base_path.empty()) {
      GENEPOOL_TRY(const std::string knobs, server_->get("/api/knobs"));
      GENEPOOL_TRY(base_path, parse_knob(knobs, "base.path"));
    }
    if (base_path.empty()) return fail(Code::kUsage, "name the server's base model with --base FILE");
    GENEPOOL_TRY(const BaseModel model, read_base(base_path));
    GENEPOOL_TRY(const ImportedLayer layer, random_layer(options, model));
    GENEPOOL_TRY(const TemporaryFile file, TemporaryFile::with(layer.bytes));
    return add_layer(file.path(), name, "", {});
  }

  Result<std::vector<LayerInfo>> layers(const std::string& search) override {
    return all_pages<LayerInfo>("layers", search, parse_layers);
  }

  Result<LayerInfo> layer(const std::string& name) override {
    GENEPOOL_TRY(const std::string answer, server_->get("/api/layers/" + percent_encoded(name)));
    return parse_layer(answer);
  }

  Result<void> remove_layer(const std::string& name) override {
    return server_->remove("/api/layers/" + percent_encoded(name)).map([](const std::string&) {});
  }

  Result<GenomeInfo> create_genome(const NewGenomeRequest& genome, const std::string& base) override {
    if (!base.empty()) return fail(Code::kUsage, "--base is for a data directory without a server; this one has its base");
    GENEPOOL_TRY(const std::string answer, server_->post("/api/genomes", json_of(genome)));
    return parse_genome(answer);
  }

  Result<std::vector<GenomeInfo>> genomes(const std::string& search) override {
    return all_pages<GenomeInfo>("genomes", search, parse_genomes);
  }

  Result<GenomeInfo> genome(const std::string& name) override {
    GENEPOOL_TRY(const std::string answer, server_->get("/api/genomes/" + percent_encoded(name)));
    return parse_genome(answer);
  }

  Result<void> remove_genome(const std::string& name) override {
    return server_->remove("/api/genomes/" + percent_encoded(name)).map([](const std::string&) {});
  }

 private:
  template <class Info, class Parse>
  Result<std::vector<Info>> all_pages(std::string_view what, const std::string& search, Parse parse) {
    std::vector<Info> all;
    while (true) {
      GENEPOOL_TRY(const std::string answer, server_->get(list_path(what, search, all.empty() ? "" : all.back().name)));
      GENEPOOL_TRY(std::vector<Info> page, parse(answer));
      // An empty page ends it, whatever limit the server prefers to its caller's.
      if (page.empty() || (!all.empty() && page.back().name == all.back().name)) return all;
      std::move(page.begin(), page.end(), std::back_inserter(all));
    }
  }

  std::unique_ptr<Connection> server_;
};

}  // namespace

std::unique_ptr<Catalog> make_remote_catalog(std::unique_ptr<Connection> connection) {
  return std::make_unique<RemoteCatalog>(std::move(connection));
}

Result<std::unique_ptr<Catalog>> open_catalog(const Invocation& invocation) {
  std::string url = host_asked_for(invocation);
  GENEPOOL_TRY(const Config config, settings_of(invocation));
  if (url.empty() && is_listening(socket_path_of(config))) url = "unix:" + socket_path_of(config);
  if (url.empty()) return open_local_catalog(data_dir_of(config));
  GENEPOOL_TRY(std::unique_ptr<Connection> connection, connect_to(invocation, url));
  return make_remote_catalog(std::move(connection));
}

}  // namespace genepool::cli
