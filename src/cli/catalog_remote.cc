// The Catalog of a running server, through its admin API.
#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "base/memory_file.h"
#include "base/temporary_dir.h"
#include "cli/catalog.h"
#include "cli/wire_base.h"
#include "cli/command_table.h"
#include "cli/connection.h"
#include "cli/settings.h"
#include "genome/gguf.h"

namespace genepool::cli {
namespace {

std::string list_path(std::string_view what, const std::string& search, const std::string& after) {
  static constexpr std::size_t kPage = 1000;
  return fmt::format("/api/{}?limit={}&search={}&after={}", what, kPage, percent_encoded(search), percent_encoded(after));
}

Result<void> write_file(const std::string& path, std::span<const std::byte> bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!out.flush()) return fail_errno("write " + path, errno);
  return {};
}

Result<BaseModel> read_base(const std::string& path) {
  GENEPOOL_TRY(const Mapping file, Mapping::of_file(path));
  GENEPOOL_TRY(const GgufView view, GgufView::parse(file.bytes(), GgufLimits{.is_base = true}));
  return read_base_model(view);
}

class RemoteCatalog final : public Catalog {
 public:
  explicit RemoteCatalog(std::unique_ptr<Connection> connection) : server_(std::move(connection)) {}

  Result<BaseInfo> base(const std::string& base) override {
    if (!base.empty()) return fail(Code::kUsage, "--base is for a data directory without a server; this one has its base");
    GENEPOOL_TRY(const std::string answer, server_->get("/api/base"));
    return parse_base(answer);
  }

