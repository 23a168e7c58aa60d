#include "cli/command_table.h"

#include <algorithm>

namespace genepool::cli {
namespace {

constexpr CommandRow kCommands[] = {
#define GENEPOOL_COMMAND(id, verb, aliases, groups, arguments, doc, example) \
  {#id, verb, aliases, groups, arguments, doc, example},
#define GENEPOOL_FLAG(scope, name, value, doc)
#include "cli/commands.def"
#undef GENEPOOL_COMMAND
#undef GENEPOOL_FLAG
};

constexpr FlagRow kFlags[] = {
#define GENEPOOL_COMMAND(id, verb, aliases, groups, arguments, doc, example)
#define GENEPOOL_FLAG(scope, name, value, doc) {scope, name, value, doc},
#include "cli/commands.def"
#undef GENEPOOL_COMMAND
#undef GENEPOOL_FLAG
};

bool contains(std::string_view list, char separator, std::string_view word) {
  const auto words = split(list, separator);
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::span<const CommandRow> command_rows() { return kCommands; }

const CommandRow* find_command(std::string_view verb_or_alias) {
  for (const CommandRow& row : kCommands) {
    if (row.verb == verb_or_alias || contains(row.aliases, ',', verb_or_alias)) return &row;
  }
  return nullptr;
}

bool is_in_group(const CommandRow& command, std::string_view group) {
  return group == "all" || contains(command.groups, ' ', group);
}

std::vector<const FlagRow*> flags_of(const CommandRow& command) {
  std::vector<const FlagRow*> flags;
  for (const FlagRow& row : kFlags) {
    if (row.scope == command.verb || is_in_group(command, row.scope)) flags.push_back(&row);
  }
  // A verb's own flags first: they are what its help is read for.
  std::stable_partition(flags.begin(), flags.end(), [&](const FlagRow* row) { return row->scope == command.verb; });
  return flags;
}

std::vector<ArgumentRow> arguments_of(const CommandRow& command) {
  std::vector<ArgumentRow> arguments;
  for (std::string_view word : split(command.arguments, ' ')) {
    ArgumentRow row;
    if (word.starts_with('[')) {
      row.is_optional = true;
      word = word.substr(1, word.size() - 2);
    }
    if (word.ends_with("...")) {
      row.takes_rest = true;
      word.remove_suffix(3);
    }
    row.name = word;
    arguments.push_back(row);
  }
  return arguments;
}

std::vector<const FlagRow*> global_flags() {
  std::vector<const FlagRow*> flags;
  for (const FlagRow& row : kFlags) {
    if (row.scope == "all" || row.scope == "client") flags.push_back(&row);
  }
  return flags;
}

std::string_view short_form(std::string_view flag_name) {
  if (flag_name == "--help") return "-h";
  if (flag_name == "--quiet") return "-q";
  if (flag_name == "--verbose") return "-v";
  return "";
}

}  // namespace genepool::cli
