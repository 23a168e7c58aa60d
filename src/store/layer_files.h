// LayerFiles: the normalised layers on disk, DIR/layers/<hex>.gguf, immutable once they have that name.
// Owner: the Store. Thread: any; the store lets one thread write at a time.
// Use:   GENEPOOL_TRY(UnpublishedLayer file, files.write(id, bytes));   // DIR/tmp, on disk
//        GENEPOOL_TRY_VOID(file.publish());                            // now it has its name; without: gone
//        GENEPOOL_TRY(MemoryFile bytes, files.load(id, size, checksum));
// Not here: which layers there should be (catalog.h).
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>

#include "base/error.h"
#include "base/memory_file.h"
#include "genome/genome.h"

namespace genepool {

// A complete, synced file in DIR/tmp that has not got its name yet; removed when it ends without one.
class UnpublishedLayer {
 public:
  UnpublishedLayer(std::string temporary, std::string target, std::string target_dir);
  UnpublishedLayer(UnpublishedLayer&& other) noexcept;
  UnpublishedLayer& operator=(UnpublishedLayer&&) = delete;
  ~UnpublishedLayer();
  [[nodiscard]] Result<void> publish();  // durable when it returns

 private:
  std::string temporary_;  // "" when there is nothing to remove
  std::string target_, target_dir_;
};

class LayerFiles {
 public:
  // Makes the directories and empties DIR/tmp: what is there, a dead process left behind.
  [[nodiscard]] static Result<LayerFiles> open(const std::string& dir);

  [[nodiscard]] Result<UnpublishedLayer> write(const LayerId& id, std::span<const std::byte> bytes) const;

  // Into a sealed memory file. kLayerCorrupt names the file: missing, of another size, other checksum (XXH3).
  [[nodiscard]] Result<MemoryFile> load(const LayerId& id, std::uint64_t size, std::uint64_t checksum) const;

  // Reads the whole file again and takes nothing on trust: size, SHA-256, structure, every value. kLayerCorrupt names it.
  [[nodiscard]] Result<void> verify(const LayerId& id, std::uint64_t size, std::uint64_t checksum) const;

  void remove(const LayerId& id) const;
  void forget(const LayerId& id) const;              // out of the page cache
  void sweep(const std::set<LayerId>& known) const;  // removes layer files that no row knows
  [[nodiscard]] std::string path_of(const LayerId& id) const;

 private:
  explicit LayerFiles(const std::string& dir) : layers_dir_(dir + "/layers"), tmp_dir_(dir + "/tmp") {}

  std::string layers_dir_, tmp_dir_;
};

}  // namespace genepool
