// What the machine's CPU calls itself. Thread: any.
#pragma once

#include <string>

namespace genepool {

[[nodiscard]] std::string cpu_name();  // "model name" of /proc/cpuinfo; "" where it has none

}  // namespace genepool
