#include "base/memory_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/huge_pages.h"
#include "base/regular_file.h"

namespace genepool {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr int kAllSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;

// A memory file gets huge pages where the kernel may give them: 39 MB cost 2.4 ms then, and 24 ms without.
Result<std::byte*> map_shared(int fd, std::size_t size, int protection) {
  void* data = ::mmap(nullptr, size, protection, MAP_SHARED, fd, 0);
  if (data == MAP_FAILED) return fail_errno("map a file", errno);
  if (has_huge_memory_files()) (void)::madvise(data, size, MADV_HUGEPAGE);  // a wish
  return static_cast<std::byte*>(data);
}

// Touches all of a mapping now: in one go it costs a fraction of as many single faults, and too little memory is an error
// here instead of a SIGBUS later.
Result<void> populate(void* data, std::size_t size, int advice) {
  if (::madvise(data, size, advice) == 0 || errno == EINVAL) return {};  // EINVAL: Linux before 5.14, which faults later
  return fail(Code::kUnavailable, "no memory for {} bytes ({})", size, std::strerror(errno));
}

bool is_unchanged(const struct stat& before, const struct stat& after) {
  return before.st_size == after.st_size && before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
         before.st_mtim.tv_nsec == after.st_mtim.tv_nsec;
}

// Fills to[begin, end) from the same place of the file; stops early where the file ends.
Result<void> read_range(int fd, std::byte* to, off_t begin, off_t end) {
  while (begin < end) {
    const ssize_t n = ::pread(fd, to + begin, static_cast<std::size_t>(end - begin), begin);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("read a file", errno);
    if (n == 0) return {};
    begin += n;
  }
  return {};
}

// The parts that hold data; a file system that knows no holes calls all of it data.
Result<void> read_data(int fd, std::byte* to, off_t size) {
  off_t at = 0;
  while (at < size) {
    off_t begin = ::lseek(fd, at, SEEK_DATA);
    if (begin < 0 && errno == ENXIO) return {};
    if (begin < 0) begin = at;
    off_t end = ::lseek(fd, begin, SEEK_HOLE);
    if (end <= begin || end > size) end = size;
    GENEPOOL_TRY_VOID(read_range(fd, to, begin, end));
    at = end;
  }
  return {};
}

}  // namespace

Mapping::Mapping(Mapping&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Mapping::~Mapping() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

Result<Mapping> Mapping::of_fd(int fd, bool is_populated) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return fail_errno("look at a file to map", errno);
  Mapping mapping;
  if (info.st_size == 0) return mapping;
  const auto size = static_cast<std::size_t>(info.st_size);
  GENEPOOL_TRY(std::byte * data, map_shared(fd, size, PROT_READ));
  mapping.data_ = data;
  mapping.size_ = size;
  if (is_populated) {
    GENEPOOL_TRY_VOID(populate(data, size, MADV_POPULATE_READ));
  }
  return mapping;
}

Result<Mapping> Mapping::of_file(const std::string& path) {
  GENEPOOL_TRY(const UniqueFd fd, open_regular_file(path));
  return of_fd(fd.get());
}

Result<Mapping> Mapping::copy_of_file(const std::string& path, std::uint64_t most) {
  GENEPOOL_TRY(const UniqueFd fd, open_regular_file(path));
  struct stat before {}, after {};
  if (::fstat(fd.get(), &before) != 0) return fail_errno(fmt::format("look at {}", path), errno);
  const auto size = static_cast<std::uint64_t>(before.st_size);
  if (size > most) return fail(Code::kTooLarge, "{} has {} bytes, at most {} are read", path, size, most);
  Mapping copy;
  if (size == 0) return copy;
  void* data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) return fail(Code::kUnavailable, "no memory for the {} bytes of {}", size, path);
  copy.data_ = static_cast<const std::byte*>(data);
  copy.size_ = size;
  GENEPOOL_TRY_VOID(read_data(fd.get(), static_cast<std::byte*>(data), before.st_size));
  if (::fstat(fd.get(), &after) != 0) return fail_errno(fmt::format("look at {}", path), errno);
  if (!is_unchanged(before, after)) return fail(Code::kConflict, "{} changed while it was read: try again", path);
  if (::mprotect(data, size, PROT_READ) != 0) return fail_errno("protect a copy", errno);
  return copy;
}

MemoryFile::MemoryFile(MemoryFile&& other) noexcept
    : fd_(std::move(other.fd_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      is_sealed_(std::exchange(other.is_sealed_, false)) {}

MemoryFile& MemoryFile::operator=(MemoryFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(is_sealed_, other.is_sealed_);
  return *this;
}

MemoryFile::~MemoryFile() { unmap(); }

void MemoryFile::unmap() {
  if (data_ != nullptr) ::munmap(data_, size_);
  data_ = nullptr;
}

Result<MemoryFile> MemoryFile::create(const std::string& label, std::size_t size) {
  GENEPOOL_CHECK(size > 0);
  MemoryFile file;
  file.fd_.reset(::memfd_create(label.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.fd_.is_open()) return fail_errno("create a memory file", errno);
  if (::ftruncate(file.fd_.get(), static_cast<off_t>(size)) != 0) return fail_errno("size a memory file", errno);
  GENEPOOL_TRY(file.data_, map_shared(file.fd_.get(), size, PROT_READ | PROT_WRITE));
  file.size_ = size;
  GENEPOOL_TRY_VOID(populate(file.data_, size, MADV_POPULATE_WRITE));
  return file;
}

Result<UniqueFd> MemoryFile::create_to_write(const std::string& label, std::size_t size) {
  const std::size_t whole = size - size % kHugePage;
  if (has_huge_memory_files() && whole > 0) {  // write() alone would not ask for them; it makes the rest grow as ever
    GENEPOOL_TRY(MemoryFile file, create(label, whole));
    return std::move(file.fd_);
  }
  UniqueFd fd(::memfd_create(label.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.is_open()) return fail_errno("create a memory file", errno);
  return fd;
}

Result<MemoryFile> MemoryFile::seal_written(UniqueFd fd) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return fail_errno("look at a memory file", errno);
  MemoryFile file;
  file.fd_ = std::move(fd);
  file.size_ = static_cast<std::size_t>(info.st_size);
  GENEPOOL_TRY_VOID(file.seal());
  return file;
}

Result<void> MemoryFile::shrink(std::size_t size) {
  GENEPOOL_CHECK(!is_sealed_ && size > 0 && size <= size_);
  if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return fail_errno("shrink a memory file", errno);
  if (::mremap(data_, size_, size, 0) == MAP_FAILED) return fail_errno("shrink a mapping", errno);
  size_ = size;
  return {};
}

Result<void> MemoryFile::seal() {
  // F_SEAL_WRITE is refused while a writable mapping exists.
  unmap();
  if (::fcntl(fd_.get(), F_ADD_SEALS, kAllSeals) != 0) return fail_errno("seal a memory file", errno);
  is_sealed_ = true;
  GENEPOOL_TRY(data_, map_shared(fd_.get(), size_, PROT_READ));
  return {};
}

bool is_sealed_fd(int fd) {
  const int seals = ::fcntl(fd, F_GET_SEALS);
  return seals >= 0 && (seals & kAllSeals) == kAllSeals;
}

}  // namespace genepool
