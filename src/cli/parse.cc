#include "cli/parse.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "config/config.h"
#include "genome/name.h"

namespace genepool::cli {
namespace {

std::string names_of(std::string_view flag) {
  const std::string_view brief = short_form(flag);
  return brief.empty() ? std::string(flag) : std::string(brief) + "," + std::string(flag);
}

// CLI11 keeps the texts; bindings to variables are not wanted, the verbs give the values their meaning.
void add_flag(CLI::App& app, std::string_view flag, bool takes_value) {
  if (takes_value) {
    app.add_option(names_of(flag))->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  } else {
    app.add_flag(names_of(flag));
  }
}

bool is_global(std::string_view flag) {
  const auto flags = global_flags();
  return std::any_of(flags.begin(), flags.end(), [&](const FlagRow* row) { return row->name == flag; });
}

// The global flags stand on the root, where the verb reaches them by falling through; its others stand on its own parser.
void add_verb(CLI::App& parent, const CommandRow& command, std::string_view word) {
  CLI::App* app = parent.add_subcommand(std::string(word));
  app->set_help_flag();
  app->fallthrough()->allow_extras();
  for (const FlagRow* flag : flags_of(command)) {
    const bool is_own_kind = flag->scope == command.verb || flag->scope == "params";
    if (is_own_kind || !is_global(flag->name)) add_flag(*app, flag->name, !flag->value.empty());
  }
  if (is_in_group(command, "params")) {
    for (const ParamRow& row : param_rows()) add_flag(*app, "--" + std::string(row.name), true);
  }
  app->add_option("words")->expected(0, CLI::detail::expected_max_vector_size)->allow_extra_args();
}

CLI::App& group_of(CLI::App& root, std::string_view word) {
  const auto known = root.get_subcommands([&](const CLI::App* app) { return app->get_name() == word; });
  if (!known.empty()) return *known.front();
  CLI::App* group = root.add_subcommand(std::string(word));
  group->set_help_flag();
  group->fallthrough()->allow_extras()->require_subcommand(0, 1);
  return *group;
}

void build(CLI::App& root) {
  root.set_help_flag();
  root.allow_extras();
  root.require_subcommand(0, 1);  // so that a later word that happens to be a verb stays a word
  for (const FlagRow* flag : global_flags()) add_flag(root, flag->name, !flag->value.empty());
  add_flag(root, "--version", false);
  for (const CommandRow& command : command_rows()) {
    std::vector<std::string_view> names = split(command.aliases, ',');
    names.push_back(command.verb);
    for (const std::string_view name : names) {
      const auto words = split(name, ' ');
      add_verb(words.size() > 1 ? group_of(root, words[0]) : root, command, words.back());
    }
  }
}

// The parsers that took part, root first: of "layer add" the root, "layer", "add".
std::vector<const CLI::App*> chain_of(const CLI::App& root) {
  std::vector<const CLI::App*> chain{&root};
  while (!chain.back()->get_subcommands().empty()) chain.push_back(chain.back()->get_subcommands().front());
  return chain;
}

std::string verb_of(const std::vector<const CLI::App*>& chain) {
  std::string verb;
  for (auto app = chain.begin() + 1; app != chain.end(); ++app) verb += (verb.empty() ? "" : " ") + (*app)->get_name();
  return verb;
}

std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& known) {
  const auto nearest = nearest_name(wanted, known);
  return nearest ? "; did you mean " + *nearest + "?" : "";
}

tl::unexpected<Error> unknown_verb(const std::string& group, const std::string& word) {
  std::vector<std::string> known;
  for (const CommandRow& row : command_rows()) {
    const auto words = split(row.verb, ' ');
    if (group.empty()) known.emplace_back(words[0]);
    if (words.size() > 1 && words[0] == group) known.emplace_back(words[1]);
  }
  if (!group.empty()) {
    return fail(Code::kUsage, "`genepool {}` has no \"{}\", only {}", group, word, fmt::join(known, ", "));
  }
  return fail(Code::kUsage, "there is no verb \"{}\", `genepool help` lists them{}", word, did_you_mean(word, known));
}

tl::unexpected<Error> unknown_flag(const CommandRow& command, const std::string& flag) {
  std::vector<std::string> known;
  for (const FlagRow* row : flags_of(command)) known.emplace_back(row->name);
  if (is_in_group(command, "params")) {
    for (const ParamRow& row : param_rows()) known.push_back("--" + std::string(row.name));
  }
  return fail(Code::kUsage, "`genepool {}` has no flag {}{}", command.verb, flag, did_you_mean(flag, known));
}

Result<void> collect_flags(const std::vector<const CLI::App*>& chain, Invocation& invocation) {
  const auto allowed = flags_of(*invocation.command);
  for (const CLI::App* app : chain) {
    for (const CLI::Option* option : app->get_options()) {
      if (option->count() == 0 || option->get_lnames().empty()) continue;
      const std::string name = "--" + option->get_lnames().front();
      const bool is_param = name.find('.') != std::string::npos;
      const bool is_known = std::any_of(allowed.begin(), allowed.end(), [&](auto* row) { return row->name == name; });
      if (!is_param && !is_known) return unknown_flag(*invocation.command, name);
      invocation.flags[name] = option->get_expected_max() == 0 ? "" : option->results().back();
    }
  }
  return {};
}

Result<void> place_words(const std::vector<std::string>& words, Invocation& invocation) {
  const CommandRow& command = *invocation.command;
  auto next = words.begin();
  for (const ArgumentRow& argument : arguments_of(command)) {
    if (next == words.end() && !argument.is_optional) {
      return fail(Code::kUsage, "`genepool {}` needs {}, for example: {}", command.verb, argument.name, command.example);
    }
    const auto end = argument.takes_rest ? words.end() : next + (next == words.end() ? 0 : 1);
    invocation.arguments[std::string(argument.name)].assign(next, end);
    next = end;
  }
  if (next != words.end()) {
    return fail(Code::kUsage, "`genepool {}` does not know what to do with \"{}\"", command.verb, *next);
  }
  return {};
}

Result<ParsedLine> interpret(const CLI::App& root, const std::vector<std::string>& plain_words) {
  ParsedLine line;
  const auto chain = chain_of(root);
  const std::string verb = verb_of(chain);
  const auto extras = root.remaining(true);
  line.wants_help = root.get_option("--help")->count() > 0;
  if (verb.empty() && root.get_option("--version")->count() > 0) {
    line.invocation.command = find_command("version");
    return line;
  }
  line.invocation.command = find_command(verb);
  if (line.invocation.command == nullptr) {
    line.asked_for = verb;
    if (!extras.empty() && !line.wants_help) return unknown_verb(verb, extras.front());
    return line;
  }
  if (line.wants_help) return line;
  if (!extras.empty() && !extras.front().starts_with('-')) return unknown_verb("", extras.front());  // it stood before the verb
  if (!extras.empty()) return unknown_flag(*line.invocation.command, extras.front());
  GENEPOOL_TRY_VOID(collect_flags(chain, line.invocation));
  std::vector<std::string> words = chain.back()->get_option("words")->results();
  words.insert(words.end(), plain_words.begin(), plain_words.end());
  GENEPOOL_TRY_VOID(place_words(words, line.invocation));
  return line;
}

}  // namespace

Result<ParsedLine> parse_line(const std::vector<std::string>& words) {
  CLI::App root;
  try {
    build(root);
    // What follows "--" is words, whatever it looks like; CLI11 would lose it when the verb has enough words already.
    const auto plain = std::find(words.begin(), words.end(), "--");
    std::vector<std::string> reversed(std::make_reverse_iterator(plain), words.rend());  // as CLI11 wants them
    root.parse(std::move(reversed));
    return interpret(root, {plain == words.end() ? plain : plain + 1, words.end()});
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string text = error.what();
    return fail(Code::kUsage, "{} needs a value", text.substr(0, text.find(':')));
  } catch (const CLI::ParseError& error) {
    return fail(Code::kUsage, "{}", error.what());
  } catch (const CLI::Error& error) {
    return fail(Code::kInternal, "the table of commands is at fault: {}", error.what());
  }
}

}  // namespace genepool::cli
