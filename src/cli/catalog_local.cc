// The Catalog of a data directory that no server holds: the Store, opened under its lock.
#include "api/golden_check.h"
#include "api/golden_prompts.h"
#include "api/openai_request.h"
#include "cli/catalog.h"
#include "genome/base_name.h"
#include "runtime/runtime.h"
#include "cli/settings.h"
#include "runtime/process_settings.h"
#include "runtime/resolve.h"
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
  GENEPOOL_TRY(std::unique_ptr<Store> store, Store::open(data_dir_of(config), prepared_use(config)));
  store->set_quota(static_cast<std::uint64_t>(config.store_quota));
  return store;
}

class LocalCatalog final : public Catalog {
 public:
  LocalCatalog(const Config& config, std::unique_ptr<Store> store) : config_(config), store_(std::move(store)) {}

  Result<BaseInfo> base(const std::string& base) override {
    GENEPOOL_TRY(const auto used, use(base));
    return BaseInfo{used.second.id.hex(), used.second.name, used.second.architecture};
  }

  Result<LayerInfo> add_layer(const NewLayerRequest& layer, const std::string& base) override {
    GENEPOOL_TRY(const auto used, use(base));
    GENEPOOL_TRY(const LayerRow row, with_engine<LayerRow>([&](Runtime& runtime) {
                   return runtime.add_layer({layer.path, layer.name, layer.force});
                 }));
    return with_doubt(info_of(row), used.second);
  }

  Result<LayerInfo> generate_layer(const std::string& name, const RandomLayerOptions& options,
                                   const std::string& base) override {
    GENEPOOL_TRY(const auto used, use(base));
    GENEPOOL_TRY(const ImportedLayer layer, random_layer(options, used.second));
    GENEPOOL_TRY(const LayerRow row, store_->add_layer(name, layer));
    return with_doubt(info_of(row), used.second);
  }

  Result<std::vector<LayerInfo>> layers(const std::string& search) override {
    GENEPOOL_TRY(const std::vector<LayerRow> rows, all_layers(*store_, search));
    std::vector<LayerInfo> all = infos_of(rows);
    if (const auto used = store_->use_base(""); used && !all.empty()) {
      for (LayerInfo& layer : all) layer = with_doubt(std::move(layer), used->second);
    }
    return all;
  }

  Result<LayerInfo> layer(const std::string& name) override {
    GENEPOOL_TRY(const LayerRow row, store_->layer(name));
    LayerInfo info = info_of(row);
    if (const auto figures = figures_of_layer(*store_, row.id)) {
      for (const KindNorm& norm : figures->norms) info.norms.emplace(norm.kind, norm.norm);
      info.scales = figures->scales;
    } else {
      info.problem = figures.error().message;
    }
    const auto used = store_->use_base("");
    return used ? with_doubt(std::move(info), used->second) : info;  // a base that is gone leaves the rest to be seen
  }

  Result<void> remove_layer(const std::string& name) override {
    return store_->remove_layer(name).map([](const LayerId&) {});
  }

