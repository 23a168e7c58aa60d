// The Catalog of a data directory that no server holds: the Store, opened under its lock.
#include <algorithm>
#include <iterator>

#include "api/openai_request.h"
#include "cli/catalog.h"
#include "genome/base_name.h"
#include "runtime/runtime.h"
#include "cli/settings.h"
#include "store/reimport.h"
#include "store/store.h"

namespace genepool::cli {
namespace {

LayerInfo info_of(const LayerRow& row) {
  return {.name = row.name,
          .id = row.id.hex(),
          .source_kind = row.source_kind,
          .declared_base = row.declared_base,
          .doubt = "",
          .architecture = row.architecture,
          .bytes = row.bytes,
          .rank_min = row.rank_min,
          .rank_max = row.rank_max,
          .parameter_count = row.parameter_count,
          .genomes = row.genomes,
          .targets = row.targets,
          .effect = row.effect,
          .created_ms = row.created_ms};
}

LayerInfo with_doubt(LayerInfo layer, const BaseModel& base) {
  layer.doubt = doubt_about_base(layer.declared_base, base.name);
  return layer;
}

GenomeInfo info_of(const GenomeRow& row) {
  GenomeInfo info{.name = row.name,
                  .identity = row.identity.hex(),
                  .version = row.version.hex(),
                  .base = row.base.hex(),
                  .system_prompt = row.system_prompt,
                  .parameters = row.default_parameters,
                  .stack = row.stack,
                  .created_ms = row.created_ms,
                  .move = row.move,
                  .moved_ms = row.moved_ms,
                  .moved_by = row.moved_by,
                  .moved_from = row.moved_from,
                  .parent = row.parent ? row.parent->hex() : ""};
  for (const StackEntry& entry : row.entries) info.layer_ids.push_back(entry.layer.hex());
  return info;
}

template <class Row>
auto infos_of(const std::vector<Row>& rows) {
  std::vector<decltype(info_of(rows.front()))> infos;
  for (const Row& row : rows) infos.push_back(info_of(row));
  return infos;
}

Result<Store::NewGenome> wanted_of(const NewGenomeRequest& genome, const BaseId& base) {
  Store::NewGenome wanted{.name = genome.name,
                          .base = base,
                          .stack = {},
                          .system_prompt = genome.system_prompt,
                          .default_parameters = "",
                          .replace = genome.replace,
                          .if_version = genome.if_version};
  if (!genome.parameters.empty()) {
    GENEPOOL_TRY(wanted.default_parameters, api::check_parameters(genome.parameters));
  }
  for (const std::string& entry : genome.stack) {
    GENEPOOL_TRY(wanted.stack.emplace_back(), parse_entry(entry));
  }
  return wanted;
}

Result<std::unique_ptr<Store>> open_store(const Config& config) {
  GENEPOOL_TRY(std::unique_ptr<Store> store, Store::open(data_dir_of(config)));
  store->set_quota(static_cast<std::uint64_t>(config.store_quota));
  return store;
}

class LocalCatalog final : public Catalog {
 public:
  LocalCatalog(const Config& config, std::unique_ptr<Store> store) : config_(config), store_(std::move(store)) {}

  Result<BaseInfo> base(const std::string& base) override {
    GENEPOOL_TRY(const auto used, store_->use_base(base));
    return BaseInfo{used.second.id.hex(), used.second.name, used.second.architecture};
  }

  // A layer is tried out before it is accepted, which takes an engine: a runtime has the directory meanwhile.
  Result<LayerInfo> add_layer(const NewLayerRequest& layer, const std::string& base) override {
    Config config = config_;
    config.log_level = "error";
    if (!base.empty()) config.base_path = base;
    store_.reset();
    const auto add = [&]() -> Result<LayerRow> {
      GENEPOOL_TRY(const std::unique_ptr<Runtime> runtime, Runtime::open(config));
      return runtime->add_layer({layer.path, layer.name, layer.force});
    };
    const auto row = add();
    GENEPOOL_TRY(store_, open_store(config_));
    if (!row) return tl::unexpected(row.error());
    GENEPOOL_TRY(const auto used, store_->use_base(base));
    return with_doubt(info_of(*row), used.second);
  }

  Result<LayerInfo> generate_layer(const std::string& name, const RandomLayerOptions& options,
                                   const std::string& base) override {
    GENEPOOL_TRY(const auto used, store_->use_base(base));
    GENEPOOL_TRY(const ImportedLayer layer, random_layer(options, used.second));
    GENEPOOL_TRY(const LayerRow row, store_->add_layer(name, layer));
    return with_doubt(info_of(row), used.second);
  }

  Result<std::vector<LayerInfo>> layers(const std::string& search) override {
    GENEPOOL_TRY(std::vector<LayerInfo> all,
                 all_pages<LayerRow>([&](const ListOptions& options) { return store_->list_layers(options); }, search));
    if (const auto used = store_->use_base(""); used && !all.empty()) {
      for (LayerInfo& layer : all) layer = with_doubt(std::move(layer), used->second);
    }
    return all;
  }

