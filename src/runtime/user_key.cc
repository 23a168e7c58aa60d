#include "runtime/user_key.h"

#include <fcntl.h>
#include <sys/random.h>

#include <cerrno>
#include <cstdio>

#include "base/hash.h"
#include "base/unique_fd.h"

namespace genepool {

Result<UserKey> UserKey::load(const std::string& path) {
  Bytes bytes{};
  constexpr auto kSize = static_cast<ssize_t>(sizeof bytes);
  const UniqueFd known(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (known.is_open() && ::read(known.get(), bytes.data(), bytes.size()) == kSize) return UserKey(bytes);
  if (!known.is_open() && errno != ENOENT) return fail_errno("read " + path, errno);
  if (::getrandom(bytes.data(), bytes.size(), 0) != kSize) return fail_errno("draw a key", errno);
  // Beside it first, so that a crash leaves a whole key or none.
  const std::string unfinished = path + ".new";
  const UniqueFd made(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  const bool is_written = made.is_open() && ::write(made.get(), bytes.data(), bytes.size()) == kSize && ::fsync(made.get()) == 0 &&
                          std::rename(unfinished.c_str(), path.c_str()) == 0;
  if (!is_written) return fail_errno("write " + path, errno);
  return UserKey(bytes);
}

std::string UserKey::name_of(std::uint64_t user) const {
  Sha256 hash;
  hash.add(bytes_);
  hash.add_u32(static_cast<std::uint32_t>(user));
  hash.add_u32(static_cast<std::uint32_t>(user >> 32));
  return hash.finish().hex().substr(0, 16);
}

}  // namespace genepool
