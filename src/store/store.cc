#include "store/store.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <iterator>
#include <mutex>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "genome/gguf.h"
#include "genome/name.h"
#include "store/catalog.h"
#include "store/data_dir.h"
#include "store/layer_files.h"
#include "store/prepared_files.h"

namespace genepool {
namespace {

Result<FileStamp> stamp_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return fail_param(Code::kNotFound, "base", "there is no base model {}", path);
    return fail_errno(fmt::format("look at the base model {}", path), errno);
  }
  return FileStamp{static_cast<std::uint64_t>(info.st_size), info.st_ino,
                   static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec};
}

// A file that was just written may be written again within the same tick of the file system's clock and keep its stamp.
// Such a stamp is not remembered: the file is hashed once more the next time.
FileStamp to_remember(const FileStamp& stamp) {
  constexpr std::int64_t kSettled = 2'000'000'000;
  return stamp.mtime_ns < unix_ms() * 1'000'000 - kSettled ? stamp : FileStamp{};
}

Result<BaseModel> read_header(const std::string& path) {
  GENEPOOL_TRY(const Mapping mapping, Mapping::of_file(path));
  const auto file = GgufView::parse(mapping.bytes(), GgufLimits{.is_base = true});
  if (!file) return fail(file.error().code, "{}: {}", path, file.error().message);
  return read_base_model(*file);
}

LayerRow row_of(const std::string& name, const ImportedLayer& layer) {
  LayerRow row;
  row.name = name;
  row.id = layer.id;
  row.bytes = layer.bytes.size();
  row.checksum = xxh3(layer.bytes);
  row.source_kind = layer.source_kind;
  row.declared_base = layer.declared_base;
  row.architecture = layer.architecture;
  row.source_hash = layer.source_hash;
  row.rank_min = layer.rank_min;
  row.rank_max = layer.rank_max;
  row.parameter_count = layer.parameter_count;
  row.targets = layer.targets;
  row.effect = layer.effect;
  row.created_ms = unix_ms();
  return row;
}

class DiskStore final : public Store {
 public:
  DiskStore(UniqueFd lock, LayerFiles files, PreparedFiles prepared_files, std::string catalog_path, Catalog catalog, Catalog reader,
            Prepared prepared)
      : lock_(std::move(lock)),
        prepared_(prepared),
        files_(std::move(files)),
        prepared_files_(std::move(prepared_files)),
        catalog_path_(std::move(catalog_path)),
        catalog_(std::move(catalog)),
        reader_(std::move(reader)) {}

  Result<std::pair<std::string, BaseModel>> use_base(const std::string& path) override {
    GENEPOOL_TRY(const std::string absolute, base_path(path));
    auto stamped = stamp_of(absolute);
    if (!stamped && path.empty()) stamped.error().message += ", which this data directory remembers: name another with --base";
    GENEPOOL_TRY(const FileStamp stamp, std::move(stamped));
    GENEPOOL_TRY(BaseModel base, read_header(absolute));
    GENEPOOL_TRY(base.id, base_id(absolute, stamp));
    const std::scoped_lock lock(mutex_);
    GENEPOOL_TRY_VOID(catalog_.remember_base(absolute, to_remember(stamp), base.id));
    GENEPOOL_TRY(const std::optional<PreparedBase> known, catalog_.find_prepared(base.id));
    base.weights = prepared_ == Prepared::kUse && known ? known->prepared.value_or(base.id) : base.id;
    return std::pair(absolute, std::move(base));
  }

  Result<std::string> weights_file(const std::string& path, const BaseModel& base) override {
    if (base.weights == base.id) return path;
    const std::string prepared = prepared_files_.path_of(base.weights);
    const auto found = stamp_of(prepared).and_then([&](const FileStamp& stamp) -> Result<BaseId> {
      GENEPOOL_TRY(const BaseId id, base_id(prepared, stamp));
      const std::scoped_lock lock(mutex_);
      GENEPOOL_TRY_VOID(catalog_.remember_file(prepared, to_remember(stamp), id));
      return id;
    });
    if (found && *found == base.weights) return prepared;
    return fail(Code::kConflict, "the prepared base {} {}: `genepool base forget` returns to {}, `genepool base prepare` makes it again",
                prepared, found ? "is damaged" : "cannot be read", path);
  }

