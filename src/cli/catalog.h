// Catalog: layers and genomes, through the running server or, when there is none, straight from the data directory.
// Owner: one verb. Thread: one. Every call blocks.
// Use:   GENEPOOL_TRY(std::unique_ptr<Catalog> catalog, open_catalog(invocation));
//        GENEPOOL_TRY(std::vector<LayerInfo> layers, catalog->layers(""));
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/golden_check.h"
#include "base/error.h"
#include "cli/invocation.h"
#include "cli/wire.h"
#include "cli/wire_store.h"
#include "config/config.h"
#include "import/import.h"

namespace genepool::cli {

class Catalog {
 public:
  virtual ~Catalog() = default;

  // `base`: the base model's file, for a data directory that remembers none yet; "" = the remembered one.
  [[nodiscard]] virtual Result<BaseInfo> base(const std::string& base) = 0;
  [[nodiscard]] virtual Result<LayerInfo> add_layer(const NewLayerRequest& layer, const std::string& base) = 0;
  [[nodiscard]] virtual Result<LayerInfo> generate_layer(const std::string& name, const RandomLayerOptions& options,
                                                         const std::string& base) = 0;
  [[nodiscard]] virtual Result<std::vector<LayerInfo>> layers(const std::string& search) = 0;
  [[nodiscard]] virtual Result<LayerInfo> layer(const std::string& name) = 0;
  [[nodiscard]] virtual Result<void> remove_layer(const std::string& name) = 0;
  // The file that holds a layer's bytes. Immutable: reading it needs no lock. kNotFound: not on this machine.
  [[nodiscard]] virtual Result<std::string> layer_file(const std::string& id) = 0;
  // `source`: the path that it is imported from again and compared with; "" = only its own file is read.
  [[nodiscard]] virtual Result<VerifyInfo> verify_layer(const std::string& name, const std::string& source) = 0;

  [[nodiscard]] virtual Result<GenomeInfo> create_genome(const NewGenomeRequest& genome, const std::string& base) = 0;
  // All or none; returns how many there are.
  [[nodiscard]] virtual Result<std::uint64_t> create_genomes(const std::vector<NewGenomeRequest>& genomes, const std::string& base) = 0;
  [[nodiscard]] virtual Result<GenomeInfo> copy_genome(const Store::CopyGenome& copy, bool skip_golden) = 0;
  [[nodiscard]] virtual Result<GenomeInfo> roll_back(const Store::Rollback& back, bool skip_golden) = 0;
  [[nodiscard]] virtual Result<std::vector<GenomeInfo>> history(const std::string& name) = 0;  // newest first
  [[nodiscard]] virtual Result<std::uint64_t> trim_history(const std::string& name, std::uint64_t keep) = 0;
  [[nodiscard]] virtual Result<std::vector<GenomeInfo>> genomes(const std::string& search) = 0;
  [[nodiscard]] virtual Result<GenomeInfo> genome(const std::string& name) = 0;  // or "captain@1a2b3c4d", one of its versions
  [[nodiscard]] virtual Result<void> remove_genome(const std::string& name) = 0;

  // The golden prompts that guard a name: a JSON array's text.
  [[nodiscard]] virtual Result<std::string> golden(const std::string& name) = 0;
  [[nodiscard]] virtual Result<void> set_golden(const std::string& name, const std::string& prompts) = 0;
  [[nodiscard]] virtual Result<std::vector<api::GoldenResult>> check_golden(const std::string& name) = 0;

  [[nodiscard]] virtual Result<std::vector<PreparedBase>> prepared_bases() = 0;
  [[nodiscard]] virtual Result<StoreInfo> store_info() = 0;
  [[nodiscard]] virtual Result<GarbageInfo> collect_garbage(bool is_dry_run) = 0;
};

// The server of --host or GENEPOOL_HOST, else the one that listens in the data directory, else the directory itself.
// kUnreachable: the server named does not answer. kConflict: another process holds the directory without listening there.
[[nodiscard]] Result<std::unique_ptr<Catalog>> open_catalog(const Invocation& invocation);

[[nodiscard]] Result<std::string> existing_layer_file(const std::string& data_dir, const std::string& id);

[[nodiscard]] Result<std::unique_ptr<Catalog>> open_local_catalog(const Config& config);
class Connection;
[[nodiscard]] std::unique_ptr<Catalog> make_remote_catalog(std::unique_ptr<Connection> connection);

}  // namespace genepool::cli
