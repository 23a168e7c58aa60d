// Catalog: layers and genomes, through the running server or, when there is none, straight from the data directory.
// Owner: one verb. Thread: one. Every call blocks.
// Use:   GENEPOOL_TRY(std::unique_ptr<Catalog> catalog, open_catalog(invocation));
//        GENEPOOL_TRY(std::vector<LayerInfo> layers, catalog->layers(""));
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/invocation.h"
#include "cli/wire.h"
#include "import/import.h"

namespace genepool::cli {

class Catalog {
 public:
  virtual ~Catalog() = default;

  // `base`: the base model's file, for a data directory that remembers none yet; "" = the remembered one.
  [[nodiscard]] virtual Result<LayerInfo> add_layer(const std::string& path, const std::string& name, const std::string& base,
                                                    const ImportOptions& options) = 0;
  [[nodiscard]] virtual Result<LayerInfo> generate_layer(const std::string& name, const RandomLayerOptions& options,
                                                         const std::string& base) = 0;
  [[nodiscard]] virtual Result<std::vector<LayerInfo>> layers(const std::string& search) = 0;
  [[nodiscard]] virtual Result<LayerInfo> layer(const std::string& name) = 0;
  [[nodiscard]] virtual Result<void> remove_layer(const std::string& name) = 0;

  [[nodiscard]] virtual Result<GenomeInfo> create_genome(const NewGenomeRequest& genome, const std::string& base) = 0;
  [[nodiscard]] virtual Result<std::vector<GenomeInfo>> genomes(const std::string& search) = 0;
  [[nodiscard]] virtual Result<GenomeInfo> genome(const std::string& name) = 0;
  [[nodiscard]] virtual Result<void> remove_genome(const std::string& name) = 0;
};

// The server of --host or GENEPOOL_HOST, else the one that listens in the data directory, else the directory itself.
// kUnreachable: the server named does not answer. kConflict: another process holds the directory without listening there.
[[nodiscard]] Result<std::unique_ptr<Catalog>> open_catalog(const Invocation& invocation);

[[nodiscard]] Result<std::unique_ptr<Catalog>> open_local_catalog(const std::string& data_dir);
class Connection;
[[nodiscard]] std::unique_ptr<Catalog> make_remote_catalog(std::unique_ptr<Connection> connection);

}  // namespace genepool::cli
