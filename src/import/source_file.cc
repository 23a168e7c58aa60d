#include "import/source_file.h"

#include <filesystem>

namespace genepool {

Result<Mapping> map_source(const std::string& path, std::uint64_t most) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (error || !std::filesystem::exists(status)) return fail(Code::kLayerNotFound, "{} does not exist", path);
  if (!std::filesystem::is_regular_file(status)) return reject_source(path, "not a regular file");
  return Mapping::copy_of_file(path, most);  // whoever trains may write the next one over it at any moment
}

}  // namespace genepool
