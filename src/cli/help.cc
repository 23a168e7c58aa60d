#include "cli/help.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>

#include "config/config.h"

namespace genepool::cli {
namespace {

// Two columns, the left one as wide as its widest text up to 40 columns.
class Columns {
  static constexpr std::size_t kWidest = 40;

 public:
  void add(std::string left, std::string right) { rows_.emplace_back(std::move(left), std::move(right)); }
  [[nodiscard]] bool is_empty() const { return rows_.empty(); }
  [[nodiscard]] std::string text() const {
    std::size_t width = 0;
    for (const auto& [left, right] : rows_) width = std::max(width, std::min<std::size_t>(left.size(), kWidest));
    std::string text;
    for (const auto& [left, right] : rows_) text += fmt::format("  {:<{}}  {}\n", left, width, right);
    return text;
  }

 private:
  std::vector<std::pair<std::string, std::string>> rows_;
};

std::string usage_of(const CommandRow& command) {
  return command.arguments.empty() ? std::string(command.verb) : fmt::format("{} {}", command.verb, command.arguments);
}

std::string flag_text(const FlagRow& flag) {
  const std::string_view brief = short_form(flag.name);
  return fmt::format("{}{}{}{}{}", brief, brief.empty() ? "" : ", ", flag.name, flag.value.empty() ? "" : " ", flag.value);
}

std::string setting_doc(const ParamRow& row) {
  const std::string shown = row.default_text.empty() ? "" : fmt::format(" (default {})", row.default_text);
  return fmt::format("{}{}", row.doc, shown);
}

void add_params(Columns& columns) {
  for (const ParamRow& row : param_rows()) columns.add(fmt::format("--{} VALUE", row.name), setting_doc(row));
}

bool has_word(std::string_view text, std::string_view word) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

// After an empty line, as every block but the first one is.
std::string heading(std::string_view text, Colours colours) {
  return fmt::format("\n{}\n", painted(text, Paint::kBold, colours));
}

}  // namespace

std::string help_overview(Colours colours) {
  Columns columns;
  for (const CommandRow& row : command_rows()) columns.add(usage_of(row), std::string(row.doc));
  return "genepool serves many genomes, each a base model + a weighted stack of LoRA layers, from one machine.\n" +
         heading("Verbs", colours) + columns.text() +
         "\nA GENOME that is run, loaded or evicted is a name, \"base\", or a stack written out: base+pirate:0.8+shout:0.4\n"
         "Exit status: 0 done, 1 failed, 2 wrong use, 3 no server there, 4 no such genome, layer or file, 5 busy or too late\n"
         "`genepool VERB --help` explains a verb, `genepool help WORD` finds verbs and settings by a word.\n";
}

std::string help_of(const CommandRow& command, Colours colours) {
  std::string text = fmt::format("{}\n\n  {}\n\n", command.doc, painted("genepool " + usage_of(command), Paint::kBold, colours));
  text += fmt::format("For example: {}\n", command.example);
  if (!command.aliases.empty()) {
    std::string names;
    for (const std::string_view alias : split(command.aliases, ',')) {
      names += fmt::format("{}genepool {}", names.empty() ? "" : ", ", alias);
    }
    text += fmt::format("The same: {}\n", names);
  }
  Columns flags;
  for (const FlagRow* flag : flags_of(command)) flags.add(flag_text(*flag), std::string(flag->doc));
  text += heading("Flags", colours) + flags.text();
  if (is_in_group(command, "params")) {
    Columns settings;
    add_params(settings);
    text += heading("Settings", colours) +
            "A flag beats the environment (--pool.max_hot: GENEPOOL_POOL_MAX_HOT), which beats the config file.\n" +
            settings.text();
  }
  return text;
}

std::string help_of_group(std::string_view group) {
  Columns columns;
  for (const CommandRow& row : command_rows()) {
    if (split(row.verb, ' ').front() == group) columns.add(usage_of(row), std::string(row.doc));
  }
  return columns.is_empty() ? "" : fmt::format("genepool {}\n{}", group, columns.text());
}

std::string help_search(std::string_view word, Colours colours) {
  Columns verbs, settings;
  for (const CommandRow& row : command_rows()) {
    if (has_word(row.verb, word) || has_word(row.doc, word)) verbs.add(usage_of(row), std::string(row.doc));
    for (const FlagRow* flag : flags_of(row)) {
      const bool is_own = flag->scope == row.verb;
      if (is_own && (has_word(flag->name, word) || has_word(flag->doc, word))) {
        verbs.add(fmt::format("{} {}", row.verb, flag_text(*flag)), std::string(flag->doc));
      }
    }
  }
  for (const ParamRow& row : param_rows()) {
    if (has_word(row.name, word) || has_word(row.doc, word)) settings.add(std::string(row.name), setting_doc(row));
  }
  std::string text;
  if (!verbs.is_empty()) text += heading("Verbs", colours) + verbs.text();
  if (!settings.is_empty()) text += heading("Settings", colours) + settings.text();
  return text.empty() ? text : text.substr(1);
}

}  // namespace genepool::cli
