// The verbs and flags of commands.def as data. Thread: any, pure.
// Not here: parsing (parse.h), what a verb does (verbs.h).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace genepool::cli {

struct CommandRow {
  std::string_view id;         // "layer_add": verb_layer_add() performs it
  std::string_view verb;       // "layer add"
  std::string_view aliases;    // "ls,list"
  std::string_view groups;     // "client params"
  std::string_view arguments;  // "NAME LAYER:WEIGHT..."
  std::string_view doc, example;
};

struct FlagRow {
  std::string_view scope;  // a group, or a verb
  std::string_view name;   // "--max-tokens"
  std::string_view value;  // "N"; "" = a switch
  std::string_view doc;
};

struct ArgumentRow {
  std::string_view name;  // "GENOME"
  bool is_optional = false, takes_rest = false;
};

[[nodiscard]] std::span<const CommandRow> command_rows();
[[nodiscard]] const CommandRow* find_command(std::string_view verb_or_alias);  // nullptr when there is none

// All flags of a verb in the table's order, without the params of "params" verbs.
[[nodiscard]] std::vector<const FlagRow*> flags_of(const CommandRow& command);
[[nodiscard]] bool is_in_group(const CommandRow& command, std::string_view group);
[[nodiscard]] std::vector<ArgumentRow> arguments_of(const CommandRow& command);

// Flags that may also stand before the verb: those of "all" and "client", each name once.
[[nodiscard]] std::vector<const FlagRow*> global_flags();

// The one-letter form that a few flags have: "-h" of "--help"; "" for the others.
[[nodiscard]] std::string_view short_form(std::string_view flag_name);

[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);  // no empty parts

}  // namespace genepool::cli
