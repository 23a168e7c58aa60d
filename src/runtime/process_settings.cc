#include "runtime/process_settings.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/usable_cores.h"

namespace genepool {

int cores_of(const Config& config) {
  if (config.engine_threads > 0) return static_cast<int>(config.engine_threads);
  return static_cast<int>(usable_cores());
}

std::string worker_program(const Config& config) {
  if (!config.engine_worker.empty()) return config.engine_worker;
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return (self.parent_path() / "genepool-worker").string();
}

std::string manager_program(const Config& config) {
  return (std::filesystem::path(worker_program(config)).parent_path() / "genepool-manager").string();
}

Result<void> check_worker_program(const Config& config) {
  const std::string program = worker_program(config);
  if (::access(program.c_str(), X_OK) == 0) return {};
  return fail(Code::kNotFound, "the worker program {} is not there: set engine.worker to genepool-worker", program);
}

Store::Prepared prepared_use(const Config& config) {
  return config.base_prepared == "auto" ? Store::Prepared::kUse : Store::Prepared::kIgnore;
}

}  // namespace genepool