  std::string candidate_file(const std::string& type) override { return prepared_files_.temporary("base-" + type + ".gguf"); }

  Result<PreparedBase> keep_base(PreparedBase verdict, const std::string& file) override {
    const std::scoped_lock writing(writing_);
    if (!file.empty()) {
      GENEPOOL_TRY(verdict.prepared, prepared_files_.adopt(file));
    }
    verdict.made_ms = unix_ms();
    const std::scoped_lock lock(mutex_);
    GENEPOOL_TRY(const std::optional<PreparedBase> before, catalog_.find_prepared(verdict.source));
    GENEPOOL_TRY_VOID(catalog_.keep_prepared(verdict));
    if (before && before->prepared != verdict.prepared) remove_file_of(*before);
    return verdict;
  }

  Result<std::vector<PreparedBase>> prepared_bases() override {
    return read([](Catalog& catalog) { return catalog.prepared_bases(); });
  }

  Result<PreparedBase> forget_base(const BaseId& source) override {
    const std::scoped_lock writing(writing_);
    const std::scoped_lock lock(mutex_);
    GENEPOOL_TRY(const std::optional<PreparedBase> known, catalog_.find_prepared(source));
    if (!known) return fail_param(Code::kNotFound, "base", "nothing is known of a base {}: `genepool base ls`", source.brief());
    GENEPOOL_TRY_VOID(catalog_.forget_prepared(source));
    remove_file_of(*known);
    return *known;
  }

  Result<LayerRow> add_layer(const std::string& name, const ImportedLayer& layer) override {
    if (auto good = check_name(name); !good) return fail_param(Code::kBadRequest, "name", "{}", good.error().message);
    if (sha256(layer.bytes) != layer.id) return fail(Code::kInternal, "the layer \"{}\" changed since it was imported", name);
    const std::scoped_lock writing(writing_);
    GENEPOOL_TRY(const bool is_stored, check_addable(name, layer.id));
    const LayerRow row = row_of(name, layer);
    // The file of a layer that is known may be damaged: adding it again is how it is mended.
    if (is_stored && files_.load(row.id, row.bytes, row.checksum)) {
      return insert(row, [] { return Result<void>(); });
    }
    if (is_stored) {
      log(Level::kWarn, "a damaged layer file is replaced by a good one", {{"layer", name}, {"id", row.id.brief()}});
    } else {
      GENEPOOL_TRY_VOID(check_quota(name, row.bytes));
    }
    GENEPOOL_TRY(UnpublishedLayer file, files_.write(row.id, layer.bytes));
    auto inserted = insert(row, [&file] { return file.publish(); });
    if (!inserted && !is_stored) files_.remove(row.id);
    return inserted;
  }

  Result<LayerRow> layer(std::string_view name) override {
    return read([&](Catalog& catalog) { return catalog.layer(name); });
  }

  Result<LayerRow> layer_by_id(const LayerId& id) override {
    return read([&](Catalog& catalog) { return catalog.layer_by_id(id); });
  }

  Result<std::vector<LayerRow>> list_layers(const ListOptions& options) override {
    return read([&](Catalog& catalog) { return catalog.list_layers(options); });
  }

  Result<LayerId> remove_layer(std::string_view name) override {
    const std::scoped_lock writing(writing_);
    std::unique_lock lock(mutex_);
    GENEPOOL_TRY(const auto removed, catalog_.remove_layer(name));
    lock.unlock();
    const auto& [id, was_last] = removed;
    if (was_last) files_.remove(id);
    return id;
  }

