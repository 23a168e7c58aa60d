#include "base/regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

namespace genepool {

Result<UniqueFd> open_regular_file(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.is_open() && errno == ENOENT) return fail(Code::kNotFound, "{} does not exist", path);
  if (!fd.is_open()) return fail_errno(fmt::format("open {}", path), errno);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return fail_errno(fmt::format("look at {}", path), errno);
  if (!S_ISREG(info.st_mode)) return fail(Code::kBadRequest, "{} is not a regular file", path);
  return fd;
}

}  // namespace genepool