  Result<LayerInfo> add_layer(const NewLayerRequest& layer, const std::string& base) override {
    if (!base.empty()) return fail(Code::kUsage, "--base is for a data directory without a server; this one has its base");
    NewLayerRequest absolute = layer;
    absolute.path = std::filesystem::absolute(layer.path).lexically_normal().string();
    GENEPOOL_TRY(const std::string answer, server_->post("/api/layers", json_of(absolute)));
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
    GENEPOOL_TRY(const TemporaryDir dir, TemporaryDir::make());
    GENEPOOL_TRY_VOID(write_file(dir.file("layer.gguf"), layer.bytes));
    return add_layer({.path = dir.file("layer.gguf"), .name = name, .force = true}, "");
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

  Result<std::string> layer_file(const std::string& id) override {
    GENEPOOL_TRY(const std::string knobs, server_->get("/api/knobs"));
    GENEPOOL_TRY(const std::string data_dir, parse_knob(knobs, "server.data_dir"));
    return existing_layer_file(data_dir, id);
  }

  Result<VerifyInfo> verify_layer(const std::string& name, const std::string& source) override {
    const std::string absolute = source.empty() ? "" : std::filesystem::absolute(source).lexically_normal().string();
    GENEPOOL_TRY(const std::string answer,
                 server_->post("/api/layers/" + percent_encoded(name) + "/verify", path_json(absolute)));
    return parse_verified(answer);
  }

  Result<GenomeInfo> create_genome(const NewGenomeRequest& genome, const std::string& base) override {
    if (!base.empty()) return fail(Code::kUsage, "--base is for a data directory without a server; this one has its base");
    GENEPOOL_TRY(const std::string answer, server_->post("/api/genomes", json_of(genome)));
    return parse_genome(answer);
  }

  Result<std::uint64_t> create_genomes(const std::vector<NewGenomeRequest>& genomes, const std::string& base) override {
    if (!base.empty()) return fail(Code::kUsage, "--base is for a data directory without a server; this one has its base");
    GENEPOOL_TRY(const std::string answer, server_->post("/api/genomes", json_of(genomes)));
    return parse_number(answer, "created");
  }

  Result<GenomeInfo> copy_genome(const Store::CopyGenome& copy, bool skip_golden) override {
    GENEPOOL_TRY(const std::string answer, server_->post("/api/genomes", json_of(copy, skip_golden)));
    return parse_genome(answer);
  }

  Result<GenomeInfo> roll_back(const Store::Rollback& back, bool skip_golden) override {
    GENEPOOL_TRY(const std::string answer, server_->post(genome_path(back.name) + "/rollback", json_of(back, skip_golden)));
    return parse_genome(answer);
  }

  Result<std::vector<GenomeInfo>> history(const std::string& name) override {
    std::vector<GenomeInfo> all;
    while (true) {
      const std::string before = all.empty() ? "" : fmt::format("?before={}", all.back().move);
      GENEPOOL_TRY(const std::string answer, server_->get(genome_path(name) + "/history" + before));
      GENEPOOL_TRY(std::vector<GenomeInfo> page, parse_history(answer));
      if (page.empty()) return all;
      std::move(page.begin(), page.end(), std::back_inserter(all));
      if (all.back().move <= 1) return all;
    }
  }

  Result<std::uint64_t> trim_history(const std::string& name, std::uint64_t keep) override {
    GENEPOOL_TRY(const std::string answer, server_->remove(fmt::format("{}/history?keep={}", genome_path(name), keep)));
    return parse_number(answer, "removed");
  }

  Result<std::vector<GenomeInfo>> genomes(const std::string& search) override {
    return all_pages<GenomeInfo>("genomes", search, parse_genomes);
  }

  Result<GenomeInfo> genome(const std::string& name) override {
    GENEPOOL_TRY(const std::string answer, server_->get(genome_path(name)));
    return parse_genome(answer);
  }

  Result<void> remove_genome(const std::string& name) override {
    return server_->remove(genome_path(name)).map([](const std::string&) {});
  }

  Result<std::string> golden(const std::string& name) override {
    GENEPOOL_TRY(const std::string answer, server_->get(genome_path(name) + "/golden"));
    return parse_golden(answer);
  }

  Result<void> set_golden(const std::string& name, const std::string& prompts) override {
    return server_->put(genome_path(name) + "/golden", golden_json(prompts)).map([](const std::string&) {});
  }

  Result<std::vector<api::GoldenResult>> check_golden(const std::string& name) override {
    GENEPOOL_TRY(const std::string answer, server_->post(genome_path(name) + "/golden/check", ""));
    return parse_golden_results(answer);
  }

  Result<std::vector<PreparedBase>> prepared_bases() override {
    GENEPOOL_TRY(const std::string answer, server_->get("/api/bases"));
    return parse_prepared_bases(answer);
  }

  Result<StoreInfo> store_info() override {
    GENEPOOL_TRY(const std::string answer, server_->get("/api/store"));
    return parse_store_info(answer);
  }

  Result<GarbageInfo> collect_garbage(bool is_dry_run) override {
    GENEPOOL_TRY(const std::string answer, server_->post("/api/store/gc", dry_run_json(is_dry_run)));
    return parse_garbage(answer);
  }

 private:
  static std::string genome_path(const std::string& name) { return "/api/genomes/" + percent_encoded(name); }

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

Result<std::string> existing_layer_file(const std::string& data_dir, const std::string& id) {
  std::string path = (std::filesystem::path(data_dir) / "layers" / (id + ".gguf")).string();
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) return path;
  return fail(Code::kNotFound, "there is no file {} on this machine: is the server on another one?", path);
}

namespace {

// Only what may be the first thing that anybody does makes a data directory: else a mistyped one would be an empty one.
Result<void> check_data_dir(const Invocation& invocation, const Config& config) {
  const auto flags = flags_of(*invocation.command);
  const bool may_begin = std::ranges::any_of(flags, [](const FlagRow* flag) { return flag->name == "--base"; });
  std::error_code ignored;
  if (may_begin || std::filesystem::exists(data_dir_of(config) + "/catalog.sqlite", ignored)) return {};
  return fail(Code::kNotFound, "there is nothing in {} yet: `genepool layer add` begins it", data_dir_of(config));
}

}  // namespace

Result<std::unique_ptr<Catalog>> open_catalog(const Invocation& invocation) {
  std::string url = host_asked_for(invocation);
  GENEPOOL_TRY(const Config config, settings_of(invocation));
  if (url.empty() && is_listening(socket_path_of(config))) url = "unix:" + socket_path_of(config);
  if (url.empty()) {
    GENEPOOL_TRY_VOID(check_data_dir(invocation, config));
    return open_local_catalog(config);
  }
  GENEPOOL_TRY(std::unique_ptr<Connection> connection, connect_to(invocation, url));
  return make_remote_catalog(std::move(connection));
}

}  // namespace genepool::cli
