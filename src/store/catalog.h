// Catalog: the SQLite tables behind the store: names -> layers, names -> immutable versions, and the base's hash.
// Owner: the Store. Thread: one at a time (a mutex of the store's). Every change is one transaction.
// Not here: files (layer_files.h), who may run at once (store.cc).
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "store/sqlite.h"
#include "store/store.h"

namespace genepool {

// By these a file counts as the same as when it was hashed.
struct FileStamp {
  std::uint64_t size = 0, inode = 0;
  std::int64_t mtime_ns = 0;
  bool operator==(const FileStamp&) const = default;
};

class Catalog {
 public:
  // Brings the tables up to date. kNotSupported: made by a newer genepool. kIo.
  [[nodiscard]] static Result<Catalog> open(const std::string& path);
  // A second connection, for reading beside the one that writes. Requires: open() has brought the tables up to date.
  [[nodiscard]] static Result<Catalog> open_reader(const std::string& path);
  // What is read while it lives is of one moment.
  [[nodiscard]] Result<Transaction> snapshot() { return Transaction::begin_read(db_); }

  // ---- base (catalog.cc)
  [[nodiscard]] Result<std::optional<BaseId>> known_base(const std::string& path, const FileStamp& stamp);
  [[nodiscard]] Result<void> remember_base(const std::string& path, const FileStamp& stamp, const BaseId& base);
  [[nodiscard]] Result<void> remember_file(const std::string& path, const FileStamp& stamp, const BaseId& base);
  [[nodiscard]] Result<std::string> remembered_base();  // "" = none

  // ---- prepared bases (catalog_prepared.cc)
  [[nodiscard]] Result<void> keep_prepared(const PreparedBase& base);  // instead of what there is of its source
  [[nodiscard]] Result<std::vector<PreparedBase>> prepared_bases();
  [[nodiscard]] Result<std::optional<PreparedBase>> find_prepared(const BaseId& source);
  [[nodiscard]] Result<void> forget_prepared(const BaseId& source);
  [[nodiscard]] Result<void> add_candidates(PreparedBase& base);
  // From now on genomes are read as their bases' own, whatever has been prepared.
  void ignore_prepared() { uses_prepared_ = false; }

  // ---- layers (catalog_layers.cc)
  [[nodiscard]] Result<LayerRow> layer(std::string_view name);  // kLayerNotFound with the nearest name
  [[nodiscard]] Result<LayerRow> layer_by_id(const LayerId& id);
  [[nodiscard]] Result<std::optional<LayerRow>> find_layer(std::string_view name);
  [[nodiscard]] Result<std::optional<LayerRow>> find_layer(const LayerId& id);
  [[nodiscard]] Result<std::vector<LayerRow>> list_layers(const ListOptions& options);
  [[nodiscard]] Result<std::set<LayerId>> layer_ids();
  // Calls `publish` when all rows are written, and commits when it succeeds: so a row never lacks its file.
  [[nodiscard]] Result<void> insert_layer(const LayerRow& row, const std::function<Result<void>()>& publish);
  // -> the id, and whether that was the last name (then the row is gone). kConflict: a genome uses the name.
  [[nodiscard]] Result<std::pair<LayerId, bool>> remove_layer(std::string_view name);

  struct Unused {
    std::vector<LayerRow> names;                              // that no move uses
    std::vector<std::pair<LayerId, std::uint64_t>> layers;    // that would lose their last name, with their bytes
  };
  [[nodiscard]] Result<Unused> unused_layers();
  [[nodiscard]] Result<Unused> remove_unused_layers();  // -> what is gone
  [[nodiscard]] Result<std::uint64_t> layer_bytes();    // of all files

  // ---- genomes (catalog_genomes.cc)
  enum class Keep { kYes, kNo };  // kNo: rolled back, for who wants to know what would be
  [[nodiscard]] Result<std::vector<GenomeRow>> create_genomes(std::span<const Store::NewGenome> wanted, std::int64_t now_ms, Keep keep);
  [[nodiscard]] Result<GenomeRow> genome(std::string_view name);  // kGenomeNotFound with the nearest name
  [[nodiscard]] Result<std::vector<GenomeRow>> list_genomes(const ListOptions& options);
  [[nodiscard]] Result<void> remove_genome(std::string_view name);
  [[nodiscard]] Result<std::optional<std::string>> name_of(const Identity& identity);
  [[nodiscard]] Result<std::uint64_t> count_genomes();
  [[nodiscard]] Result<std::string> golden_prompts(std::string_view name);
  [[nodiscard]] Result<void> set_golden_prompts(std::string_view name, std::string_view prompts);

  // ---- history (catalog_history.cc)
  [[nodiscard]] Result<GenomeRow> copy_genome(const Store::CopyGenome& copy, std::int64_t now_ms, Keep keep);
  [[nodiscard]] Result<GenomeRow> roll_back(const Store::Rollback& back, std::int64_t now_ms, Keep keep);
  [[nodiscard]] Result<GenomeRow> genome_at(std::string_view name_at_version);
  [[nodiscard]] Result<std::vector<GenomeRow>> history(std::string_view name, std::uint64_t limit, std::uint64_t before);
  [[nodiscard]] Result<std::uint64_t> trim_history(std::string_view name, std::uint64_t keep);

  [[nodiscard]] Result<StoreInfo> info();  // but for the quota (catalog.cc)

 private:
  explicit Catalog(Database db) : db_(std::move(db)) {}
  [[nodiscard]] Result<void> migrate();
  // `; did you mean "captain"?` or "".
  [[nodiscard]] Result<std::string> suggestion(std::string_view table, std::string_view wanted);

  [[nodiscard]] Result<std::string> users_of(std::string_view layer_name);
  [[nodiscard]] Result<std::optional<GenomeRow>> find_genome(std::string_view name);
  [[nodiscard]] Result<void> add_entries(GenomeRow& row);
  [[nodiscard]] Result<std::vector<GenomeRow>> all_of(Statement& rows);  // with their entries
  [[nodiscard]] Result<GenomeRow> resolve(const Store::NewGenome& wanted);

  // Inside a transaction: makes what `row` describes (its version, its stack as written, moved_by) the next move of its
  // name, unless the name is there already. kConflict as Store::create_genome().
  [[nodiscard]] Result<GenomeRow> point(GenomeRow row, bool may_replace, const std::string& if_version, std::int64_t now_ms);
  [[nodiscard]] Result<void> write_version(const GenomeRow& row);
  [[nodiscard]] Result<void> write_move(const GenomeRow& row);
  [[nodiscard]] Result<void> count_at_layers(const VersionId& version, std::int64_t by);
  [[nodiscard]] Result<GenomeRow> find_version(std::string_view name, std::string_view digits);

  Database db_;
  bool uses_prepared_ = true;
};

}  // namespace genepool
