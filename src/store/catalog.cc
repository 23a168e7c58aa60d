#include "store/catalog.h"

#include <algorithm>
#include <array>

#include "genome/name.h"

namespace genepool {
namespace {

// The names as written are the genome's (since schema 3: its moves'), the layer ids the version's: two names for the same bytes give one version.
// layers.genomes is counted when a genome comes and goes, because every request asks for its layers' rows.
constexpr const char* kSchema1 = R"sql(
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE base_files (
  path TEXT PRIMARY KEY, size INTEGER NOT NULL, inode INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
  base BLOB NOT NULL CHECK (length(base) = 32)) STRICT, WITHOUT ROWID;
CREATE TABLE layers (
  id BLOB PRIMARY KEY CHECK (length(id) = 32), bytes INTEGER NOT NULL, checksum INTEGER NOT NULL,
  source_kind TEXT NOT NULL, source_hash BLOB NOT NULL CHECK (length(source_hash) = 32), declared_base TEXT NOT NULL,
  architecture TEXT NOT NULL, rank_min INTEGER NOT NULL, rank_max INTEGER NOT NULL, parameter_count INTEGER NOT NULL,
  targets TEXT NOT NULL, genomes INTEGER NOT NULL DEFAULT 0 CHECK (genomes >= 0)) STRICT, WITHOUT ROWID;
CREATE TABLE layer_names (
  name TEXT PRIMARY KEY, layer BLOB NOT NULL REFERENCES layers(id), created_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX layer_names_by_layer ON layer_names(layer);
CREATE TABLE versions (
  id BLOB PRIMARY KEY CHECK (length(id) = 32), identity BLOB NOT NULL CHECK (length(identity) = 32),
  base BLOB NOT NULL CHECK (length(base) = 32), system_prompt TEXT NOT NULL, default_parameters TEXT NOT NULL)
  STRICT, WITHOUT ROWID;
CREATE TABLE version_entries (
  version BLOB NOT NULL REFERENCES versions(id) ON DELETE CASCADE, position INTEGER NOT NULL,
  layer BLOB NOT NULL REFERENCES layers(id), weight REAL NOT NULL, PRIMARY KEY (version, position)) STRICT, WITHOUT ROWID;
CREATE INDEX version_entries_by_layer ON version_entries(layer);
CREATE TABLE genomes (
  name TEXT PRIMARY KEY, version BLOB NOT NULL REFERENCES versions(id), created_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX genomes_by_version ON genomes(version);
CREATE TABLE genome_entries (
  genome TEXT NOT NULL REFERENCES genomes(name) ON DELETE CASCADE, position INTEGER NOT NULL,
  layer_name TEXT NOT NULL REFERENCES layer_names(name), PRIMARY KEY (genome, position)) STRICT, WITHOUT ROWID;
CREATE INDEX genome_entries_by_layer_name ON genome_entries(layer_name);
)sql";

constexpr const char* kSchema2 = "CREATE INDEX versions_by_identity ON versions(identity)";

// A name's history: its moves. The names as written are the move's (genome_entries, before): a name of the history protects
// its layer as a name of today does. A version goes with its last move.
constexpr const char* kSchema3 = R"sql(
CREATE TABLE moves (
  genome TEXT NOT NULL REFERENCES genomes(name) ON DELETE CASCADE, move INTEGER NOT NULL,
  version BLOB NOT NULL REFERENCES versions(id), parent BLOB CHECK (parent IS NULL OR length(parent) = 32),
  moved_ms INTEGER NOT NULL, moved_by TEXT NOT NULL, moved_from TEXT NOT NULL, PRIMARY KEY (genome, move))
  STRICT, WITHOUT ROWID;
CREATE INDEX moves_by_version ON moves(version);
CREATE TABLE move_entries (
  genome TEXT NOT NULL, move INTEGER NOT NULL, position INTEGER NOT NULL,
  layer_name TEXT NOT NULL REFERENCES layer_names(name), PRIMARY KEY (genome, move, position),
  FOREIGN KEY (genome, move) REFERENCES moves(genome, move) ON DELETE CASCADE) STRICT, WITHOUT ROWID;
CREATE INDEX move_entries_by_layer_name ON move_entries(layer_name);
INSERT INTO moves SELECT name, 1, version, NULL, created_ms, 'create', '' FROM genomes;
INSERT INTO move_entries SELECT genome, 1, position, layer_name FROM genome_entries;
DROP TABLE genome_entries;
ALTER TABLE genomes ADD COLUMN move INTEGER NOT NULL DEFAULT 1;
CREATE TRIGGER version_goes_with_its_last_move AFTER DELETE ON moves BEGIN
  DELETE FROM versions WHERE id = OLD.version AND NOT EXISTS (SELECT 1 FROM moves WHERE version = OLD.version);
END;
)sql";

// effect_kl NULL: nobody has tried the layer out.
constexpr const char* kSchema4 = R"sql(
ALTER TABLE layers ADD COLUMN effect_kl REAL;
ALTER TABLE layers ADD COLUMN effect_top1_changed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE layers ADD COLUMN effect_prompts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE layers ADD COLUMN effect_is_none INTEGER NOT NULL DEFAULT 0;
)sql";

// What a name's moves must not break: docs/adr/0009.
constexpr const char* kSchema5 = R"sql(
CREATE TABLE golden_prompts (
  genome TEXT PRIMARY KEY REFERENCES genomes(name) ON DELETE CASCADE, prompts TEXT NOT NULL) STRICT, WITHOUT ROWID;
)sql";

