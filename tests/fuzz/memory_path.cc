#include "fuzz/memory_path.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "hostile/lying_files.h"

namespace genepool::fuzz {

MemoryPath::MemoryPath() : fd_(::memfd_create("fuzz", MFD_CLOEXEC)), path_(fmt::format("/proc/self/fd/{}", fd_.get())) {
  GENEPOOL_CHECK(fd_.is_open(), "{}", std::strerror(errno));
}

void MemoryPath::set(std::span<const std::byte> bytes) {
  GENEPOOL_CHECK(::ftruncate(fd_.get(), 0) == 0, "{}", std::strerror(errno));
  GENEPOOL_CHECK(::pwrite(fd_.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()), "{}", std::strerror(errno));
}

PeftFolder::PeftFolder(const std::string& name, const MemoryPath& content)
    : path_((std::filesystem::temp_directory_path() / "genepool-fuzz-XXXXXX").string()) {
  GENEPOOL_CHECK(::mkdtemp(path_.data()) != nullptr, "{}", std::strerror(errno));
  hostile::valid_peft().write(path_);
  std::filesystem::remove(path_ + "/" + name);
  std::filesystem::create_symlink(content.path(), path_ + "/" + name);
}

PeftFolder::~PeftFolder() { std::filesystem::remove_all(path_); }

}  // namespace genepool::fuzz