  Result<MemoryFile> load_layer(const LayerId& id) override {
    GENEPOOL_TRY(const LayerRow row, layer_by_id(id));
    return files_.load(id, row.bytes, row.checksum);
  }

  std::array<std::int64_t, 3> layer_stamp(const LayerId& id) override {
    const FileStamp stamp = stamp_of(files_.path_of(id)).value_or(FileStamp{});
    return {static_cast<std::int64_t>(stamp.size), static_cast<std::int64_t>(stamp.inode), stamp.mtime_ns};
  }
  void forget_file(const LayerId& id) override { files_.forget(id); }

  Result<GenomeRow> create_genome(const NewGenome& genome) override {
    GENEPOOL_TRY(std::vector<GenomeRow> made, create_genomes({&genome, 1}));
    return std::move(made.front());
  }

  Result<std::vector<GenomeRow>> create_genomes(std::span<const NewGenome> genomes) override {
    const std::scoped_lock lock(mutex_);
    return catalog_.create_genomes(genomes, unix_ms(), Catalog::Keep::kYes);
  }

  Result<GenomeRow> copy_genome(const CopyGenome& copy) override {
    const std::scoped_lock lock(mutex_);
    return catalog_.copy_genome(copy, unix_ms(), Catalog::Keep::kYes);
  }

  Result<GenomeRow> roll_back(const Rollback& back) override {
    const std::scoped_lock lock(mutex_);
    return catalog_.roll_back(back, unix_ms(), Catalog::Keep::kYes);
  }

  Result<GenomeRow> preview(const NewGenome& genome) override {
    const std::scoped_lock lock(mutex_);
    GENEPOOL_TRY(std::vector<GenomeRow> rows, catalog_.create_genomes({&genome, 1}, unix_ms(), Catalog::Keep::kNo));
    return std::move(rows.front());
  }

  Result<GenomeRow> preview(const CopyGenome& copy) override {
    const std::scoped_lock lock(mutex_);
    return catalog_.copy_genome(copy, unix_ms(), Catalog::Keep::kNo);
  }

  Result<GenomeRow> preview(const Rollback& back) override {
    const std::scoped_lock lock(mutex_);
    return catalog_.roll_back(back, unix_ms(), Catalog::Keep::kNo);
  }

  Result<std::string> golden_prompts(std::string_view name) override {
    return read([&](Catalog& catalog) { return catalog.golden_prompts(name); });
  }

  Result<void> set_golden_prompts(std::string_view name, std::string_view prompts) override {
    const std::scoped_lock lock(mutex_);
    return catalog_.set_golden_prompts(name, prompts);
  }

  Result<GenomeRow> genome_at(std::string_view name_at_version) override {
    return read([&](Catalog& catalog) { return catalog.genome_at(name_at_version); });
  }

  Result<std::vector<GenomeRow>> history(std::string_view name, std::uint64_t limit, std::uint64_t before) override {
    return read([&](Catalog& catalog) { return catalog.history(name, limit, before); });
  }

  Result<std::uint64_t> trim_history(std::string_view name, std::uint64_t keep) override {
    const std::scoped_lock lock(mutex_);
    return catalog_.trim_history(name, keep);
  }

  Result<GenomeRow> genome(std::string_view name) override {
    return read([&](Catalog& catalog) { return catalog.genome(name); });
  }

  Result<std::vector<GenomeRow>> list_genomes(const ListOptions& options) override {
    return read([&](Catalog& catalog) { return catalog.list_genomes(options); });
  }

  Result<void> remove_genome(std::string_view name) override {
    const std::scoped_lock lock(mutex_);
    return catalog_.remove_genome(name);
  }

  Result<std::optional<std::string>> name_of(const Identity& identity) override {
    return read([&](Catalog& catalog) { return catalog.name_of(identity); });
  }

  Result<std::uint64_t> count_genomes() override {
    return read([&](Catalog& catalog) { return catalog.count_genomes(); });
  }

