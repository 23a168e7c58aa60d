#include "cli/completion.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cli/command_table.h"
#include "config/config.h"

namespace genepool::cli {
namespace {

enum class Source { kNothing, kGenomes, kLayers, kFiles, kShells };

// What a verb's arguments complete to is told by the name of the last one: "NAME LAYER:WEIGHT..." completes to layers.
Source source_of(const CommandRow& command) {
  const auto arguments = arguments_of(command);
  for (auto it = arguments.rbegin(); it != arguments.rend(); ++it) {
    if (it->name == "GENOME") return Source::kGenomes;
    if (it->name.starts_with("LAYER")) return Source::kLayers;
    if (it->name == "PATH" || it->name == "FILE") return Source::kFiles;
    if (it->name == "SHELL") return Source::kShells;
  }
  return Source::kNothing;
}

// The shell text that yields the names; "" for files and nothing.
std::string_view names_command(Source source) {
  switch (source) {
    case Source::kGenomes: return "$(genepool genome ls --quiet 2>/dev/null)";
    case Source::kLayers: return "$(genepool layer ls --quiet 2>/dev/null)";
    case Source::kShells: return "bash zsh fish";
    case Source::kNothing:
    case Source::kFiles: break;
  }
  return "";
}

struct FlagWord {
  std::string name, doc;
  bool takes_value = false;
};
std::vector<FlagWord> flag_words(const CommandRow& command) {
  std::vector<FlagWord> words;
  for (const FlagRow* flag : flags_of(command)) {
    words.push_back({std::string(flag->name), std::string(flag->doc), !flag->value.empty()});
  }
  if (is_in_group(command, "params")) {
    for (const ParamRow& row : param_rows()) words.push_back({"--" + std::string(row.name), std::string(row.doc), true});
  }
  return words;
}

std::string_view subject_of(std::string_view group) {
  if (group == "config") return "the settings";
  if (group == "store") return "the store";
  if (group == "manager") return "what a server decides by itself";
  return group == "layer" ? "layers" : "genomes";
}

struct Choice {
  std::string word, doc;
};
// The words that may follow `group`: its verbs, or with "" the first words of all verbs.
std::vector<Choice> choices_after(std::string_view group) {
  std::vector<Choice> choices;
  for (const CommandRow& row : command_rows()) {
    const auto words = split(row.verb, ' ');
    if (!group.empty()) {
      if (words.size() > 1 && words[0] == group) choices.push_back({std::string(words[1]), std::string(row.doc)});
    } else if (choices.empty() || choices.back().word != words[0]) {
      const std::string doc = words.size() > 1 ? fmt::format("work with {}", subject_of(words[0])) : std::string(row.doc);
      choices.push_back({std::string(words[0]), doc});
    }
  }
  return choices;
}

std::vector<std::string> groups() {
  std::vector<std::string> names;
  for (const CommandRow& row : command_rows()) {
    const auto words = split(row.verb, ' ');
    const bool is_new = words.size() > 1 && (names.empty() || names.back() != words[0]);
    if (is_new) names.emplace_back(words[0]);
  }
  return names;
}

std::string joined(const std::vector<Choice>& choices) {
  std::string text;
  for (const Choice& choice : choices) text.append(text.empty() ? "" : " ").append(choice.word);
  return text;
}

// A single-quoted word of any of the three shells.
std::string quoted(std::string_view text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::string bash_script() {
  std::string text =
      "# Made from commands.def. Use: source <(genepool completion bash)\n"
      "_genepool() {\n"
      "  local current=\"${COMP_WORDS[COMP_CWORD]}\" line=\"\" flags=\"\" names=\"\" i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    [[ ${COMP_WORDS[i]} == -* ]] || line+=\"${COMP_WORDS[i]} \"\n"
      "  done\n"
      "  COMPREPLY=()\n"
      "  case \"$line\" in\n";
  for (const CommandRow& row : command_rows()) {
    std::string flags;
    for (const FlagWord& flag : flag_words(row)) flags.append(flags.empty() ? "" : " ").append(flag.name);
    const Source source = source_of(row);
    text += fmt::format("    \"{} \"*)\n      flags=\"{}\"\n", row.verb, flags);
    if (source == Source::kFiles) text += "      [[ $current == -* ]] || COMPREPLY=($(compgen -f -- \"$current\"))\n";
    if (!names_command(source).empty()) text += fmt::format("      [[ $current == -* ]] || names=\"{}\"\n", names_command(source));
    text += "      ;;\n";
  }
  for (const std::string& group : groups()) {
    text += fmt::format("    \"{} \") names=\"{}\" ;;\n", group, joined(choices_after(group)));
  }
  text += fmt::format("    \"\") names=\"{}\" ;;\n  esac\n", joined(choices_after("")));
  return text +
         "  [[ $current == -* ]] && names=\"$flags\"\n"
         "  [[ -z $names ]] || COMPREPLY=($(compgen -W \"$names\" -- \"$current\"))\n"
         "}\n"
         "complete -o filenames -F _genepool genepool\n";
}

std::string zsh_described(const std::vector<Choice>& choices) {
  std::string text;
  for (const Choice& choice : choices) text += fmt::format(" {}", quoted(choice.word + ":" + choice.doc));
  return text;
}

std::string zsh_script() {
  std::string text =
      "#compdef genepool\n"
      "# Made from commands.def. Use: genepool completion zsh > a folder of $fpath, as _genepool\n"
      "_genepool() {\n"
      "  local -a choices names\n"
      "  local line=\"${(j: :)${(@)words[2,CURRENT-1]:#-*}} \"\n"
      "  case \"$line\" in\n";
  for (const CommandRow& row : command_rows()) {
    std::vector<Choice> flags;
    for (const FlagWord& flag : flag_words(row)) flags.push_back({flag.name, flag.doc});
    const Source source = source_of(row);
    text += fmt::format("    \"{} \"*)\n      choices=({})\n", row.verb, zsh_described(flags).substr(1));
    if (source == Source::kFiles) text += "      [[ $PREFIX == -* ]] || _files\n";
    if (!names_command(source).empty()) text += fmt::format("      names=({})\n", names_command(source));
    text += "      ;;\n";
  }
  for (const std::string& group : groups()) {
    text += fmt::format("    \"{} \") choices=({}) ;;\n", group, zsh_described(choices_after(group)).substr(1));
  }
  text += fmt::format("    \" \") choices=({}) ;;\n  esac\n", zsh_described(choices_after("")).substr(1));
  return text +
         "  [[ $PREFIX == -* || ${#names} == 0 ]] || compadd -- $names\n"
         "  [[ ${#names} -gt 0 && $PREFIX != -* ]] || _describe genepool choices\n"
         "}\n"
         "compdef _genepool genepool\n";
}

void add_fish_verb(std::string& text, const CommandRow& row) {
  std::string seen;
  for (const std::string_view word : split(row.verb, ' ')) {
    seen += fmt::format("{}__fish_seen_subcommand_from {}", seen.empty() ? "" : "; and ", word);
  }
  const Source source = source_of(row);
  const std::string head = fmt::format("complete -c genepool -n {}", quoted(seen));
  if (source == Source::kFiles) text += head + " -F\n";
  std::string_view names = names_command(source);
  if (names.starts_with('$')) names.remove_prefix(1);
  if (!names.empty()) text += fmt::format("{} -f -a {}\n", head, quoted(names));
  for (const FlagWord& flag : flag_words(row)) {
    text += fmt::format("{} -l {}{} -d {}\n", head, flag.name.substr(2), flag.takes_value ? " -r" : "", quoted(flag.doc));
  }
}

std::string fish_script() {
  std::string text =
      "# Made from commands.def. Use: genepool completion fish > ~/.config/fish/completions/genepool.fish\n"
      "complete -c genepool -f\n";
  for (const Choice& choice : choices_after("")) {
    text += fmt::format("complete -c genepool -n __fish_use_subcommand -a {} -d {}\n", choice.word, quoted(choice.doc));
  }
  for (const std::string& group : groups()) {
    const std::string is_open = fmt::format("__fish_seen_subcommand_from {}; and not __fish_seen_subcommand_from {}", group,
                                            joined(choices_after(group)));
    for (const Choice& choice : choices_after(group)) {
      text += fmt::format("complete -c genepool -n {} -a {} -d {}\n", quoted(is_open), choice.word, quoted(choice.doc));
    }
  }
  for (const CommandRow& row : command_rows()) add_fish_verb(text, row);
  return text;
}

}  // namespace

Result<std::string> completion_script(std::string_view shell) {
  if (shell == "bash") return bash_script();
  if (shell == "zsh") return zsh_script();
  if (shell == "fish") return fish_script();
  return fail(Code::kUsage, "completions exist for bash, zsh and fish, not for \"{}\"", shell);
}

}  // namespace genepool::cli
