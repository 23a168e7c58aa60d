// /api/layers and /api/genomes: what the catalog knows. docs/reference/admin-api.md is the contract.
#include <charconv>

#include "api/context.h"
#include "api/openai_request.h"
#include "api/views.h"
#include "genome/name.h"

namespace genepool::api {
namespace {

constexpr std::uint64_t kMostRows = 10000;

Result<ListOptions> list_options(const Call& call) {
  ListOptions options;
  options.search = call.query("search");
  options.after = call.query("after");
  const std::string limit = call.query("limit");
  if (limit.empty()) return options;
  const auto [end, error] = std::from_chars(limit.data(), limit.data() + limit.size(), options.limit);
  const bool is_number = error == std::errc() && end == limit.data() + limit.size();
  if (!is_number || options.limit == 0 || options.limit > kMostRows) {
    return fail_param(Code::kBadRequest, "limit", "limit must be a whole number from 1 to {}, found {}", kMostRows, limit);
  }
  return options;
}

// ---- layers

Result<Out> list_layers(Runtime& runtime, const ListOptions& options) {
  GENEPOOL_TRY(const std::vector<LayerRow> rows, runtime.store().list_layers(options));
  Out list = Out::array();
  for (const LayerRow& row : rows) list.push_back(layer_json(row, runtime.base()));
  return Out{{"layers", std::move(list)}};
}

struct NewLayer {
  std::string path, name;
  ImportOptions options;
};

Result<Out> add_layer(Runtime& runtime, const NewLayer& layer, const std::optional<std::string>& root) {
  std::string real = layer.path;
  if (root) {
    GENEPOOL_TRY(real, path_below(*root, layer.path, "path"));
  }
  GENEPOOL_TRY(const LayerRow row, runtime.add_layer(real, layer.name, layer.options));
  return layer_json(row, runtime.base());
}

// The Unix socket's users may read what the server may read; over TCP only what lies below the configured root.
void post_layer(Context& context, const CallPtr& call) {
  std::optional<std::string> root;
  if (!call->request.is_local_socket) {
    const Config config = context.runtime.config();
    if (!config.server_runtime_lora || config.server_lora_root.empty()) {
      return call->reply_error(fail(Code::kForbidden, "layers are added over the Unix socket; over TCP only with "
                                                      "--server.runtime_lora true and --server.lora_root DIR").value());
    }
    root = config.server_lora_root;
  }
  const auto read = [&]() -> Result<NewLayer> {
    GENEPOOL_TRY(const Json body, parse_object(call->request.body));
    const Fields fields(body);
    NewLayer layer;
    GENEPOOL_TRY(layer.path, fields.required_text("path"));
    GENEPOOL_TRY(layer.name, fields.required_text("name"));
    GENEPOOL_TRY_VOID(fields.flag("force", layer.options.force));
    return layer;
  };
  auto body = read();
  if (!body) return call->reply_error(body.error());
  answer_offloaded(context, call, 201, [&context, root, body = std::move(*body)] {
    return add_layer(context.runtime, body, root);
  });
}

// ---- genomes

Result<Out> list_genomes(Runtime& runtime, const ListOptions& options) {
  GENEPOOL_TRY(const std::vector<GenomeRow> rows, runtime.store().list_genomes(options));
  const RuntimeStatus status = runtime.status(false);
  const Residents residents = by_identity(status);
  Out list = Out::array();
  for (const GenomeRow& row : rows) list.push_back(genome_json(row, residents));
  return Out{{"genomes", std::move(list)}};
}

// A name of the catalog, or anything else that resolves: `base` and inline stacks have no row of their own.
Result<Out> show_genome(Runtime& runtime, const std::string& name) {
  GENEPOOL_TRY(const ResolvedGenome genome, runtime.resolve(name));
  const RuntimeStatus status = runtime.status(false);
  GenomeRow row;
  if (auto known = runtime.store().genome(name)) {
    row = std::move(*known);
  } else {
    row.name = name;
    row.base = genome.genome.base;
    row.identity = genome.identity;
    row.version = genome.version;
    row.stack = genome.stack;
    row.entries = genome.genome.stack;
  }
  return genome_json(row, by_identity(status));
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

Result<Store::NewGenome> read_genome(std::string_view text, const BaseId& base) {
  GENEPOOL_TRY(const Json body, parse_object(text));
  const Fields fields(body);
  Store::NewGenome genome;
  genome.base = base;
  GENEPOOL_TRY(genome.name, fields.required_text("name"));
  if (const auto checked = check_name(genome.name); !checked) {
    return fail_param(checked.error().code, "name", "{}", checked.error().message);
  }
  GENEPOOL_TRY(genome.stack, read_stack(fields));
  GENEPOOL_TRY_VOID(fields.text("system_prompt", genome.system_prompt));
  GENEPOOL_TRY_VOID(fields.flag("replace", genome.replace));
  const Json* parameters = fields.find("parameters");
  if (!parameters) return genome;
  if (!parameters->is_object()) return fields.wrong("parameters", "an object");
  GENEPOOL_TRY(genome.default_parameters, check_parameters(parameters->dump()));
  return genome;
}

void post_genome(Context& context, const CallPtr& call) {
  auto genome = read_genome(call->request.body, context.runtime.base().id);
  if (!genome) return call->reply_error(genome.error());
  answer_offloaded(context, call, 201, [&runtime = context.runtime, genome = std::move(*genome)]() -> Result<Out> {
    GENEPOOL_TRY(const GenomeRow row, runtime.create_genome(genome));
    const RuntimeStatus status = runtime.status(false);
    return genome_json(row, by_identity(status));
  });
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
  router.add("GET", "/api/layers", [&](const CallPtr& call) { list(context, call, list_layers); });
  router.add("POST", "/api/layers", [&](const CallPtr& call) { post_layer(context, call); });
  router.add("GET", "/api/layers/{name}", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&context, name = call->args[0]]() -> Result<Out> {
      GENEPOOL_TRY(const LayerRow row, context.runtime.store().layer(name));
      return layer_json(row, context.runtime.base());
    });
  });
  router.add("DELETE", "/api/layers/{name}", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&context, name = call->args[0]]() -> Result<Out> {
      GENEPOOL_TRY_VOID(context.runtime.remove_layer(name));
      return Out{{"removed", name}};
    });
  });
  router.add("GET", "/api/genomes", [&](const CallPtr& call) { list(context, call, list_genomes); });
  router.add("POST", "/api/genomes", [&](const CallPtr& call) { post_genome(context, call); });
  router.add("GET", "/api/genomes/{name}", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&context, name = call->args[0]] { return show_genome(context.runtime, name); });
  });
  router.add("DELETE", "/api/genomes/{name}", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&context, name = call->args[0]] { return remove_genome(context.runtime, name); });
  });
}

}  // namespace genepool::api
