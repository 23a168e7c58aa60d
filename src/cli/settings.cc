#include "cli/settings.h"

#include <cstdlib>
#include <filesystem>

namespace genepool::cli {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// The settings that have a short flag. Each only where commands.def gives it to the verb.
constexpr std::pair<std::string_view, std::string_view> kShortFlags[] = {
    {"--data-dir", "server.data_dir"}, {"--base", "base.path"}, {"--listen", "server.listen"}, {"--engine", "engine.name"}, {"--policy", "pool.policy"}, {"--max-hot", "pool.max_hot"}};

}  // namespace

std::string config_file_of(const Invocation& invocation) {
  if (invocation.has("--config")) return invocation.text("--config");
  if (std::string named = environment("GENEPOOL_CONFIG"); !named.empty()) return named;
  std::string home = environment("XDG_CONFIG_HOME");
  if (home.empty()) home = environment("HOME") + "/.config";
  const std::string usual = home + "/genepool/genepool.yaml";
  std::error_code ignored;
  return std::filesystem::exists(usual, ignored) ? usual : "";
}

Result<Config> settings_of(const Invocation& invocation) {
  Config config;
  if (const std::string file = config_file_of(invocation); !file.empty()) {
    GENEPOOL_TRY_VOID(load_config_file(file, config));
  }
  GENEPOOL_TRY_VOID(load_environment(config));
  for (const auto& [flag, setting] : kShortFlags) {
    if (invocation.has(flag)) GENEPOOL_TRY_VOID(set_param(config, setting, invocation.text(flag), Origin::kFlag));
  }
  for (const auto& [flag, value] : invocation.flags) {
    const bool is_setting = flag.find('.') != std::string::npos;
    if (is_setting) GENEPOOL_TRY_VOID(set_param(config, flag.substr(2), value, Origin::kFlag));
  }
  return config;
}

std::string socket_path_of(const Config& config) {
  return config.server_socket.empty() ? data_dir_of(config) + "/genepool.sock" : config.server_socket;
}

}  // namespace genepool::cli
