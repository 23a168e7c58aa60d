#include "store/layer_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

#include "base/log.h"
#include "base/regular_file.h"
#include "genome/layer_file.h"
#include "store/data_dir.h"

namespace genepool {
namespace {

namespace fs = std::filesystem;

// On the reader's stack and in its second-level cache: hashed and copied on while it is there.
constexpr std::size_t kReadChunk = 128 << 10;

Result<void> write_all(int fd, std::span<const std::byte> bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(fmt::format("write the layer file {}", path), errno);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  if (::fchmod(fd, 0444) != 0 || ::fsync(fd) != 0) return fail_errno(fmt::format("write the layer file {}", path), errno);
  return {};
}

template <class... Args>
tl::unexpected<Error> corrupt(const std::string& path, fmt::format_string<Args...> format, Args&&... args) {
  return fail(Code::kLayerCorrupt, "the layer file {} {}: add the layer again", path,
              fmt::format(format, std::forward<Args>(args)...));
}

// A full memory file system looks like a full disk, and is not one.
Result<void> append(int memory, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(memory, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(Code::kUnavailable, "no memory for a layer: {}", std::strerror(errno));
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

// Copies `size` bytes of the file into the memory file and returns their XXH3.
Result<std::uint64_t> copy_hashed(int fd, int memory, std::uint64_t size, const std::string& path) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> hash(XXH3_createState(), &XXH3_freeState);
  GENEPOOL_CHECK(hash != nullptr && XXH3_64bits_reset(hash.get()) == XXH_OK);
  std::array<std::byte, kReadChunk> chunk;
  while (size > 0) {
    const ssize_t n = ::read(fd, chunk.data(), std::min<std::uint64_t>(size, chunk.size()));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(fmt::format("read the layer file {}", path), errno);
    if (n == 0) return corrupt(path, "became shorter while it was read");
    const auto bytes = std::span(chunk).first(static_cast<std::size_t>(n));
    XXH3_64bits_update(hash.get(), bytes.data(), bytes.size());
    GENEPOOL_TRY_VOID(append(memory, bytes));
    size -= bytes.size();
  }
  return XXH3_64bits_digest(hash.get());
}

}  // namespace

UnpublishedLayer::UnpublishedLayer(std::string temporary, std::string target, std::string target_dir)
    : temporary_(std::move(temporary)), target_(std::move(target)), target_dir_(std::move(target_dir)) {}

UnpublishedLayer::UnpublishedLayer(UnpublishedLayer&& other) noexcept
    : temporary_(std::exchange(other.temporary_, {})),
      target_(std::move(other.target_)),
      target_dir_(std::move(other.target_dir_)) {}

UnpublishedLayer::~UnpublishedLayer() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<void> UnpublishedLayer::publish() {
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) return fail_errno(fmt::format("write {}", target_), errno);
  temporary_.clear();
  return sync_dir(target_dir_);
}

Result<LayerFiles> LayerFiles::open(const std::string& dir) {
  LayerFiles files(dir);
  std::error_code error;
  fs::remove_all(files.tmp_dir_, error);
  for (const std::string& part : {files.layers_dir_, files.tmp_dir_}) {
    fs::create_directories(part, error);
    if (error) return fail_errno(fmt::format("make {}", part), error.value());
  }
  return files;
}

std::string LayerFiles::path_of(const LayerId& id) const { return fmt::format("{}/{}{}", layers_dir_, id.hex(), kGgufSuffix); }

Result<UnpublishedLayer> LayerFiles::write(const LayerId& id, std::span<const std::byte> bytes) const {
  const std::string path = fmt::format("{}/{}", tmp_dir_, id.hex());
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd.is_open()) return fail_errno(fmt::format("make {}", path), errno);
  UnpublishedLayer file(path, path_of(id), layers_dir_);
  GENEPOOL_TRY_VOID(write_all(fd.get(), bytes, path));
  return file;
}

Result<MemoryFile> LayerFiles::load(const LayerId& id, std::uint64_t size, std::uint64_t checksum) const {
  const std::string path = path_of(id);
  const auto file = open_regular_file(path);
  if (!file && file.error().code == Code::kNotFound) return corrupt(path, "is missing");
  if (!file && file.error().code == Code::kBadRequest) return corrupt(path, "is not a regular file");
  if (!file) return tl::unexpected(file.error());
  struct stat info {};
  if (::fstat(file->get(), &info) != 0) return fail_errno(fmt::format("look at the layer file {}", path), errno);
  const auto found = static_cast<std::uint64_t>(info.st_size);
  if (found != size || size == 0) return corrupt(path, "has {} bytes where {} were stored", found, size);
  GENEPOOL_TRY(UniqueFd memory, MemoryFile::create_to_write("genepool-layer", size));
  GENEPOOL_TRY(const std::uint64_t read_checksum, copy_hashed(file->get(), memory.get(), size, path));
  if (read_checksum != checksum) return corrupt(path, "is damaged (checksum {:016x}, stored {:016x})", read_checksum, checksum);
  return MemoryFile::seal_written(std::move(memory));
}

Result<void> LayerFiles::verify(const LayerId& id, std::uint64_t size, std::uint64_t checksum) const {
  GENEPOOL_TRY(const MemoryFile file, load(id, size, checksum));
  const Digest found = sha256(file.bytes());
  if (found != id) return corrupt(path_of(id), "is damaged (SHA-256 {}, named {})", found.brief(), id.brief());
  if (const auto layer = LayerView::parse(file.bytes(), true); !layer) {
    return corrupt(path_of(id), "is no layer ({})", layer.error().message);
  }
  return {};
}

void LayerFiles::remove(const LayerId& id) const {
  // What cannot be removed now is an orphan, and swept at the next open.
  if (::unlink(path_of(id).c_str()) != 0 && errno != ENOENT)
    log(Level::kWarn, "layer file stays for now", {{"file", path_of(id)}});
}

void LayerFiles::forget(const LayerId& id) const {
  if (const auto file = open_regular_file(path_of(id))) ::posix_fadvise(file->get(), 0, 0, POSIX_FADV_DONTNEED);
}

void LayerFiles::sweep(const std::set<LayerId>& known) const { sweep_orphans(layers_dir_, known); }

}  // namespace genepool
