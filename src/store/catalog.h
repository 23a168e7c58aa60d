// Catalog: the SQLite tables behind the store: names -> layers, names -> immutable versions, and the base's hash.
// Owner: the Store. Thread: one at a time (the store's mutex). Every change is one transaction.
// Not here: files (layer_files.h), who may run at once (store.cc).
#pragma once

#include <functional>
#include <optional>
#include <set>
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

  // ---- base (catalog.cc)
  [[nodiscard]] Result<std::optional<BaseId>> known_base(const std::string& path, const FileStamp& stamp);
  [[nodiscard]] Result<void> remember_base(const std::string& path, const FileStamp& stamp, const BaseId& base);
  [[nodiscard]] Result<std::string> remembered_base();  // "" = none

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

  // ---- genomes (catalog_genomes.cc)
  [[nodiscard]] Result<GenomeRow> create_genome(const Store::NewGenome& wanted, std::int64_t now_ms);
  [[nodiscard]] Result<GenomeRow> genome(std::string_view name);  // kGenomeNotFound with the nearest name
  [[nodiscard]] Result<std::vector<GenomeRow>> list_genomes(const ListOptions& options);
  [[nodiscard]] Result<void> remove_genome(std::string_view name);
  [[nodiscard]] Result<std::optional<std::string>> name_of(const Identity& identity);
  [[nodiscard]] Result<std::uint64_t> count_genomes();

 private:
  explicit Catalog(Database db) : db_(std::move(db)) {}
  [[nodiscard]] Result<void> migrate();
  // `; did you mean "captain"?` or "".
  [[nodiscard]] Result<std::string> suggestion(std::string_view table, std::string_view wanted);

  [[nodiscard]] Result<std::optional<GenomeRow>> find_genome(std::string_view name);
  [[nodiscard]] Result<void> add_entries(GenomeRow& row);
  [[nodiscard]] Result<GenomeRow> resolve(const Store::NewGenome& wanted, std::int64_t now_ms);
  [[nodiscard]] Result<void> point(const GenomeRow& row);
  [[nodiscard]] Result<void> unpoint(const GenomeRow& row);

  Database db_;
};

}  // namespace genepool
