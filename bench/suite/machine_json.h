// The machine as every result file has it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "suite/machine.h"

namespace genepool::bench {

[[nodiscard]] nlohmann::ordered_json json_of(const Machine& machine);

}  // namespace genepool::bench