  Result<LayerRow> verify_layer(std::string_view name) override {
    GENEPOOL_TRY(LayerRow row, layer(name));
    GENEPOOL_TRY_VOID(files_.verify(row.id, row.bytes, row.checksum));
    return row;
  }

  Result<Garbage> collect_garbage(bool dry_run) override {
    const std::scoped_lock writing(writing_);
    std::unique_lock lock(mutex_);
    GENEPOOL_TRY(Catalog::Unused unused, dry_run ? catalog_.unused_layers() : catalog_.remove_unused_layers());
    lock.unlock();
    Garbage garbage{.layers = std::move(unused.names)};
    for (const auto& [id, bytes] : unused.layers) {
      if (!dry_run) files_.remove(id);
      garbage.files.push_back(id);
      garbage.bytes += bytes;
    }
    return garbage;
  }

  Result<StoreInfo> info() override {
    GENEPOOL_TRY(StoreInfo info, read([](Catalog& catalog) { return catalog.info(); }));
    for (const char* suffix : {"", "-wal"}) {
      std::error_code error;
      const std::uintmax_t bytes = std::filesystem::file_size(catalog_path_ + suffix, error);
      if (!error) info.catalog_bytes += bytes;
    }
    info.quota = quota_;
    return info;
  }

  void set_quota(std::uint64_t bytes) override { quota_ = bytes; }

 private:
  void remove_file_of(const PreparedBase& base) {
    if (base.prepared) prepared_files_.remove(*base.prepared);
  }

  // On the connection of its own that look-ups have: they wait for no commit, nor for ten thousand new names. What is
  // committed they see.
  template <class Read>
  auto read(Read work) -> decltype(work(std::declval<Catalog&>())) {
    const std::scoped_lock lock(reading_);
    GENEPOOL_TRY([[maybe_unused]] const Transaction moment, reader_.snapshot());
    return work(reader_);
  }

  // Layers that are added at the same time come one after the other (writing_), so what is counted here holds.
  Result<void> check_quota(const std::string& name, std::uint64_t bytes) {
    const std::uint64_t quota = quota_;
    if (quota == 0) return {};
    const std::scoped_lock lock(mutex_);
    GENEPOOL_TRY(const std::uint64_t used, catalog_.layer_bytes());
    if (used + bytes <= quota) return {};
    GENEPOOL_TRY(const Catalog::Unused unused, catalog_.unused_layers());
    std::uint64_t free = 0;
    for (const auto& [id, size] : unused.layers) free += size;
    return fail(Code::kStoreFull, "no room for the layer \"{}\" of {} bytes: {} of the {} bytes of store.quota are used;"
                " `genepool store gc` would free {}", name, bytes, used, quota, free);
  }

  // The absolute path of `path`, or of the base used last when it is empty.
  Result<std::string> base_path(const std::string& path) {
    if (!path.empty()) {
      std::error_code error;
      const std::filesystem::path absolute = std::filesystem::absolute(path, error);
      return error ? path : absolute.lexically_normal().string();
    }
    const std::scoped_lock lock(mutex_);
    GENEPOOL_TRY(std::string remembered, catalog_.remembered_base());
    if (remembered.empty())
      return fail_param(Code::kNotFound, "base", "no base model is known yet: name one with --base FILE.gguf");
    return remembered;
  }

  // From the catalog while the file is the same, else by hashing it (which takes no lock: 1 s per GB).
  Result<BaseId> base_id(const std::string& path, const FileStamp& stamp) {
    {
      const std::scoped_lock lock(mutex_);
      GENEPOOL_TRY(const std::optional<BaseId> known, catalog_.known_base(path, stamp));
      if (known) return *known;
    }
    GENEPOOL_TRY(const BaseId id, sha256_of_file(path));
    GENEPOOL_TRY(const FileStamp after, stamp_of(path));
    if (after != stamp) return fail(Code::kConflict, "the base model {} changed while it was read: try again", path);
    return id;
  }

