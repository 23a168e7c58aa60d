// What `layer rm` and `genome rm` share: all names are tried, what fails is told on stderr, the first failure gives
// the exit status. Thread: one; prints.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/invocation.h"

namespace genepool::cli {

int remove_each(const Invocation& invocation, std::string_view noun, const std::vector<std::string>& names,
                const std::function<Result<void>(const std::string&)>& remove);

}  // namespace genepool::cli
