// Store: the data directory. Content-addressed layer files + a SQLite catalog of names. One process at a time.
//   DIR/lock              flock held by the owner (a server, or an offline command)
//   DIR/bases/<hex>.gguf  prepared bases, the same way
//   DIR/layers/<hex>.gguf normalised layer files, named by their SHA-256, written temp + fsync + rename, mode 0444
//   DIR/catalog.sqlite    WAL; tables in schema.sql form inside catalog.cc, migrations by PRAGMA user_version
//   DIR/tmp               unfinished writes; emptied at open
// Thread: any; blocks on disk. What changes the catalog waits for its commit and for other changes; what reads it waits for
// neither (a second connection; a mutex of microseconds). Reading layer bytes takes no lock.
// Use:   GENEPOOL_TRY(std::unique_ptr<Store> store, Store::open(dir));
//        GENEPOOL_TRY(LayerRow layer, store->add_layer("pirate", imported));
// Not here: import checks (import/), RAM (runtime/), which version a client gets to see (api/).
#pragma once

#include <cstdint>
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
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
  std::optional<LayerEffect> effect;  // none: nobody has tried it out
  std::int64_t created_ms = 0;  // Unix time
  std::uint64_t genomes = 0;    // that use it (filled by list and get)
};

// A name and the version it points to: now, or (out of its history) as it was after one of its moves.
struct GenomeRow {
  std::string name;
  BaseId base;
  BaseId weights;     // of the file that computes: `base`, or its prepared base where the store uses those
  Identity identity;  // over `weights` and the stack
  VersionId version;  // over what was asked for: `base`, the stack, prompt and parameters
  std::vector<NamedEntry> stack;    // as written, names
  std::vector<StackEntry> entries;  // the same, resolved when the genome was made: immutable
  std::string system_prompt;        // "" = none
  std::string default_parameters;   // JSON object text, "" = none
  std::int64_t created_ms = 0;      // the name; Unix time

  // The move that brought the name here: see docs/adr/0007.
  std::uint64_t move = 0;              // 1, 2, ... of this name
  std::int64_t moved_ms = 0;
  std::string moved_by;                // "create", "replace", "rollback" or "cp"
  std::string moved_from;              // the genome copied, for "cp"
  std::optional<VersionId> parent;     // the name's version before; none: the first of its line
  // Set by the call that moved the name: the stack that it pointed to before, when that was another.
  std::optional<Genome> left;  // its base as named
};

// A type of weights that a base was tried with, beside the base itself in the same process.
struct BaseCandidate {
  std::string type;                         // "q8_0"
  std::uint64_t bytes = 0;                  // of its weights; as estimated where it was not tried
  double prompt_rate = 0, answer_rate = 0;  // tokens/s; 0 = not tried
  double source_prompt_rate = 0, source_answer_rate = 0;
  double kl = 0;                            // nats per token that it says otherwise than the source
  std::uint64_t top1_changed = 0, positions = 0;
  std::string verdict;                      // "kept", or why not

  // How much sooner than with the source a usual request, 256 tokens of prompt and 64 of answer, is done; 0 = not tried.
  [[nodiscard]] double gain() const {
    if (prompt_rate <= 0 || answer_rate <= 0 || source_prompt_rate <= 0 || source_answer_rate <= 0) return 0;
    return (256 / source_prompt_rate + 64 / source_answer_rate) / (256 / prompt_rate + 64 / answer_rate);
  }
};

// What `base prepare` found for a base on this machine: docs/adr/0013.
struct PreparedBase {
  BaseId source;
  std::optional<BaseId> prepared;  // none: nothing was better than the source itself
  std::string type;                // "q8_0"; of the source when it is kept
  std::uint64_t bytes = 0;         // of the prepared file
  std::string machine;             // that it was measured on
  std::vector<BaseCandidate> candidates;
  std::int64_t made_ms = 0;        // Unix time
};

struct Garbage {
  std::vector<LayerRow> layers;     // the names
  std::vector<LayerId> files;       // of the bytes without a name left
  std::uint64_t bytes = 0;          // of those files
};