  // Whether the bytes are known already. kConflict: the name has others.
  Result<bool> check_addable(const std::string& name, const LayerId& id) {
    const std::scoped_lock lock(mutex_);
    GENEPOOL_TRY(const std::optional<LayerRow> named, catalog_.find_layer(name));
    if (named && named->id != id) {
      return fail_param(Code::kConflict, "name", "the layer \"{}\" exists already with other bytes ({}): choose another name",
                        name, named->id.brief());
    }
    GENEPOOL_TRY(const std::optional<LayerRow> stored, catalog_.find_layer(id));
    return stored.has_value();
  }

  Result<LayerRow> insert(const LayerRow& row, const std::function<Result<void>()>& publish) {
    const std::scoped_lock lock(mutex_);
    GENEPOOL_TRY_VOID(catalog_.insert_layer(row, publish));
    return catalog_.layer(row.name);
  }

  const UniqueFd lock_;  // first in, last out
  const Prepared prepared_;
  const LayerFiles files_;
  const PreparedFiles prepared_files_;
  const std::string catalog_path_;
  std::atomic<std::uint64_t> quota_ = 0;
  std::mutex writing_;  // one layer is added or removed at a time; taken before mutex_
  std::mutex mutex_;    // catalog_, which alone writes; never held while layer bytes are read or written
  Catalog catalog_;
  std::mutex reading_;  // reader_; taken last
  Catalog reader_;
};

}  // namespace

namespace {

template <class Row, class List>
Result<std::vector<Row>> all_pages(const std::string& search, List list) {
  ListOptions options{.search = search};
  std::vector<Row> all;
  while (true) {
    GENEPOOL_TRY(std::vector<Row> page, list(options));
    const bool is_last = page.size() < options.limit;
    if (!page.empty()) options.after = page.back().name;
    std::move(page.begin(), page.end(), std::back_inserter(all));
    if (is_last) return all;
  }
}

}  // namespace

Result<std::vector<LayerRow>> all_layers(Store& store, const std::string& search) {
  return all_pages<LayerRow>(search, [&](const ListOptions& options) { return store.list_layers(options); });
}

Result<std::vector<GenomeRow>> all_genomes(Store& store, const std::string& search) {
  return all_pages<GenomeRow>(search, [&](const ListOptions& options) { return store.list_genomes(options); });
}

Result<LayerFigures> figures_of_layer(Store& store, const LayerId& id) {
  GENEPOOL_TRY(const MemoryFile file, store.load_layer(id));
  GENEPOOL_TRY(const LayerView view, LayerView::parse(file.bytes(), false));
  return LayerFigures{norms_of(view), scales_of(view)};
}

Result<std::unique_ptr<Store>> Store::open(const std::string& dir, Prepared prepared) {
  GENEPOOL_TRY(UniqueFd lock, lock_data_dir(dir));
  GENEPOOL_TRY(LayerFiles files, LayerFiles::open(dir));
  GENEPOOL_TRY(PreparedFiles prepared_files, PreparedFiles::open(dir));
  std::string catalog_path = dir + "/catalog.sqlite";
  GENEPOOL_TRY(Catalog catalog, Catalog::open(catalog_path));
  GENEPOOL_TRY(Catalog reader, Catalog::open_reader(catalog_path));
  GENEPOOL_TRY(const std::set<LayerId> known, catalog.layer_ids());
  files.sweep(known);
  GENEPOOL_TRY(const std::vector<PreparedBase> bases, catalog.prepared_bases());
  std::set<BaseId> known_bases;
  for (const PreparedBase& base : bases) known_bases.insert(base.prepared.value_or(base.source));
  prepared_files.sweep(known_bases);
  if (prepared == Prepared::kIgnore) {
    catalog.ignore_prepared();
    reader.ignore_prepared();
  }
  return std::make_unique<DiskStore>(std::move(lock), std::move(files), std::move(prepared_files), std::move(catalog_path),
                                     std::move(catalog), std::move(reader), prepared);
}

}  // namespace genepool
