#include <fmt/core.h>

#include <cstdio>

#include "cli/help.h"
#include "cli/parse.h"
#include "cli/terminal.h"
#include "cli/verbs.h"

namespace genepool::cli {
namespace {

using Verb = Result<int> (*)(const Invocation&);

Verb function_of(const CommandRow& command) {
#define GENEPOOL_COMMAND(function, verb, aliases, groups, arguments, doc, example) \
  if (command.id == #function) return verb_##function;
#define GENEPOOL_FLAG(scope, name, value, doc)
#include "cli/commands.def"
#undef GENEPOOL_COMMAND
#undef GENEPOOL_FLAG
  return nullptr;
}

Result<int> perform(const ParsedLine& line) {
  const CommandRow* command = line.invocation.command;
  const Colours colours = colours_for(line.invocation);
  if (command == nullptr) {
    const bool is_group = !line.asked_for.empty();
    print(is_group ? help_of_group(line.asked_for) : help_overview(colours));
    return is_group && !line.wants_help ? error_row(Code::kUsage).exit_status : 0;
  }
  if (line.wants_help) {
    print(help_of(*command, colours));
    return 0;
  }
  return function_of(*command)(line.invocation);
}

}  // namespace

int run_command_line(const std::vector<std::string>& words) {
  const Result<ParsedLine> line = parse_line(words);
  const Result<int> status = line ? perform(*line) : tl::unexpected(line.error());
  std::fflush(stdout);
  if (status) return *status;
  fmt::print(stderr, "genepool: {}\n", status.error().message);
  return error_row(status.error().code).exit_status;
}

}  // namespace genepool::cli
