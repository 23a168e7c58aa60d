// What the settings mean for processes of genepool-worker. Thread: any.
#pragma once

#include <string>

#include "base/error.h"
#include "config/config.h"
#include "store/store.h"

namespace genepool {

[[nodiscard]] int cores_of(const Config& config);  // that may compute, all workers together
[[nodiscard]] std::string worker_program(const Config& config);
[[nodiscard]] std::string manager_program(const Config& config);  // beside the worker's
[[nodiscard]] Result<void> check_worker_program(const Config& config);  // kNotFound
[[nodiscard]] Store::Prepared prepared_use(const Config& config);

}  // namespace genepool
