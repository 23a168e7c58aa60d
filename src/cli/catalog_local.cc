// The Catalog of a data directory that no server holds: the Store, opened under its lock.
#include <algorithm>
#include <iterator>

#include "cli/catalog.h"
#include "genome/base_name.h"
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
                  .created_ms = row.created_ms};
  for (const StackEntry& entry : row.entries) info.layer_ids.push_back(entry.layer.hex());
  return info;
}

template <class Row>
auto infos_of(const std::vector<Row>& rows) {
  std::vector<decltype(info_of(rows.front()))> infos;
  for (const Row& row : rows) infos.push_back(info_of(row));
  return infos;
}

class LocalCatalog final : public Catalog {
 public:
  explicit LocalCatalog(std::unique_ptr<Store> store) : store_(std::move(store)) {}

  Result<LayerInfo> add_layer(const std::string& path, const std::string& name, const std::string& base,
                              const ImportOptions& options) override {
    GENEPOOL_TRY(const auto used, store_->use_base(base));
    GENEPOOL_TRY(const ImportedLayer layer, import_layer(path, used.second, options));
    GENEPOOL_TRY(const LayerRow row, store_->add_layer(name, layer));
    return with_doubt(info_of(row), used.second);
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
    const auto used = store_->use_base("");
    return used ? with_doubt(std::move(info), used->second) : info;  // a base that is gone leaves the rest to be seen
  }

  Result<void> remove_layer(const std::string& name) override {
    return store_->remove_layer(name).map([](const LayerId&) {});
  }

  Result<GenomeInfo> create_genome(const NewGenomeRequest& genome, const std::string& base) override {
    GENEPOOL_TRY(const auto used, store_->use_base(base));
    Store::NewGenome wanted{.name = genome.name,
                            .base = used.second.id,
                            .stack = {},
                            .system_prompt = genome.system_prompt,
                            .default_parameters = "",
                            .replace = genome.replace};
    for (const std::string& entry : genome.stack) {
      GENEPOOL_TRY(wanted.stack.emplace_back(), parse_entry(entry));
    }
    GENEPOOL_TRY(const GenomeRow row, store_->create_genome(wanted));
    return info_of(row);
  }

  Result<std::vector<GenomeInfo>> genomes(const std::string& search) override {
    return all_pages<GenomeRow>([&](const ListOptions& options) { return store_->list_genomes(options); }, search);
  }

  Result<GenomeInfo> genome(const std::string& name) override {
    GENEPOOL_TRY(const GenomeRow row, store_->genome(name));
    return info_of(row);
  }

  Result<void> remove_genome(const std::string& name) override { return store_->remove_genome(name); }

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

  std::unique_ptr<Store> store_;
};

}  // namespace

Result<std::unique_ptr<Catalog>> open_local_catalog(const std::string& data_dir) {
  GENEPOOL_TRY(std::unique_ptr<Store> store, Store::open(data_dir));
  return std::make_unique<LocalCatalog>(std::move(store));
}

}  // namespace genepool::cli
