// Completion scripts for shells, made from commands.def; names of genomes and layers are asked from the program while the
// person types. Thread: any, pure.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace genepool::cli {

// `shell`: bash, zsh or fish; kUsage for another.
[[nodiscard]] Result<std::string> completion_script(std::string_view shell);

}  // namespace genepool::cli
