// Inside config/: a value from a place that a stronger one may have spoken before.
#pragma once

#include <string_view>

#include "config/config.h"

namespace genepool {

// set_param, unless the setting already has a stronger origin (then the value is only checked). So flags, environment and
// file may be loaded in any order, and a file that is loaded again does not undo a flag.
[[nodiscard]] Result<void> offer_param(Config& config, std::string_view name, std::string_view value, Origin origin);

}  // namespace genepool
