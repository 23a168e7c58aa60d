#include "cli/remove_each.h"

#include <fmt/core.h>

#include "cli/terminal.h"
#include "cli/wire.h"

namespace genepool::cli {

int remove_each(const Invocation& invocation, std::string_view noun, const std::vector<std::string>& names,
                const std::function<Result<void>(const std::string&)>& remove) {
  int status = 0;
  for (const std::string& name : names) {
    if (const auto removed = remove(name); removed) {
      print(invocation.has("--json") ? json_of_texts({{"removed", name}}) + "\n" : fmt::format("{} {} removed\n", noun, name));
    } else {
      print_note(removed.error().message);
      if (status == 0) status = error_row(removed.error().code).exit_status;
    }
  }
  return status;
}

}  // namespace genepool::cli
