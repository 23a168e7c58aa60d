#include <fmt/core.h>

#include <cerrno>
#include <fstream>
#include <iostream>
#include <iterator>

#include "cli/catalog.h"
#include "cli/genome_views.h"
#include "cli/text_files.h"
#include "cli/remove_each.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "genome/genome_lines.h"
#include "genome/name.h"

namespace genepool::cli {
namespace {

std::string lineage(const GenomeInfo& genome) {
  if (genome.move == 0) return "";
  const std::string from = genome.moved_from.empty() ? "" : " of " + genome.moved_from;
  return fmt::format("parent         {}\nmove           {}: {}{}, {}\n", genome.parent.empty() ? "(none)" : genome.parent, genome.move,
                     genome.moved_by, from, human_date(genome.moved_ms));
}

std::string details(const GenomeInfo& genome) {
  std::string text = fmt::format("name           {}\nidentity       {}\nversion        {}\nbase           {}\n", genome.name,
                                 genome.identity, genome.version, genome.base);
  text += lineage(genome);
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

Result<int> create_from_file(const Invocation& invocation) {
  if (!invocation.argument("NAME").empty() || invocation.has("--system") || invocation.has("--if-version")) {
    return fail(Code::kUsage, "--from takes every genome from the file: no NAME, --system or --if-version beside it");
  }
  GENEPOOL_TRY(const std::string text, read_text(invocation.text("--from")));
  GENEPOOL_TRY(const std::vector<GenomeLine> lines, parse_genome_lines(text));
  std::vector<NewGenomeRequest> genomes;
  for (const GenomeLine& line : lines) {
    genomes.push_back({.name = line.name, .system_prompt = "", .parameters = "", .stack = line.stack, .replace = invocation.has("--replace"), .if_version = "", .skip_golden = invocation.has("--skip-golden")});
  }
  GENEPOOL_TRY(const auto catalog, open_catalog(invocation));
  GENEPOOL_TRY(const std::uint64_t made, catalog->create_genomes(genomes, invocation.text("--base")));
  print(invocation.has("--json") ? json_of_count("created", made) + "\n" : fmt::format("{} genomes are there\n", human_count(made)));
  return 0;
}

}  // namespace

std::string stack_text(const GenomeInfo& genome, std::string_view between) {
  std::string text;
  for (const NamedEntry& entry : genome.stack) {
    text += fmt::format("{}{}:{}", text.empty() ? "" : between, entry.layer, weight_text(entry.weight));
  }
  return text.empty() ? "(the base alone)" : text;
}

std::string brief(const std::string& hex) { return hex.substr(0, 12); }

int report_genome(const Invocation& invocation, const GenomeInfo& genome) {
  print(invocation.has("--json") ? json_of(genome) + "\n"
                                 : fmt::format("genome {} = base + {}: version {}\n", genome.name,
                                               stack_text(genome, " + "), brief(genome.version)));
  return 0;
}

Result<int> verb_genome_create(const Invocation& invocation) {
  if (invocation.has("--from")) return create_from_file(invocation);
  if (invocation.rest("LAYER:WEIGHT").empty()) {
    return fail(Code::kUsage, "`genepool genome create` needs NAME and LAYER:WEIGHT..., for example: {}", invocation.command->example);
  }
  NewGenomeRequest genome{.name = invocation.argument("NAME"),
                          .system_prompt = invocation.text("--system"),
                          .parameters = "",
                          .stack = invocation.rest("LAYER:WEIGHT"),
                          .replace = invocation.has("--replace"),
                          .if_version = invocation.text("--if-version"),
                          .skip_golden = invocation.has("--skip-golden")};
  GENEPOOL_TRY_VOID(check_name(genome.name));
  for (const std::string& entry : genome.stack) {
    GENEPOOL_TRY_VOID(parse_entry(entry).map([](const NamedEntry&) {}));
  }
  GENEPOOL_TRY(const auto catalog, open_catalog(invocation));
  GENEPOOL_TRY(const GenomeInfo made, catalog->create_genome(genome, invocation.text("--base")));
  return report_genome(invocation, made);
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
  Table table({"NAME", "VERSION", "TIER", "STACK", "CREATED"});
  for (const GenomeInfo& genome : genomes) {
    table.add({genome.name, brief(genome.version), genome.tier.empty() ? "-" : genome.tier, stack_text(genome, " "),
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
  return remove_each(invocation, "genome", invocation.rest("GENOME"), [&](const std::string& name) { return catalog->remove_genome(name); });
}

}  // namespace genepool::cli