  Result<LayerInfo> layer(const std::string& name) override {
    GENEPOOL_TRY(const LayerRow row, store_->layer(name));
    LayerInfo info = info_of(row);
    if (const auto norms = norms_of_layer(*store_, row.id)) {
      for (const KindNorm& norm : *norms) info.norms.emplace(norm.kind, norm.norm);
    } else {
      info.problem = norms.error().message;
    }
    const auto used = store_->use_base("");
    return used ? with_doubt(std::move(info), used->second) : info;  // a base that is gone leaves the rest to be seen
  }

  Result<void> remove_layer(const std::string& name) override {
    return store_->remove_layer(name).map([](const LayerId&) {});
  }

  Result<VerifyInfo> verify_layer(const std::string& name, const std::string& source) override {
    GENEPOOL_TRY(const LayerRow row, store_->layer(name));
    VerifyInfo info{row.name, row.id.hex(), row.bytes, ""};
    if (const auto verified = store_->verify_layer(name); !verified) info.problem = verified.error().message;
    if (source.empty() || !info.problem.empty()) return info;
    GENEPOOL_TRY(const auto used, store_->use_base(""));
    GENEPOOL_TRY(const ImportedLayer again, import_layer(source, used.second, {.force = true}));
    info.problem = difference_of(row, again);
    return info;
  }

  Result<GenomeInfo> create_genome(const NewGenomeRequest& genome, const std::string& base) override {
    GENEPOOL_TRY(const auto used, store_->use_base(base));
    GENEPOOL_TRY(const Store::NewGenome wanted, wanted_of(genome, used.second.id));
    return store_->create_genome(wanted).map([](const GenomeRow& row) { return info_of(row); });
  }

  Result<std::uint64_t> create_genomes(const std::vector<NewGenomeRequest>& genomes, const std::string& base) override {
    GENEPOOL_TRY(const auto used, store_->use_base(base));
    std::vector<Store::NewGenome> wanted;
    for (const NewGenomeRequest& genome : genomes) {
      GENEPOOL_TRY(wanted.emplace_back(), wanted_of(genome, used.second.id));
    }
    return store_->create_genomes(wanted).map([](const auto& rows) -> std::uint64_t { return rows.size(); });
  }

  Result<GenomeInfo> copy_genome(const Store::CopyGenome& copy) override {
    return store_->copy_genome(copy).map([](const GenomeRow& row) { return info_of(row); });
  }

  Result<GenomeInfo> roll_back(const Store::Rollback& back) override {
    return store_->roll_back(back).map([](const GenomeRow& row) { return info_of(row); });
  }

  Result<std::vector<GenomeInfo>> history(const std::string& name) override {
    return store_->history(name, UINT64_MAX, 0).map([](const auto& rows) { return infos_of(rows); });
  }

  Result<std::uint64_t> trim_history(const std::string& name, std::uint64_t keep) override {
    return store_->trim_history(name, keep);
  }

  Result<std::vector<GenomeInfo>> genomes(const std::string& search) override {
    return all_pages<GenomeRow>([&](const ListOptions& options) { return store_->list_genomes(options); }, search);
  }

  Result<GenomeInfo> genome(const std::string& name) override {
    GENEPOOL_TRY(const GenomeRow row, store_->genome_at(name));
    return info_of(row);
  }

  Result<void> remove_genome(const std::string& name) override { return store_->remove_genome(name); }

  Result<StoreInfo> store_info() override { return store_->info(); }

  Result<GarbageInfo> collect_garbage(bool is_dry_run) override {
    GENEPOOL_TRY(const Garbage garbage, store_->collect_garbage(is_dry_run));
    return GarbageInfo{infos_of(garbage.layers), garbage.files.size(), garbage.bytes, is_dry_run};
  }

 private:
  template <class Row, class List>
  static auto all_pages(List list, const std::string& search) -> Result<decltype(infos_of(std::vector<Row>()))> {
    ListOptions options{.search = search};
    std::vector<Row> all;
    while (true) {
      GENEPOOL_TRY(std::vector<Row> rows, list(options));
      const bool is_last = rows.size() < options.limit;
      if (!rows.empty()) options.after = rows.back().name;
      std::move(rows.begin(), rows.end(), std::back_inserter(all));
      if (is_last) return infos_of(all);
    }
  }

  const Config config_;
  std::unique_ptr<Store> store_;  // null only inside add_layer(), and after it when the directory could not be opened again
};

}  // namespace

Result<std::unique_ptr<Catalog>> open_local_catalog(const Config& config) {
  GENEPOOL_TRY(std::unique_ptr<Store> store, open_store(config));
  return std::make_unique<LocalCatalog>(config, std::move(store));
}

}  // namespace genepool::cli