// Where a layer came from is told by each of its names: other sources may give the same bytes.
constexpr const char* kSchema6 = R"sql(
ALTER TABLE layer_names ADD COLUMN source_kind TEXT NOT NULL DEFAULT '';
ALTER TABLE layer_names ADD COLUMN source_hash BLOB NOT NULL DEFAULT x'';
ALTER TABLE layer_names ADD COLUMN declared_base TEXT NOT NULL DEFAULT '';
UPDATE layer_names SET (source_kind, source_hash, declared_base) =
  (SELECT source_kind, source_hash, declared_base FROM layers WHERE id = layer);
ALTER TABLE layers DROP COLUMN source_kind;
ALTER TABLE layers DROP COLUMN source_hash;
ALTER TABLE layers DROP COLUMN declared_base;
)sql";

// prepared NULL: the source is as good as anything it was compared with.
constexpr const char* kSchema7 = R"sql(
CREATE TABLE prepared_bases (
  source BLOB PRIMARY KEY CHECK (length(source) = 32), prepared BLOB CHECK (length(prepared) = 32), type TEXT NOT NULL,
  bytes INTEGER NOT NULL, machine TEXT NOT NULL, made_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE base_candidates (
  source BLOB NOT NULL REFERENCES prepared_bases(source) ON DELETE CASCADE, position INTEGER NOT NULL, type TEXT NOT NULL,
  bytes INTEGER NOT NULL, prompt_rate REAL NOT NULL, answer_rate REAL NOT NULL, source_prompt_rate REAL NOT NULL,
  source_answer_rate REAL NOT NULL, kl REAL NOT NULL, top1_changed INTEGER NOT NULL, positions INTEGER NOT NULL,
  verdict TEXT NOT NULL, PRIMARY KEY (source, position)) STRICT, WITHOUT ROWID;
)sql";

// Migration i takes a catalog from user_version i to i + 1. Never change one that was released: add the next.
constexpr std::array kMigrations{kSchema1, kSchema2, kSchema3, kSchema4, kSchema5, kSchema6, kSchema7};

// Names near `wanted` in the index's order, and so of bounded number however many there are. Small catalogs are covered
// whole; in large ones a typo in the first letters is not found.
constexpr std::string_view kNeighbours =
    "SELECT name FROM (SELECT name FROM {0} WHERE name >= ?1 ORDER BY name LIMIT 500)"
    " UNION ALL SELECT name FROM (SELECT name FROM {0} WHERE name < ?1 ORDER BY name DESC LIMIT 500)";
constexpr std::size_t kLongestWanted = 96;  // half as much again as a name may have

}  // namespace

Result<Catalog> Catalog::open(const std::string& path) {
  GENEPOOL_TRY(Database db, Database::open(path));
  Catalog catalog(std::move(db));
  GENEPOOL_TRY_VOID(catalog.migrate());
  return catalog;
}

Result<Catalog> Catalog::open_reader(const std::string& path) {
  GENEPOOL_TRY(Database db, Database::open(path));
  GENEPOOL_TRY_VOID(db.execute("PRAGMA query_only = ON"));
  return Catalog(std::move(db));
}

