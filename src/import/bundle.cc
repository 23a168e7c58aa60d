#include "import/bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "base/hash.h"
#include "base/memory_file.h"
#include "base/regular_file.h"
#include "base/unique_fd.h"

namespace genepool {
namespace {

constexpr const char* kManifestName = "manifest.json";
constexpr std::size_t kBlock = 64 << 10;

std::string entry_name(const LayerId& id) { return "layers/" + id.hex() + ".gguf"; }

struct FreeWriter {
  void operator()(archive* writer) const { archive_write_free(writer); }
};
struct FreeEntry {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

Result<void> cannot_write(const std::string& path, archive* writer) {
  const int error = archive_errno(writer);
  return fail(error == ENOSPC || error == EDQUOT ? Code::kStoreFull : Code::kIo, "could not write {}: {}", path,
              archive_error_string(writer));
}

// No owner, no time: the same genome gives the same bytes.
Result<void> add_entry(archive* writer, const std::string& path, const std::string& name, std::span<const std::byte> bytes) {
  const std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_mtime(entry.get(), 0, 0);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes.size()));
  if (archive_write_header(writer, entry.get()) != ARCHIVE_OK) return cannot_write(path, writer);
  if (archive_write_data(writer, bytes.data(), bytes.size()) != static_cast<la_ssize_t>(bytes.size())) return cannot_write(path, writer);
  return {};
}

Result<void> add_all(archive* writer, const std::string& path, const Manifest& manifest, const std::vector<std::string>& layer_files) {
  const std::string text = manifest_text(manifest);
  GENEPOOL_TRY_VOID(add_entry(writer, path, kManifestName, std::as_bytes(std::span(text))));
  for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
    const BundleLayer& layer = manifest.layers[i];
    GENEPOOL_TRY(const Mapping file, Mapping::of_file(layer_files[i]));
    if (file.bytes().size() != layer.bytes || sha256(file.bytes()) != layer.id) {
      return fail(Code::kLayerCorrupt, "{} is not layer {}: its bytes have changed", layer_files[i], layer.name);
    }
    GENEPOOL_TRY_VOID(add_entry(writer, path, entry_name(layer.id), file.bytes()));
  }
  if (archive_write_close(writer) != ARCHIVE_OK) return cannot_write(path, writer);
  return {};
}

Result<void> write_at(const std::string& path, const Manifest& manifest, const std::vector<std::string>& layer_files) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd.is_open()) return fail_errno("make " + path, errno);
  const std::unique_ptr<archive, FreeWriter> writer(archive_write_new());
  GENEPOOL_CHECK(writer != nullptr);
  archive_write_set_format_pax_restricted(writer.get());
  if (archive_write_open_fd(writer.get(), fd.get()) != ARCHIVE_OK) return cannot_write(path, writer.get());
  GENEPOOL_TRY_VOID(add_all(writer.get(), path, manifest, layer_files));
  if (::fsync(fd.get()) != 0) return fail_errno("write " + path, errno);
  return {};
}

}  // namespace

Result<void> write_bundle(const std::string& path, const Manifest& manifest, const std::vector<std::string>& layer_files) {
  GENEPOOL_CHECK(layer_files.size() == manifest.layers.size());
  const std::string temporary = fmt::format("{}.{}.tmp", path, ::getpid());
  auto written = write_at(temporary, manifest, layer_files);
  if (written && std::rename(temporary.c_str(), path.c_str()) != 0) written = fail_errno("write " + path, errno);
  if (!written) std::remove(temporary.c_str());
  return written;
}

void Bundle::Free::operator()(archive* reader) const { archive_read_free(reader); }

tl::unexpected<Error> Bundle::broken(const std::string& why) const {
  return fail(Code::kBadRequest, "{} is no whole bundle: {}", path_, why);
}

Result<Bundle> Bundle::open(const std::string& path) {
  GENEPOOL_TRY_VOID(open_regular_file(path));  // says at once what is wrong with it
  Bundle bundle;
  bundle.path_ = path;
  bundle.reader_.reset(archive_read_new());
  GENEPOOL_CHECK(bundle.reader_ != nullptr);
  archive_read_support_format_tar(bundle.reader_.get());  // and no compression, so that sizes are what they seem
  if (archive_read_open_filename(bundle.reader_.get(), path.c_str(), kBlock) != ARCHIVE_OK) {
    return bundle.broken(archive_error_string(bundle.reader_.get()));
  }
  GENEPOOL_TRY(const std::uint64_t size, bundle.next_entry(kManifestName));
  if (size == 0 || size > kMaxManifest) return bundle.broken(fmt::format("its manifest has {} bytes", size));
  std::string text(size, '\0');
  if (archive_read_data(bundle.reader_.get(), text.data(), size) != static_cast<la_ssize_t>(size)) {
    return bundle.broken("its manifest is cut off");
  }
  GENEPOOL_TRY(bundle.manifest_, parse_manifest(text));
  return bundle;
}

// The next entry, which must be a plain file of that name; its size.
Result<std::uint64_t> Bundle::next_entry(const std::string& wanted) {
  archive_entry* entry = nullptr;
  const int status = archive_read_next_header(reader_.get(), &entry);
  if (status == ARCHIVE_EOF) return broken(wanted + " is missing");
  if (status != ARCHIVE_OK) return broken(archive_error_string(reader_.get()));
  const char* name = archive_entry_pathname(entry);
  const bool is_plain = archive_entry_filetype(entry) == AE_IFREG && archive_entry_hardlink(entry) == nullptr;
  if (name == nullptr || name != wanted || !is_plain || archive_entry_size_is_set(entry) == 0) {
    return broken("where " + wanted + " should be is something else");
  }
  return static_cast<std::uint64_t>(archive_entry_size(entry));
}

Result<void> Bundle::extract_layer(const std::string& path) {
  const BundleLayer& layer = manifest_.layers.at(next_);
  GENEPOOL_TRY(const std::uint64_t size, next_entry(entry_name(layer.id)));
  if (size != layer.bytes) return broken(fmt::format("layer {} has {} bytes, the manifest says {}", layer.name, size, layer.bytes));
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.is_open()) return fail_errno("make " + path, errno);
  Sha256 hash;
  std::array<std::byte, kBlock> block;
  for (std::uint64_t left = size; left > 0;) {
    const la_ssize_t n = archive_read_data(reader_.get(), block.data(), std::min<std::uint64_t>(left, block.size()));
    if (n <= 0) return broken(fmt::format("layer {} is cut off", layer.name));
    const auto bytes = std::span(block).first(static_cast<std::size_t>(n));
    hash.add(bytes);
    if (::write(fd.get(), bytes.data(), bytes.size()) != n) return fail_errno("write " + path, errno);
    left -= bytes.size();
  }
  if (hash.finish() != layer.id) return fail(Code::kLayerCorrupt, "{}: layer {} has not the hash that the manifest states", path_, layer.name);
  ++next_;
  return {};
}

Result<void> Bundle::finish() {
  GENEPOOL_CHECK(layers_left() == 0);
  archive_entry* entry = nullptr;
  if (archive_read_next_header(reader_.get(), &entry) == ARCHIVE_EOF) return {};
  return broken("more follows than the manifest names");
}

}  // namespace genepool