  Result<std::string> layer_file(const std::string& id) override { return existing_layer_file(data_dir_of(config_), id); }

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
    GENEPOOL_TRY(const auto used, use(base));
    GENEPOOL_TRY(const Store::NewGenome wanted, wanted_of(genome, used.second.id));
    GENEPOOL_TRY(const bool is_guarded, guarded(wanted.name, genome.skip_golden));
    if (is_guarded) return moved_by_engine(wanted);
    return store_->create_genome(wanted).map([](const GenomeRow& row) { return info_of(row); });
  }

  Result<std::uint64_t> create_genomes(const std::vector<NewGenomeRequest>& genomes, const std::string& base) override {
    GENEPOOL_TRY(const auto used, use(base));
    std::vector<Store::NewGenome> wanted;
    bool needs_engine = false;
    for (const NewGenomeRequest& genome : genomes) {
      GENEPOOL_TRY(wanted.emplace_back(), wanted_of(genome, used.second.id));
      GENEPOOL_TRY(const bool is_guarded, guarded(genome.name, genome.skip_golden));
      needs_engine = needs_engine || is_guarded;
    }
    const auto made = needs_engine ? with_engine<std::vector<GenomeRow>>([&](Runtime& r) { return api::move_guarded(r, wanted); })
                                   : store_->create_genomes(wanted);
    return made.map([](const auto& rows) -> std::uint64_t { return rows.size(); });
  }

  Result<GenomeInfo> copy_genome(const Store::CopyGenome& copy, bool skip_golden) override {
    GENEPOOL_TRY(const bool is_guarded, guarded(copy.name, skip_golden));
    if (is_guarded) return moved_by_engine(copy);
    return store_->copy_genome(copy).map([](const GenomeRow& row) { return info_of(row); });
  }

  Result<GenomeInfo> roll_back(const Store::Rollback& back, bool skip_golden) override {
    GENEPOOL_TRY(const bool is_guarded, guarded(back.name, skip_golden));
    if (is_guarded) return moved_by_engine(back);
    return store_->roll_back(back).map([](const GenomeRow& row) { return info_of(row); });
  }

  Result<std::vector<GenomeInfo>> history(const std::string& name) override {
    return store_->history(name, UINT64_MAX, 0).map([](const auto& rows) { return infos_of(rows); });
  }

  Result<std::uint64_t> trim_history(const std::string& name, std::uint64_t keep) override {
    return store_->trim_history(name, keep);
  }

  Result<std::vector<GenomeInfo>> genomes(const std::string& search) override {
    return all_genomes(*store_, search).map([](const auto& rows) { return infos_of(rows); });
  }

  Result<GenomeInfo> genome(const std::string& name) override {
    if (name != "base" && !is_inline_stack(name)) {
      GENEPOOL_TRY(const GenomeRow row, store_->genome_at(name));
      return info_of(row);
    }
    GENEPOOL_TRY(const auto used, store_->use_base(""));
    GENEPOOL_TRY(const ResolvedGenome genome, resolve_model(name, used.second, *store_));
    return info_of(row_of(genome, used.second));
  }

  Result<std::string> golden(const std::string& name) override {
    GENEPOOL_TRY([[maybe_unused]] const GenomeRow row, store_->genome(name));
    GENEPOOL_TRY(const std::string prompts, store_->golden_prompts(name));
    return prompts.empty() ? "[]" : prompts;
  }

  Result<void> set_golden(const std::string& name, const std::string& prompts) override {
    GENEPOOL_TRY(const std::string checked, api::check_golden(prompts));
    return store_->set_golden_prompts(name, checked);
  }

  Result<std::vector<api::GoldenResult>> check_golden(const std::string& name) override {
    GENEPOOL_TRY(const GenomeRow row, store_->genome(name));
    return with_engine<std::vector<api::GoldenResult>>([&](Runtime& runtime) { return api::ask_golden(runtime, row); });
  }

  Result<void> remove_genome(const std::string& name) override { return store_->remove_genome(name); }

  Result<std::vector<PreparedBase>> prepared_bases() override { return store_->prepared_bases(); }

  Result<StoreInfo> store_info() override { return store_->info(); }

  Result<GarbageInfo> collect_garbage(bool is_dry_run) override {
    GENEPOOL_TRY(const Garbage garbage, store_->collect_garbage(is_dry_run));
    return GarbageInfo{infos_of(garbage.layers), garbage.files.size(), garbage.bytes, is_dry_run};
  }

 private:
  // A directory has one base: its layers and genomes fit no other, so only a server is told of another on purpose.
  Result<std::pair<std::string, BaseModel>> use(const std::string& base) {
    const auto remembered = store_->use_base("");
    if (base.empty() || !remembered) return store_->use_base(base);
    std::error_code ignored;
    if (std::filesystem::equivalent(base, remembered->first, ignored)) return *remembered;
    GENEPOOL_TRY(const StoreInfo info, store_->info());
    if (info.layers == 0 && info.genomes == 0) return store_->use_base(base);
    return fail(Code::kConflict, "the base of this data directory is {}, not {}: leave --base out, or change it with"
                " `genepool serve --base`", remembered->first, base);
  }

  // What only an engine can tell: a runtime has the directory while `ask` runs.
  template <class T, class Ask>
  Result<T> with_engine(Ask ask) {
    Config config = config_;
    config.log_level = "error";
    store_.reset();
    auto answer = Runtime::open(config).and_then([&](const std::unique_ptr<Runtime>& runtime) -> Result<T> { return ask(*runtime); });
    GENEPOOL_TRY(store_, open_store(config_));
    return answer;
  }

  Result<bool> guarded(const std::string& name, bool skip_golden) {
    if (skip_golden) return false;
    return store_->golden_prompts(name).map([](const std::string& prompts) { return !prompts.empty(); });
  }

  template <class Wanted>
  Result<GenomeInfo> moved_by_engine(const Wanted& wanted) {
    return with_engine<GenomeRow>([&](Runtime& runtime) { return api::move_guarded(runtime, wanted); })
        .map([](const GenomeRow& row) { return info_of(row); });
  }

  const Config config_;
  std::unique_ptr<Store> store_;  // null only in with_engine(), and after it when the directory could not be opened again
};

}  // namespace

Result<std::unique_ptr<Catalog>> open_local_catalog(const Config& config) {
  GENEPOOL_TRY(std::unique_ptr<Store> store, open_store(config));
  return std::make_unique<LocalCatalog>(config, std::move(store));
}

}  // namespace genepool::cli
