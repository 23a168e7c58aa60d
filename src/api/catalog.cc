// /api/layers and /api/genomes: what the catalog knows. docs/reference/admin-api.md is the contract.
#include "api/context.h"
#include "api/golden_check.h"
#include "api/openai_request.h"
#include "api/views.h"
#include "genome/name.h"
#include "runtime/resolve.h"

namespace genepool::api {
namespace {

Result<ListOptions> list_options(const Call& call) {
  ListOptions options;
  options.search = call.query("search");
  options.after = call.query("after");
  GENEPOOL_TRY(options.limit, query_count(call, "limit", 1, kMostRows, options.limit));
  return options;
}

// ---- layers

// With what only its file can tell.
Result<Out> one_layer(Runtime& runtime, const std::string& name) {
  GENEPOOL_TRY(const LayerRow row, runtime.store().layer(name));
  Out json = layer_json(row, runtime.base());
  const auto figures = figures_of_layer(runtime.store(), row.id);
  json["problem"] = figures ? Out() : Out(figures.error().message);
  json["norms"] = Out::object();
  if (!figures) return json;
  for (const KindNorm& norm : figures->norms) json["norms"][norm.kind] = norm.norm;
  json["scales"] = {{"scale_min", figures->scales.scale_min}, {"scale_max", figures->scales.scale_max},
                    {"alpha_min", figures->scales.alpha_min}, {"alpha_max", figures->scales.alpha_max}};
  return json;
}

Result<Out> list_layers(Runtime& runtime, const ListOptions& options) {
  GENEPOOL_TRY(const std::vector<LayerRow> rows, runtime.store().list_layers(options));
  Out list = Out::array();
  for (const LayerRow& row : rows) list.push_back(layer_json(row, runtime.base()));
  return Out{{"layers", std::move(list)}};
}

Result<Out> add_layer(Context& context, const Call& call) {
  GENEPOOL_TRY(const Json body, parse_object(call.request.body));
  const Fields fields(body);
  GENEPOOL_TRY_VOID(fields.only({"path", "name", "force"}));
  Runtime::NewLayer layer;
  GENEPOOL_TRY(const std::string path, fields.required_text("path"));
  GENEPOOL_TRY(layer.name, fields.required_text("name"));
  GENEPOOL_TRY_VOID(fields.flag("force", layer.force));
  GENEPOOL_TRY(layer.path, readable_path(context, call, path));
  GENEPOOL_TRY(const LayerRow row, context.runtime.add_layer(layer));
  return layer_json(row, context.runtime.base());
}

// ---- genomes

Result<Out> list_genomes(Runtime& runtime, const ListOptions& options) {
  GENEPOOL_TRY(const std::vector<GenomeRow> rows, runtime.store().list_genomes(options));
  return Out{{"genomes", genomes_json(runtime, rows)}};
}

// A name of the catalog, one of its versions, or anything else that resolves: `base` and inline stacks have no row of their own.
Result<Out> show_genome(Runtime& runtime, const std::string& name) {
  if (name != "base" && !is_inline_stack(name)) {
    GENEPOOL_TRY(const GenomeRow row, runtime.store().genome_at(name));
    return genome_json(runtime, row);
  }
  GENEPOOL_TRY(const ResolvedGenome genome, runtime.resolve(name));
  const GenomeRow row = row_of(genome, runtime.base());
  return genome_json(runtime, row);
}

Result<std::vector<NamedEntry>> read_stack(const Fields& fields) {
  const Json* given = fields.find("stack");
  const std::string wanted = fmt::format("an array of at most {} strings like \"pirate:0.8\"", kMaxStack);
  if (!given || !given->is_array() || given->size() > kMaxStack) return fields.wrong("stack", wanted);
  std::vector<NamedEntry> stack;
  for (const Json& one : *given) {
    if (!one.is_string()) return fields.wrong("stack", wanted);
    auto entry = parse_entry(one.get_ref<const std::string&>());
    if (!entry) return fail_param(entry.error().code, "stack", "{}", entry.error().message);
    stack.push_back(std::move(*entry));
  }
  return stack;
}

Result<Store::NewGenome> read_genome(const Json& body, const BaseId& base) {
  const Fields fields(body);
  GENEPOOL_TRY_VOID(fields.only({"name", "stack", "system_prompt", "parameters", "replace", "if_version", "skip_golden"}));
  Store::NewGenome genome;
  genome.base = base;
  GENEPOOL_TRY(genome.name, fields.required_text("name"));
  if (const auto checked = check_name(genome.name); !checked) {
    return fail_param(checked.error().code, "name", "{}", checked.error().message);
  }
  GENEPOOL_TRY(genome.stack, read_stack(fields));
  GENEPOOL_TRY_VOID(fields.text("system_prompt", genome.system_prompt));
  GENEPOOL_TRY_VOID(fields.flag("replace", genome.replace));
  GENEPOOL_TRY_VOID(fields.text("if_version", genome.if_version));
  const Json* parameters = fields.find("parameters");
  if (!parameters) return genome;
  if (!parameters->is_object()) return fields.wrong("parameters", "an object");
  GENEPOOL_TRY(genome.default_parameters, check_parameters(parameters->dump()));
  return genome;
}

Result<Out> create_genomes(Runtime& runtime, const Json& list, bool skip_golden) {
  const std::string wanted = fmt::format("an array of at most {} objects", kMostRows);
  if (!list.is_array() || list.size() > kMostRows) return Fields(Json::object()).wrong("genomes", wanted);
  std::vector<Store::NewGenome> genomes;
  for (const Json& one : list) {
    if (!one.is_object()) return Fields(Json::object()).wrong("genomes", wanted);
    if (one.contains("skip_golden")) return fail_param(Code::kBadRequest, "skip_golden", "skip_golden stands beside genomes, for all of them");
    GENEPOOL_TRY(genomes.emplace_back(), read_genome(one, runtime.base().id));
  }
  GENEPOOL_TRY(const std::vector<GenomeRow> made, skip_golden ? runtime.create_genomes(genomes) : move_guarded(runtime, genomes));
  return Out{{"created", made.size()}};
}

Result<Out> copy_genome(Runtime& runtime, const Fields& fields, bool skip_golden) {
  GENEPOOL_TRY_VOID(fields.only({"name", "from", "replace", "if_version", "skip_golden"}));
  Store::CopyGenome copy;
  GENEPOOL_TRY(copy.from, fields.required_text("from"));
  GENEPOOL_TRY(copy.name, fields.required_text("name"));
  GENEPOOL_TRY_VOID(fields.flag("replace", copy.replace));
  GENEPOOL_TRY_VOID(fields.text("if_version", copy.if_version));
  GENEPOOL_TRY(const GenomeRow row, skip_golden ? runtime.copy_genome(copy) : move_guarded(runtime, copy));
  return genome_json(runtime, row);
}

// One genome, a copy of one ("from"), or many at once ("genomes").
Result<Out> create(Runtime& runtime, std::string_view text) {
  GENEPOOL_TRY(const Json body, parse_object(text));
  const Fields fields(body);
  bool skip_golden = false;
  GENEPOOL_TRY_VOID(fields.flag("skip_golden", skip_golden));
  if (const Json* list = fields.find("genomes")) {
    GENEPOOL_TRY_VOID(fields.only({"genomes", "skip_golden"}));
    return create_genomes(runtime, *list, skip_golden);
  }
  if (fields.find("from")) return copy_genome(runtime, fields, skip_golden);
  GENEPOOL_TRY(const Store::NewGenome genome, read_genome(body, runtime.base().id));
  GENEPOOL_TRY(const GenomeRow row, skip_golden ? runtime.create_genome(genome) : move_guarded(runtime, genome));
  return genome_json(runtime, row);
}

Result<Out> remove_genome(Runtime& runtime, const std::string& name) {
  GENEPOOL_TRY_VOID(runtime.remove_genome(name));
  return Out{{"removed", name}};
}

template <class List>
void list(Context& context, const CallPtr& call, List rows) {
  const auto options = list_options(*call);
  if (!options) return call->reply_error(options.error());
  answer_offloaded(context, call, 200, [&context, rows, options = *options] { return rows(context.runtime, options); });
}

}  // namespace

void add_catalog(Router& router, Context& context) {
  router.add("GET", "/api/base", [&](const CallPtr& call) {
    const BaseModel& base = context.runtime.base();
    call->reply_json(200, dump(Out{{"id", base.id.hex()},
                                   {"name", base.name},
                                   {"architecture", base.architecture},
                                   {"type", base.type},
                                   {"parameters", base.parameters},
                                   {"weights", base.weights.hex()},
                                   {"is_prepared", base.weights != base.id},
                                   {"path", context.runtime.base_path()},
                                   {"block_count", base.block_count},
                                   {"context_length", base.context_length}}));
  });
  router.add("GET", "/api/layers", [&](const CallPtr& call) { list(context, call, list_layers); });
  router.add("POST", "/api/layers", [&](const CallPtr& call) {
    answer_offloaded(context, call, 201, [&context, call] { return add_layer(context, *call); }, Runtime::Errand::kLong);
  });
  router.add("GET", "/api/layers/{name}", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&context, name = call->args[0]] { return one_layer(context.runtime, name); });
  });
  router.add("DELETE", "/api/layers/{name}", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&context, name = call->args[0]]() -> Result<Out> {
      GENEPOOL_TRY_VOID(context.runtime.remove_layer(name));
      return Out{{"removed", name}};
    });
  });
  router.add("GET", "/api/genomes", [&](const CallPtr& call) { list(context, call, list_genomes); });
  router.add("POST", "/api/genomes", [&](const CallPtr& call) {
    // Read there too: ten thousand genomes are megabytes of JSON, and the http thread has others to serve.
    answer_offloaded(context, call, 201, [&context, call] { return create(context.runtime, call->request.body); }, Runtime::Errand::kLong);
  });
  router.add("GET", "/api/genomes/{name}", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&context, name = call->args[0]] { return show_genome(context.runtime, name); });
  });
  router.add("DELETE", "/api/genomes/{name}", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&context, name = call->args[0]] { return remove_genome(context.runtime, name); });
  });
}

}  // namespace genepool::api
