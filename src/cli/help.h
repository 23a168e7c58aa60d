// Help texts, made from commands.def and params.def. Thread: any, pure.
#pragma once

#include <string>
#include <string_view>

#include "cli/command_table.h"
#include "cli/table.h"

namespace genepool::cli {

[[nodiscard]] std::string help_overview(Colours colours);
[[nodiscard]] std::string help_of(const CommandRow& command, Colours colours);
[[nodiscard]] std::string help_of_group(std::string_view group);  // of "layer": its verbs
// Every verb, flag and setting that has `word` in its name or text; "" when none has.
[[nodiscard]] std::string help_search(std::string_view word, Colours colours);

}  // namespace genepool::cli
