// The verbs that need neither server nor data directory.
#include <fmt/core.h>

#include <fstream>
#include <iterator>

#include "cli/completion.h"
#include "cli/help.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "pool/event_log.h"

namespace genepool::cli {

Result<int> verb_replay(const Invocation& invocation) {
  const std::string& path = invocation.argument("FILE");
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail_errno("read " + path, errno);
  const std::string log(std::istreambuf_iterator<char>(file), {});
  GENEPOOL_TRY(const ReplayReport report, replay(log));
  print(fmt::format("{} events gave the same {} actions\n", human_count(report.events), human_count(report.actions)));
  return 0;
}

Result<int> verb_completion(const Invocation& invocation) {
  GENEPOOL_TRY(const std::string script, completion_script(invocation.argument("SHELL")));
  print(script);
  return 0;
}

Result<int> verb_version(const Invocation&) {
  print(fmt::format("genepool {}\n", version_text()));
  return 0;
}

Result<int> verb_help(const Invocation& invocation) {
  const Colours colours = colours_for(invocation);
  std::string asked;
  for (const std::string& word : invocation.rest("WORD")) asked += (asked.empty() ? "" : " ") + word;
  if (asked.empty()) {
    print(help_overview(colours));
    return 0;
  }
  std::string text = help_of_group(asked);
  if (const CommandRow* command = find_command(asked)) text = help_of(*command, colours);
  // "bench load": an argument of a verb is explained by the verb.
  for (std::size_t end = asked.rfind(' '); text.empty() && end != std::string::npos && end > 0; end = asked.rfind(' ', end - 1)) {
    if (const CommandRow* command = find_command(asked.substr(0, end))) text = help_of(*command, colours);
  }
  if (text.empty()) text = help_search(asked, colours);
  if (text.empty()) return fail(Code::kNotFound, "no verb, flag or setting mentions \"{}\"", asked);
  print(text);
  return 0;
}

}  // namespace genepool::cli
