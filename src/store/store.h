// Store: the data directory. Content-addressed layer files + a SQLite catalog of names. One process at a time.
//   DIR/lock              flock held by the owner (a server, or an offline command)
//   DIR/layers/<hex>.gguf normalised layer files, named by their SHA-256, written temp + fsync + rename, mode 0444
//   DIR/catalog.sqlite    WAL; tables in schema.sql form inside catalog.cc, migrations by PRAGMA user_version
//   DIR/tmp               unfinished writes; emptied at open
// Thread: any; every call locks a mutex inside (SQLite connection), blocks on disk. Reading layer bytes takes no lock.
// Use:   GENEPOOL_TRY(std::unique_ptr<Store> store, Store::open(dir));
//        GENEPOOL_TRY(LayerRow layer, store->add_layer("pirate", imported));
// Not here: import checks (import/), RAM (runtime/), which version a client gets to see (api/).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/memory_file.h"
#include "genome/base_model.h"
#include "genome/genome.h"
#include "genome/imported_layer.h"
#include "genome/layer_norms.h"

namespace genepool {

struct LayerRow {
  std::string name;
  LayerId id;
  std::uint64_t bytes = 0;
  std::uint64_t checksum = 0;  // XXH3 of the file: what load_layer() checks on the way
  std::string source_kind, declared_base, architecture;
  Digest source_hash;
  std::uint64_t rank_min = 0, rank_max = 0, parameter_count = 0;
  std::vector<std::string> targets;
  std::int64_t created_ms = 0;  // Unix time
  std::uint64_t genomes = 0;    // that use it (filled by list and get)
};

struct GenomeRow {
  std::string name;
  BaseId base;
  Identity identity;
  VersionId version;
  std::vector<NamedEntry> stack;    // as written, names
  std::vector<StackEntry> entries;  // the same, resolved when the genome was made: immutable
  std::string system_prompt;        // "" = none
  std::string default_parameters;   // JSON object text, "" = none
  std::int64_t created_ms = 0;
};

struct ListOptions {
  std::string search;  // part of the name
  std::uint64_t limit = 1000;
  std::string after;  // name of the last one seen
};

class Store {
 public:
  virtual ~Store() = default;

  // Makes the directory when it is missing. kConflict: another process holds it (message with its pid). kIo.
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::string& dir);

  // ---- base: the directory remembers its base's path and id (hash cached by path, size, mtime, inode).
  // Reads and hashes the file when it has changed; `path` empty = the remembered one. kNotFound: none known.
  [[nodiscard]] virtual Result<std::pair<std::string, BaseModel>> use_base(const std::string& path) = 0;

  // ---- layers
  // Same bytes under another name: one file, two names. kConflict: the name has other bytes. kStoreFull leaves nothing behind.
  [[nodiscard]] virtual Result<LayerRow> add_layer(const std::string& name, const ImportedLayer& layer) = 0;
  [[nodiscard]] virtual Result<LayerRow> layer(std::string_view name) = 0;  // kLayerNotFound with the nearest name
  [[nodiscard]] virtual Result<LayerRow> layer_by_id(const LayerId& id) = 0;
  [[nodiscard]] virtual Result<std::vector<LayerRow>> list_layers(const ListOptions& options) = 0;
  // kConflict: a genome uses it (names some). The file goes with its last name.
  [[nodiscard]] virtual Result<LayerId> remove_layer(std::string_view name) = 0;

  // Reads a layer's file into a sealed memory file, checking its checksum during the copy. kLayerCorrupt names the file.
  [[nodiscard]] virtual Result<MemoryFile> load_layer(const LayerId& id) = 0;
  // Drops the file's clean pages from the page cache (posix_fadvise DONTNEED): for measuring COLD. Best effort.
  virtual void forget_file(const LayerId& id) = 0;

  // ---- genomes
  // kConflict: the name is taken by another version (`replace` moves it). kLayerNotFound.
  struct NewGenome {
    std::string name;
    BaseId base;
    std::vector<NamedEntry> stack;
    std::string system_prompt, default_parameters;
    bool replace = false;
  };
  [[nodiscard]] virtual Result<GenomeRow> create_genome(const NewGenome& genome) = 0;
  [[nodiscard]] virtual Result<GenomeRow> genome(std::string_view name) = 0;  // kGenomeNotFound with the nearest name
  [[nodiscard]] virtual Result<std::vector<GenomeRow>> list_genomes(const ListOptions& options) = 0;
  [[nodiscard]] virtual Result<void> remove_genome(std::string_view name) = 0;
  // The first of the genomes that have this identity now; none: nothing names it.
  [[nodiscard]] virtual Result<std::optional<std::string>> name_of(const Identity& identity) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> count_genomes() = 0;
};

// How large a stored layer's changes are. kLayerCorrupt as load_layer().
[[nodiscard]] Result<std::vector<KindNorm>> norms_of_layer(Store& store, const LayerId& id);

}  // namespace genepool
