// Progress: told before each round of a run what comes next. An error that it returns ends the run there (Ctrl-C); what was
// measured until then is kept and reported. Thread: the one that measures.
#pragma once

#include <functional>
#include <string_view>

#include "base/error.h"

namespace genepool::bench {

using Progress = std::function<Result<void>(std::string_view stage)>;

}  // namespace genepool::bench
