// MemoryFile: bytes in RAM behind a descriptor (memfd) that can be sealed and handed to another process.
// Owner: whoever holds the object; the memory lives while a descriptor or a mapping of it does. Thread: one at a time.
// Use:   GENEPOOL_TRY(MemoryFile file, MemoryFile::create("page", size));
//        fill(file.writable());               // until seal()
//        GENEPOOL_TRY_VOID(file.seal());      // no one can write, grow or shrink it any more
//        channel.send(frame, file.fd());      // the other side: Mapping::open(fd)
// Not here: meaning of the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/error.h"
#include "base/unique_fd.h"

namespace genepool {

// The bytes of a whole file, read-only and page-aligned: mapped, or copied.
class Mapping {
 public:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  // Maps all of `fd` (which stays the caller's). `is_populated`: the page table is filled now. kIo;
  // kUnavailable when the memory for that is not to be had.
  [[nodiscard]] static Result<Mapping> of_fd(int fd, bool is_populated = false);
  [[nodiscard]] static Result<Mapping> of_file(const std::string& path);

  // A copy in this process's own memory, for files that others may still write: touching a mapping of one that was cut
  // kills the process (SIGBUS). Holes take no memory. kTooLarge beyond `most` bytes; kConflict when it changed meanwhile;
  // kUnavailable without memory.
  [[nodiscard]] static Result<Mapping> copy_of_file(const std::string& path, std::uint64_t most);

  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

class MemoryFile {
 public:
  MemoryFile() = default;
  MemoryFile(MemoryFile&& other) noexcept;
  MemoryFile& operator=(MemoryFile&& other) noexcept;
  ~MemoryFile();

  // kIo; kUnavailable when the memory is not to be had. Requires: size > 0.
  [[nodiscard]] static Result<MemoryFile> create(const std::string& label, std::size_t size);

  // The other way to make one: a descriptor for write() from its beginning on, then sealed and mapped. Whoever takes the bytes
  // in pieces is 1.5 to 1.8 times faster so: write() of whole pages neither zeroes them first nor fills a page table.
  // Errors as create(). seal_written requires: `fd` is from create_to_write, and all of its bytes were written.
  [[nodiscard]] static Result<UniqueFd> create_to_write(const std::string& label, std::size_t size);
  [[nodiscard]] static Result<MemoryFile> seal_written(UniqueFd fd);

  [[nodiscard]] std::span<std::byte> writable() { return {data_, is_sealed_ ? 0 : size_}; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] int fd() const { return fd_.get(); }

  // Gives back what is beyond `size`. Requires: not sealed, 0 < size <= size().
  [[nodiscard]] Result<void> shrink(std::size_t size);

  // Afterwards the bytes are immutable for everyone (F_SEAL_WRITE | GROW | SHRINK | SEAL) and stay readable here.
  [[nodiscard]] Result<void> seal();

 private:
  void unmap();

  UniqueFd fd_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  bool is_sealed_ = false;
};

// True when `fd` carries the seals that seal() sets: what a worker demands before it maps a page.
[[nodiscard]] bool is_sealed_fd(int fd);

}  // namespace genepool
