#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "cli/catalog.h"
#include "cli/remove_each.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "genome/name.h"

namespace genepool::cli {
namespace {

// "…/Pirate_v2/" -> "pirate_v2": what a layer is called when nobody says.
std::string name_from_path(const std::string& path) {
  std::filesystem::path file = std::filesystem::path(path).lexically_normal();
  if (file.filename().empty()) file = file.parent_path();
  std::string name = file.extension() == ".gguf" ? file.stem().string() : file.filename().string();
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

std::string ranks(const LayerInfo& layer) {
  return layer.rank_min == layer.rank_max ? std::to_string(layer.rank_max) : fmt::format("{}-{}", layer.rank_min, layer.rank_max);
}

std::string range_text(double least, double most) {
  const std::string text = fmt::format("{:.4g}", least), other = fmt::format("{:.4g}", most);
  return text == other ? text : fmt::format("{}-{}", text, other);
}

std::string alpha_text(const std::optional<LayerScales>& scales) {
  if (!scales) return "(its file cannot be read)";
  return fmt::format("{} (times {})", range_text(scales->alpha_min, scales->alpha_max), range_text(scales->scale_min, scales->scale_max));
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

// A table's cell: the usual case is every linear of a block, and spelling it out would fill the line.
std::string targets_text(const LayerInfo& layer) {
  static constexpr std::size_t kLinears = 7;
  const auto is_linear = [](const std::string& kind) { return kind != "token_embd" && kind != "output"; };
  const bool is_all = layer.targets.size() == kLinears && std::ranges::all_of(layer.targets, is_linear);
  return is_all ? "all linears" : joined(layer.targets);
}

// How large the layer's changes are, a bar for each kind of matrix.
std::string norms_text(const std::map<std::string, double>& norms) {
  static constexpr double kWidth = 30;
  double largest = 0;
  for (const auto& [kind, norm] : norms) largest = std::max(largest, norm);
  std::string text = norms.empty() ? "" : "norms\n";
  for (const auto& [kind, norm] : norms) {
    std::string bar;
    for (auto i = largest > 0 ? std::lround(norm / largest * kWidth) : 0; i > 0; --i) bar += "█";
    text += fmt::format("  {:<12} {:>9.4g}  {}\n", kind, norm, bar);
  }
  return text;
}

std::string effect_text(const std::optional<LayerEffect>& effect) {
  if (!effect) return "(not measured)";
  if (effect->is_none) return "none: every logit is the base's";
  return fmt::format("{:.3g} nats from the base's next token, another one first after {} of {} prompts", effect->kl, effect->top1_changed,
                     effect->prompts);
}

std::string added_text(const LayerInfo& layer, bool was_there) {
  return fmt::format("layer {} {}: {}, rank {}, {}, {}\n", layer.name, was_there ? "was there already" : "added", layer.id.substr(0, 12), ranks(layer),
                     targets_text(layer), human_bytes(layer.bytes));
}

Result<bool> has_layer(Catalog& catalog, const std::string& name) {
  GENEPOOL_TRY(const std::vector<LayerInfo> layers, catalog.layers(name));
  return std::ranges::any_of(layers, [&](const LayerInfo& layer) { return layer.name == name; });
}

Result<int> report_added(const Invocation& invocation, const LayerInfo& layer, bool was_there) {
  print(invocation.has("--json") ? json_of(layer) + "\n" : added_text(layer, was_there));
  return 0;
}

}  // namespace

Result<int> verb_layer_add(const Invocation& invocation) {
  const std::string& path = invocation.argument("PATH");
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return fail(Code::kNotFound, "there is no file or folder {}", path);
  const std::string name = invocation.text("--name", name_from_path(path));
  if (auto checked = check_name(name); !checked) {
    return fail(Code::kUsage, "{}{}", checked.error().message, invocation.has("--name") ? "" : ": name it with --name");
  }
  GENEPOOL_TRY(const auto catalog, open_catalog(invocation));
  GENEPOOL_TRY(const bool was_there, has_layer(*catalog, name));
  GENEPOOL_TRY(const LayerInfo layer, catalog->add_layer({path, name, invocation.has("--force")}, invocation.text("--base")));
  return report_added(invocation, layer, was_there);
}

Result<int> verb_layer_generate(const Invocation& invocation) {
  const std::string& name = invocation.argument("NAME");
  GENEPOOL_TRY_VOID(check_name(name));
  RandomLayerOptions options;
  GENEPOOL_TRY(const std::int64_t rank, invocation.count("--rank", 16, 1, 256));
  GENEPOOL_TRY(const std::int64_t seed, invocation.count("--seed", 1, 0, INT64_MAX));
  options.rank = static_cast<std::uint64_t>(rank);
  options.seed = static_cast<std::uint64_t>(seed);
  if (invocation.has("--targets")) {
    const std::string list = invocation.text("--targets");
    options.targets.clear();
    for (const std::string_view target : split(list, ',')) options.targets.emplace_back(target);
  }
  GENEPOOL_TRY(const auto catalog, open_catalog(invocation));
  GENEPOOL_TRY(const bool was_there, has_layer(*catalog, name));
  GENEPOOL_TRY(const LayerInfo layer, catalog->generate_layer(name, options, invocation.text("--base")));
  return report_added(invocation, layer, was_there);
}

Result<int> verb_layer_ls(const Invocation& invocation) {
  GENEPOOL_TRY(const auto catalog, open_catalog(invocation));
  GENEPOOL_TRY(const std::vector<LayerInfo> layers, catalog->layers(invocation.text("--search")));
  if (invocation.has("--json")) {
    print(json_of_layers(layers) + "\n");
    return 0;
  }
  if (invocation.has("--quiet")) {
    for (const LayerInfo& layer : layers) print(layer.name + "\n");
    return 0;
  }
  Table table({"NAME", "ID", "SIZE", "RANK", "TARGETS", "GENOMES", "ADDED"});
  for (const LayerInfo& layer : layers) {
    table.add({layer.name, layer.id.substr(0, 12), human_bytes(layer.bytes), ranks(layer), targets_text(layer),
               human_count(layer.genomes), human_date(layer.created_ms)});
  }
  print(table.text(colours_for(invocation)));
  return 0;
}

Result<int> verb_layer_show(const Invocation& invocation) {
  GENEPOOL_TRY(const auto catalog, open_catalog(invocation));
  GENEPOOL_TRY(const LayerInfo layer, catalog->layer(invocation.argument("LAYER")));
  if (invocation.has("--json")) {
    print(json_of(layer) + "\n");
    return 0;
  }
  print(fmt::format("name           {}\nid             {}\nsize           {}\nrank           {}\nalpha          {}\ntargets        {}\n"
                    "parameters     {}\narchitecture   {}\nmade for       {}\nimported from  {}\nused by        {}\n"
                    "added          {}\n",
                    layer.name, layer.id, human_bytes(layer.bytes), ranks(layer), alpha_text(layer.scales), joined(layer.targets),
                    human_count(layer.parameter_count), layer.architecture,
                    layer.declared_base.empty() ? "(it does not say)" : layer.declared_base, layer.source_kind,
                    counted(layer.genomes, "genome"), human_date(layer.created_ms)));
  print(fmt::format("effect         {}\n", effect_text(layer.effect)));
  if (!layer.doubt.empty()) print(fmt::format("doubt          {}\n", layer.doubt));
  if (!layer.problem.empty()) print(fmt::format("problem        {}\n", layer.problem));
  print(norms_text(layer.norms));
  return 0;
}

Result<int> verb_layer_rm(const Invocation& invocation) {
  GENEPOOL_TRY(const auto catalog, open_catalog(invocation));
  return remove_each(invocation, "layer", invocation.rest("LAYER"), [&](const std::string& name) { return catalog->remove_layer(name); });
}

}  // namespace genepool::cli
