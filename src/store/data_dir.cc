#include "store/data_dir.h"

#include <fcntl.h>
#include <sys/file.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "base/log.h"

namespace genepool {
namespace {

namespace fs = std::filesystem;

Result<void> make_private_dir(const std::string& dir) {
  std::error_code error;
  if (fs::is_directory(dir, error)) return {};
  fs::create_directories(dir, error);
  // System prompts are in there.
  if (!error) fs::permissions(dir, fs::perms::owner_all, error);
  if (error) return fail_errno(fmt::format("make the data directory {}", dir), error.value());
  return {};
}

tl::unexpected<Error> fail_held(const std::string& dir, int lock_fd) {
  std::array<char, 16> text{};
  const ssize_t size = ::pread(lock_fd, text.data(), text.size(), 0);
  const std::string_view all(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  const std::string_view pid = all.substr(0, all.find('\n'));
  return fail(Code::kConflict, "the data directory {} is in use by {}{}: wait for it, or talk to it with --host if it is a server", dir,
              pid.empty() ? "another process" : "process ", pid);
}

}  // namespace

Result<UniqueFd> lock_data_dir(const std::string& dir) {
  GENEPOOL_TRY_VOID(make_private_dir(dir));
  const std::string path = dir + "/lock";
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.is_open()) return fail_errno(fmt::format("open {}", path), errno);
  // Another command is done in a moment; a server is not.
  const Instant give_up = monotonic_now() + kLockPatience;
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail_errno(fmt::format("lock {}", path), errno);
    if (monotonic_now() >= give_up) return fail_held(dir, fd.get());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  // The pid is only for the message above: a full disk is no reason not to open.
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd.get(), 0) == 0) static_cast<void>(!::pwrite(fd.get(), pid.data(), pid.size(), 0));
  return fd;
}

Result<void> sync_dir(const std::string& dir) {
  const UniqueFd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open()) return fail_errno(fmt::format("open {}", dir), errno);
  if (::fsync(fd.get()) != 0) return fail_errno(fmt::format("sync {}", dir), errno);
  return {};
}

void sweep_orphans(const std::string& dir, const std::set<Digest>& known) {
  std::error_code error;
  for (const std::filesystem::directory_entry& entry : std::filesystem::directory_iterator(dir, error)) {
    const std::string name = entry.path().filename();
    if (!name.ends_with(kGgufSuffix)) continue;  // not ours: it stays
    const auto id = Digest::from_hex(std::string_view(name).substr(0, name.size() - kGgufSuffix.size()));
    if (!id || known.contains(*id)) continue;
    log(Level::kInfo, "removed a file of an unfinished add or remove", {{"file", entry.path()}});
    ::unlink(entry.path().c_str());
  }
}

}  // namespace genepool
