#include "import/source_file.h"

#include <filesystem>

namespace genepool {

Result<Mapping> map_source(const std::string& path, std::uint64_t most) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (error || !std::filesystem::exists(status)) return fail(Code::kLayerNotFound, "{} does not exist", path);
  if (!std::filesystem::is_regular_file(status)) return reject_source(path, "not a regular file");
  const auto size = std::filesystem::file_size(path, error);
  if (error) return fail(Code::kIo, "could not look at {}: {}", path, error.message());
  if (size > most) return fail(Code::kTooLarge, "{} has {} bytes, at most {} are read", path, size, most);
  return Mapping::of_file(path);
}

}  // namespace genepool
