// PreparedFiles: the prepared bases on disk, DIR/bases/<hex>.gguf, immutable once they have that name.
// Owner: the Store. Thread: one writes at a time.
// Use:   write DIR/tmp/...; GENEPOOL_TRY(const BaseId id, files.adopt(temporary));
#pragma once

#include <set>
#include <string>

#include "base/error.h"
#include "genome/genome.h"

namespace genepool {

class PreparedFiles {
 public:
  [[nodiscard]] static Result<PreparedFiles> open(const std::string& dir);  // makes DIR/bases

  [[nodiscard]] std::string temporary(const std::string& name) const { return tmp_dir_ + "/" + name; }
  // Gives a finished file its name and makes it durable. The temporary one is gone afterwards.
  [[nodiscard]] Result<BaseId> adopt(const std::string& temporary) const;
  [[nodiscard]] std::string path_of(const BaseId& id) const;
  void remove(const BaseId& id) const;
  void sweep(const std::set<BaseId>& known) const;  // removes files that no row knows

 private:
  explicit PreparedFiles(const std::string& dir) : bases_dir_(dir + "/bases"), tmp_dir_(dir + "/tmp") {}

  std::string bases_dir_, tmp_dir_;
};

}  // namespace genepool
