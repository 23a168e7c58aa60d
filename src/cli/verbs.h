// One function a row of commands.def: performs the verb, returns the exit status. Blocks; prints to stdout and stderr.
// An Error that it returns is printed by main() and gives the exit status of its row in errors.def.
#pragma once

#include "base/error.h"
#include "cli/invocation.h"

namespace genepool::cli {

#define GENEPOOL_COMMAND(id, verb, aliases, groups, arguments, doc, example) \
  [[nodiscard]] Result<int> verb_##id(const Invocation& invocation);
#define GENEPOOL_FLAG(scope, name, value, doc)
#include "cli/commands.def"
#undef GENEPOOL_COMMAND
#undef GENEPOOL_FLAG

// "0.1.0 (1a2b3c4)": version and commit, the latter when it was known at build time.
[[nodiscard]] std::string version_text();

// Everything main() does: parse, perform, print the error. `words` without the program's name.
[[nodiscard]] int run_command_line(const std::vector<std::string>& words);

}  // namespace genepool::cli
