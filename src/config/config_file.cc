#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

#include "config/config.h"
#include "config/origin.h"

namespace genepool {
namespace {

class FileReader {
 public:
  FileReader(const std::string& path, Config& config) : path_(path), config_(config) {}

  // A map of settings and sections. `prefix` is "" or "pool."; sections nest one level.
  Result<void> read_map(const YAML::Node& map, const std::string& prefix) {
    for (const auto& item : map) {
      if (!item.first.IsScalar()) return refuse(item.first.Mark(), "wanted the name of a setting");
      const std::string name = prefix + item.first.Scalar();
      if (item.second.IsMap() && prefix.empty()) {
        GENEPOOL_TRY_VOID(read_map(item.second, name + "."));
      } else {
        GENEPOOL_TRY_VOID(read_setting(name, item.first.Mark(), item.second));
      }
    }
    return {};
  }

  tl::unexpected<Error> refuse(const YAML::Mark& mark, const std::string& message, std::string param = "") const {
    return fail_param(Code::kUsage, std::move(param), "{}:{}:{}: {}", path_, mark.line + 1, mark.column + 1, message);
  }

 private:
  Result<void> read_setting(const std::string& name, const YAML::Mark& mark, const YAML::Node& value) {
    if (!seen_.insert(name).second) return refuse(mark, name + " is given twice", name);
    const auto has_name = [&name](const ParamRow& row) { return row.name == name; };
    const bool is_known = std::ranges::any_of(param_rows(), has_name);
    if (is_known && !value.IsScalar() && !value.IsNull()) return refuse(value.Mark(), name + ": wanted a single value", name);
    // "data_dir:" with nothing behind it is the empty text; for every other kind set_param refuses it.
    auto set = offer_param(config_, name, value.IsScalar() ? value.Scalar() : std::string(), Origin::kFile);
    if (!set) return refuse(is_known ? value.Mark() : mark, set.error().message, set.error().param);
    return {};
  }

  const std::string& path_;
  Config& config_;
  std::set<std::string> seen_;
};

Result<std::string> read_text(const std::string& path) {
  std::ifstream stream(path);
  std::ostringstream text;
  // operator<< says "failed" of an empty file, so its state tells nothing; the source's does.
  if (stream.is_open() && stream.peek() != std::ifstream::traits_type::eof()) text << stream.rdbuf();
  if (stream.is_open() && !stream.bad()) return text.str();
  return fail_param(Code::kUsage, "config", "could not read the config file {}: {}", path, std::strerror(errno));
}

}  // namespace

Result<void> load_config_file(const std::string& path, Config& config) {
  GENEPOOL_TRY(const std::string text, read_text(path));
  Config loaded = config;
  FileReader reader(path, loaded);
  // yaml-cpp throws; its exceptions end here.
  try {
    const YAML::Node root = YAML::Load(text);
    if (root.IsMap()) {
      GENEPOOL_TRY_VOID(reader.read_map(root, ""));
    } else if (!root.IsNull()) {
      return reader.refuse(root.Mark(), "wanted settings like \"pool: {max_hot: 3}\"");
    }
  } catch (const YAML::Exception& error) {
    return reader.refuse(error.mark, error.msg);
  }
  config = std::move(loaded);
  return {};
}

}  // namespace genepool
