// A command line becomes an Invocation. The only user of CLI11 (parse.cc). Thread: any, pure.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "cli/invocation.h"

namespace genepool::cli {

struct ParsedLine {
  Invocation invocation;  // command == nullptr: no verb was given; `asked_for` says what there was
  std::string asked_for;  // a group without its verb ("layer"), else ""
  bool wants_help = false;
};

// `words` without the program's name. kUsage for an unknown verb or flag (with the nearest), a missing or superfluous
// argument. Values are checked by the verb.
[[nodiscard]] Result<ParsedLine> parse_line(const std::vector<std::string>& words);

}  // namespace genepool::cli
