#include "store/prepared_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/log.h"
#include "base/regular_file.h"
#include "store/data_dir.h"

namespace genepool {

Result<PreparedFiles> PreparedFiles::open(const std::string& dir) {
  PreparedFiles files(dir);
  std::error_code error;
  std::filesystem::create_directories(files.bases_dir_, error);
  if (error) return fail_errno(fmt::format("make {}", files.bases_dir_), error.value());
  return files;
}

Result<BaseId> PreparedFiles::adopt(const std::string& temporary) const {
  GENEPOOL_TRY(const BaseId id, sha256_of_file(temporary));
  GENEPOOL_TRY(const UniqueFd file, open_regular_file(temporary));
  if (::fchmod(file.get(), 0444) != 0 || ::fsync(file.get()) != 0) return fail_errno(fmt::format("write {}", temporary), errno);
  if (::rename(temporary.c_str(), path_of(id).c_str()) != 0) return fail_errno(fmt::format("write {}", path_of(id)), errno);
  GENEPOOL_TRY_VOID(sync_dir(bases_dir_));
  return id;
}

std::string PreparedFiles::path_of(const BaseId& id) const { return fmt::format("{}/{}{}", bases_dir_, id.hex(), kGgufSuffix); }

void PreparedFiles::remove(const BaseId& id) const {
  // What cannot be removed now is an orphan, and swept at the next open.
  if (::unlink(path_of(id).c_str()) != 0 && errno != ENOENT) log(Level::kWarn, "prepared base stays for now", {{"file", path_of(id)}});
}

void PreparedFiles::sweep(const std::set<BaseId>& known) const { sweep_orphans(bases_dir_, known); }

}  // namespace genepool