struct StoreInfo {
  std::uint64_t layer_names = 0, layers = 0;
  std::uint64_t layer_bytes = 0;    // of all layer files; what many genomes share counts once
  std::uint64_t unshared_bytes = 0; // what they would be if every genome had its own
  std::uint64_t unused_layer_names = 0, unused_bytes = 0;  // what collect_garbage() would remove
  std::uint64_t genomes = 0, versions = 0, moves = 0;
  std::uint64_t catalog_bytes = 0;  // the database's files
  std::uint64_t prepared_bases = 0, prepared_bytes = 0;  // files, of bases
  std::uint64_t quota = 0;
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
  // `prepared`: whether a base that has been prepared computes with its prepared file.
  enum class Prepared { kUse, kIgnore };
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::string& dir, Prepared prepared = Prepared::kUse);

  // ---- base: the directory remembers its base's path and id (hash cached by path, size, mtime, inode).
  // Reads and hashes the file when it has changed; `path` empty = the remembered one. kNotFound: none known.
  [[nodiscard]] virtual Result<std::pair<std::string, BaseModel>> use_base(const std::string& path) = 0;
  // The file with the weights of a base that use_base() returned. kConflict: its prepared file is missing or damaged.
  [[nodiscard]] virtual Result<std::string> weights_file(const std::string& path, const BaseModel& base) = 0;

  // ---- prepared bases
  // Where a candidate is written before keep_base(); in DIR/tmp, gone at the next open.
  [[nodiscard]] virtual std::string candidate_file(const std::string& type) = 0;
  // Replaces what was known of the source. `file`: the candidate to keep, taken over; "" = the source is kept.
  [[nodiscard]] virtual Result<PreparedBase> keep_base(PreparedBase verdict, const std::string& file) = 0;
  [[nodiscard]] virtual Result<std::vector<PreparedBase>> prepared_bases() = 0;
  [[nodiscard]] virtual Result<PreparedBase> forget_base(const BaseId& source) = 0;  // kNotFound. The file goes too

  // ---- layers
  // Same bytes under another name: one file, two names. kConflict: the name has other bytes. kStoreFull (also the quota)
  // leaves nothing behind.
  [[nodiscard]] virtual Result<LayerRow> add_layer(const std::string& name, const ImportedLayer& layer) = 0;
  [[nodiscard]] virtual Result<LayerRow> layer(std::string_view name) = 0;  // kLayerNotFound with the nearest name
  [[nodiscard]] virtual Result<LayerRow> layer_by_id(const LayerId& id) = 0;
  [[nodiscard]] virtual Result<std::vector<LayerRow>> list_layers(const ListOptions& options) = 0;
  // kConflict: a genome or its history uses it (names some). The file goes with its last name.
  [[nodiscard]] virtual Result<LayerId> remove_layer(std::string_view name) = 0;

  // Reads a layer's file into a sealed memory file, checking its checksum during the copy. kLayerCorrupt names the file.
  [[nodiscard]] virtual Result<MemoryFile> load_layer(const LayerId& id) = 0;
  // Drops the file's clean pages from the page cache (posix_fadvise DONTNEED): for measuring COLD. Best effort.
  virtual void forget_file(const LayerId& id) = 0;
  // Tells its file from any other that may take its place: size, inode and mtime; zeros when there is none.
  [[nodiscard]] virtual std::array<std::int64_t, 3> layer_stamp(const LayerId& id) = 0;

  // ---- genomes: names that point to immutable versions. Every change of a name is a move, kept in its history; all that
  // a history tells of stays in the store. A move to where the name is already is none.
  // Who gives `if_version` (8 or more of the version's hex digits) moves the name only from there: else kConflict, whose
  // message has the present version.
  struct NewGenome {
    std::string name;
    BaseId base;
    std::vector<NamedEntry> stack;
    std::string system_prompt, default_parameters;
    bool replace = false;
    std::string if_version;
    std::optional<VersionId> only_to;  // kConflict when it would come out as another version: what was checked has changed
  };
  // kConflict: the name is taken by another version (`replace` or `if_version` moves it). kLayerNotFound.
  [[nodiscard]] virtual Result<GenomeRow> create_genome(const NewGenome& genome) = 0;
  // All or none, in one transaction (a commit each would cost 6 ms each). The error names the genome.
  [[nodiscard]] virtual Result<std::vector<GenomeRow>> create_genomes(std::span<const NewGenome> genomes) = 0;

  struct CopyGenome {
    std::string from, name;  // from: a name, or "captain@1a2b3c4d": one of its versions
    bool replace = false;
    std::string if_version;
  };
  [[nodiscard]] virtual Result<GenomeRow> copy_genome(const CopyGenome& copy) = 0;

  struct Rollback {
    std::string name;
    std::string to;           // first digits of a version of its history; "" = by steps
    std::uint64_t steps = 1;  // moves back
    std::string if_version;
  };
  // Moves the name back, which is a move too. kNotFound: the history has no such version, or is not that long.
  [[nodiscard]] virtual Result<GenomeRow> roll_back(const Rollback& back) = 0;

  // What the call of the same argument would make of the name; nothing changes. Its errors are the same too.
  [[nodiscard]] virtual Result<GenomeRow> preview(const NewGenome& genome) = 0;
  [[nodiscard]] virtual Result<GenomeRow> preview(const CopyGenome& copy) = 0;
  [[nodiscard]] virtual Result<GenomeRow> preview(const Rollback& back) = 0;

  // The golden prompts that guard a name (api/golden_prompts.h is their form): "" = none, or no such name.
  [[nodiscard]] virtual Result<std::string> golden_prompts(std::string_view name) = 0;
  [[nodiscard]] virtual Result<void> set_golden_prompts(std::string_view name, std::string_view prompts) = 0;  // "" = none

  [[nodiscard]] virtual Result<GenomeRow> genome(std::string_view name) = 0;  // kGenomeNotFound with the nearest name
  // "captain@1a2b3c4d": as the name was when it last had that version. kNotFound. Without "@": genome().
  [[nodiscard]] virtual Result<GenomeRow> genome_at(std::string_view name_at_version) = 0;
  [[nodiscard]] virtual Result<std::vector<GenomeRow>> list_genomes(const ListOptions& options) = 0;
  // Newest first, at most `limit`, of those before the move `before` (0: all).
  [[nodiscard]] virtual Result<std::vector<GenomeRow>> history(std::string_view name, std::uint64_t limit, std::uint64_t before) = 0;
  // Forgets all but the newest `keep` moves (at least one) and returns how many went.
  [[nodiscard]] virtual Result<std::uint64_t> trim_history(std::string_view name, std::uint64_t keep) = 0;
  [[nodiscard]] virtual Result<void> remove_genome(std::string_view name) = 0;  // and its history
  // The first of the genomes that have this identity, over the base as named, now; none: nothing names it.
  [[nodiscard]] virtual Result<std::optional<std::string>> name_of(const Identity& identity) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> count_genomes() = 0;

  // ---- the whole
  // Reads the layer's file again: all its bytes, its SHA-256, its structure and every value. kLayerCorrupt names the file.
  [[nodiscard]] virtual Result<LayerRow> verify_layer(std::string_view name) = 0;
  // Removes every layer name that no genome and no history uses, and the files that lose their last name with it.
  // `dry_run`: says what would go.
  [[nodiscard]] virtual Result<Garbage> collect_garbage(bool dry_run) = 0;
  [[nodiscard]] virtual Result<StoreInfo> info() = 0;
  // Most bytes of layer files; 0 = no limit. add_layer() beyond it is kStoreFull. Takes no lock.
  virtual void set_quota(std::uint64_t bytes) = 0;
};

// Every one whose name contains `search`, asked for a page at a time.
[[nodiscard]] Result<std::vector<LayerRow>> all_layers(Store& store, const std::string& search);
[[nodiscard]] Result<std::vector<GenomeRow>> all_genomes(Store& store, const std::string& search);

// What only a stored layer's file can tell. kLayerCorrupt as load_layer().
struct LayerFigures {
  std::vector<KindNorm> norms;
  LayerScales scales;
};
[[nodiscard]] Result<LayerFigures> figures_of_layer(Store& store, const LayerId& id);

}  // namespace genepool
