#include <fmt/core.h>

#include "cli/catalog.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "genome/name.h"

namespace genepool::cli {
namespace {

std::string stack_text(const GenomeInfo& genome, std::string_view between) {
  std::string text;
  for (const NamedEntry& entry : genome.stack) {
    text += text.empty() ? "" : between;
    text += entry_text(entry);
  }
  return text.empty() ? "(the base alone)" : text;
}

std::string brief(const std::string& hex) { return hex.substr(0, 12); }

std::string details(const GenomeInfo& genome) {
  std::string text = fmt::format("name           {}\nidentity       {}\nversion        {}\nbase           {}\n", genome.name,
                                 genome.identity, genome.version, genome.base);
  for (std::size_t i = 0; i < genome.stack.size(); ++i) {
    const std::string id = i < genome.layer_ids.size() ? brief(genome.layer_ids[i]) : "";
    text += fmt::format("{}{}:{}  {}\n", i == 0 ? "stack          " : "               ", genome.stack[i].layer,
                        weight_text(genome.stack[i].weight), id);
  }
  if (!genome.system_prompt.empty()) text += fmt::format("system prompt  {}\n", genome.system_prompt);
  if (!genome.parameters.empty()) text += fmt::format("parameters     {}\n", genome.parameters);
  if (!genome.tier.empty()) text += fmt::format("tier           {}{}\n", genome.tier, genome.is_pinned ? ", pinned" : "");
  if (genome.created_ms > 0) text += fmt::format("created        {}\n", human_date(genome.created_ms));
  return text;
}

}  // namespace

Result<int> verb_genome_create(const Invocation& invocation) {
  NewGenomeRequest genome{.name = invocation.argument("NAME"),
                          .system_prompt = invocation.text("--system"),
                          .parameters = "",
                          .stack = invocation.rest("LAYER:WEIGHT"),
                          .replace = invocation.has("--replace")};
  GENEPOOL_TRY_VOID(check_name(genome.name));
  for (const std::string& entry : genome.stack) {
    GENEPOOL_TRY_VOID(parse_entry(entry).map([](const NamedEntry&) {}));
  }
  GENEPOOL_TRY(const auto catalog, open_catalog(invocation));
  GENEPOOL_TRY(const GenomeInfo made, catalog->create_genome(genome, invocation.text("--base")));
  print(invocation.has("--json") ? json_of(made) + "\n"
                                 : fmt::format("genome {} = base + {}: {}\n", made.name, stack_text(made, " + "), brief(made.identity)));
  return 0;
}

Result<int> verb_genome_ls(const Invocation& invocation) {
  GENEPOOL_TRY(const auto catalog, open_catalog(invocation));
  GENEPOOL_TRY(const std::vector<GenomeInfo> genomes, catalog->genomes(invocation.text("--search")));
  if (invocation.has("--json")) {
    print(json_of_genomes(genomes) + "\n");
    return 0;
  }
  if (invocation.has("--quiet")) {
    for (const GenomeInfo& genome : genomes) print(genome.name + "\n");
    return 0;
  }
  Table table({"NAME", "ID", "TIER", "STACK", "CREATED"});
  for (const GenomeInfo& genome : genomes) {
    table.add({genome.name, brief(genome.identity), genome.tier.empty() ? "-" : genome.tier, stack_text(genome, " "),
               human_date(genome.created_ms)});
  }
  print(table.text(colours_for(invocation)));
  return 0;
}

Result<int> verb_genome_show(const Invocation& invocation) {
  GENEPOOL_TRY(const auto catalog, open_catalog(invocation));
  GENEPOOL_TRY(const GenomeInfo genome, catalog->genome(invocation.argument("GENOME")));
  print(invocation.has("--json") ? json_of(genome) + "\n" : details(genome));
  return 0;
}

Result<int> verb_genome_rm(const Invocation& invocation) {
  GENEPOOL_TRY(const auto catalog, open_catalog(invocation));
  for (const std::string& name : invocation.rest("GENOME")) {
    GENEPOOL_TRY_VOID(catalog->remove_genome(name));
    print(invocation.has("--json") ? json_of_texts({{"removed", name}}) + "\n" : fmt::format("genome {} removed\n", name));
  }
  return 0;
}

}  // namespace genepool::cli
