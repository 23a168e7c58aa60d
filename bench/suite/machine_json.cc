#include "suite/machine_json.h"

#include <nlohmann/json.hpp>

namespace genepool::bench {

nlohmann::ordered_json json_of(const Machine& machine) {
  return {{"cpu", machine.cpu},       {"cores", machine.cores},
          {"kernel", machine.kernel}, {"memory_bytes", machine.memory_bytes},
          {"huge_pages", machine.huge_pages}, {"load_average", machine.load_average}, {"busy_cores", machine.busy_cores},
          {"memory_rate", {{"one_core", machine.memory_rate.one_core}, {"all_cores", machine.memory_rate.all_cores}}}};
}

}  // namespace genepool::bench