Result<void> Catalog::migrate() {
  std::size_t version = 0;
  {
    GENEPOOL_TRY(Statement row, db_.query("PRAGMA user_version"));
    GENEPOOL_TRY_VOID(row.step());
    version = row.count(0);
  }
  if (version > kMigrations.size()) {
    return fail(Code::kNotSupported, "the catalog has format {}, this genepool knows up to {}: use a newer one", version,
                kMigrations.size());
  }
  for (; version < kMigrations.size(); ++version) {
    GENEPOOL_TRY(Transaction transaction, Transaction::begin(db_));
    GENEPOOL_TRY_VOID(db_.execute(kMigrations[version]));
    GENEPOOL_TRY_VOID(db_.execute(fmt::format("PRAGMA user_version = {}", version + 1)));
    GENEPOOL_TRY_VOID(transaction.commit());
  }
  return {};
}

Result<std::string> Catalog::suggestion(std::string_view table, std::string_view wanted) {
  if (wanted.size() > kLongestWanted) return std::string();
  std::vector<std::string> names;
  GENEPOOL_TRY(Statement rows, db_.query(fmt::format(fmt::runtime(kNeighbours), table), wanted));
  while (true) {
    GENEPOOL_TRY(const bool found, rows.step());
    if (!found) break;
    names.push_back(rows.text(0));
  }
  const std::optional<std::string> nearest = nearest_name(wanted, names);
  return nearest ? fmt::format("; did you mean \"{}\"?", *nearest) : std::string();
}

Result<std::optional<BaseId>> Catalog::known_base(const std::string& path, const FileStamp& stamp) {
  GENEPOOL_TRY(Statement row,
               db_.query("SELECT base FROM base_files WHERE path = ?1 AND size = ?2 AND inode = ?3 AND mtime_ns = ?4", path,
                         stamp.size, stamp.inode, stamp.mtime_ns));
  GENEPOOL_TRY(const bool found, row.step());
  return found ? std::optional(row.digest(0)) : std::nullopt;
}

Result<void> Catalog::remember_base(const std::string& path, const FileStamp& stamp, const BaseId& base) {
  GENEPOOL_TRY(Transaction transaction, Transaction::begin(db_));
  // What a layer did to another base says nothing.
  GENEPOOL_TRY_VOID(db_.run("UPDATE layers SET effect_kl = NULL WHERE EXISTS (SELECT 1 FROM settings s JOIN base_files b"
                            " ON b.path = s.value WHERE s.key = 'base.path' AND b.base != ?1)", base));
  GENEPOOL_TRY_VOID(remember_file(path, stamp, base));
  GENEPOOL_TRY_VOID(db_.run("INSERT OR REPLACE INTO settings (key, value) VALUES ('base.path', ?1)", path));
  return transaction.commit();
}

Result<void> Catalog::remember_file(const std::string& path, const FileStamp& stamp, const BaseId& base) {
  return db_.run("INSERT OR REPLACE INTO base_files (path, size, inode, mtime_ns, base) VALUES (?1, ?2, ?3, ?4, ?5)", path, stamp.size,
                 stamp.inode, stamp.mtime_ns, base);
}

Result<std::string> Catalog::remembered_base() {
  GENEPOOL_TRY(Statement row, db_.query("SELECT value FROM settings WHERE key = 'base.path'"));
  GENEPOOL_TRY(const bool found, row.step());
  return found ? row.text(0) : std::string();
}

Result<StoreInfo> Catalog::info() {
  StoreInfo info;
  {
    GENEPOOL_TRY(Statement row, db_.query(R"(
        SELECT (SELECT count(*) FROM layer_names), count(*), coalesce(sum(bytes), 0), coalesce(sum(bytes * genomes), 0),
               (SELECT count(*) FROM genomes), (SELECT count(*) FROM versions), (SELECT count(*) FROM moves) FROM layers)"));
    GENEPOOL_TRY_VOID(row.step());
    info.layer_names = row.count(0);
    info.layers = row.count(1);
    info.layer_bytes = row.count(2);
    info.unshared_bytes = row.count(3);
    info.genomes = row.count(4);
    info.versions = row.count(5);
    info.moves = row.count(6);
  }
  {
    GENEPOOL_TRY(Statement row, db_.query("SELECT count(*), coalesce(sum(bytes), 0) FROM prepared_bases WHERE prepared IS NOT NULL"));
    GENEPOOL_TRY_VOID(row.step());
    info.prepared_bases = row.count(0);
    info.prepared_bytes = row.count(1);
  }
  GENEPOOL_TRY(const Unused unused, unused_layers());
  info.unused_layer_names = unused.names.size();
  for (const auto& [id, bytes] : unused.layers) info.unused_bytes += bytes;
  return info;
}

}  // namespace genepool
