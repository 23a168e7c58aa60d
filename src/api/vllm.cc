// vLLM's POST /v1/load_lora_adapter {lora_name, lora_path} and /v1/unload_lora_adapter {lora_name}: a layer, and a genome of
// the same name with that one layer, so that it can be asked for by name. Off unless server.runtime_lora.
// And llama-server's GET /lora-adapters; setting global scales there is refused: it contradicts that a name has an identity.
#include <optional>

#include "api/context.h"
#include "api/views.h"
#include "genome/name.h"

namespace genepool::api {
namespace {

std::optional<Error> why_forbidden(const Config& config) {
  if (!config.server_runtime_lora) {
    return fail(Code::kForbidden, "loading layers over HTTP is off: start the server with --server.runtime_lora true and "
                                  "--server.lora_root DIR").value();
  }
  if (config.server_lora_root.empty()) {
    return fail(Code::kForbidden, "server.lora_root is not set: it names the directory that layers may be loaded from").value();
  }
  return std::nullopt;
}

Result<std::string> load(Runtime& runtime, const std::string& root, const std::string& name, const std::string& path) {
  if (const auto checked = check_name(name); !checked) {
    return fail_param(checked.error().code, "lora_name", "{}", checked.error().message);
  }
  if (runtime.store().genome(name)) {
    return fail_param(Code::kConflict, "lora_name", "a genome \"{}\" exists already: unload it first", name);
  }
  if (runtime.store().layer(name)) return fail_param(Code::kConflict, "lora_name", "a layer \"{}\" exists already: ask for base+{}", name, name);
  GENEPOOL_TRY(const std::string real, path_below(root, path, "lora_path"));
  GENEPOOL_TRY(const LayerRow layer, runtime.add_layer({real, name}));
  Store::NewGenome genome;
  genome.name = name;
  genome.base = runtime.base().id;
  genome.stack = {{name, 1.0F}};
  const auto made = runtime.create_genome(genome);
  if (!made) {
    (void)runtime.remove_layer(layer.name);  // all or nothing
    return tl::unexpected(made.error());
  }
  return fmt::format("Success: LoRA adapter '{}' added successfully.", name);
}

Result<std::string> unload(Runtime& runtime, const std::string& name) {
  GENEPOOL_TRY(const GenomeRow row, runtime.store().genome(name));
  if (row.stack != std::vector<NamedEntry>{{name, 1.0F}}) {
    return fail_param(Code::kConflict, "lora_name", "genome \"{}\" is a stack of its own ({}): delete it with DELETE "
                      "/api/genomes/{}", name, stack_text(row.stack), name);
  }
  GENEPOOL_TRY_VOID(runtime.remove_genome(name));
  (void)runtime.remove_layer(name);  // stays when other genomes use it
  return fmt::format("Success: LoRA adapter '{}' removed successfully.", name);
}

// Both endpoints: read, check, work on a loader thread, answer vLLM's plain text.
template <class Work>
void run(Context& context, const CallPtr& call, bool needs_path, Work work) {
  const Config config = context.runtime.config();
  if (const auto error = why_forbidden(config)) return call->reply_error(*error);
  const auto read = [&]() -> Result<std::pair<std::string, std::string>> {
    GENEPOOL_TRY(const Json body, parse_object(call->request.body));
    const Fields fields(body);
    GENEPOOL_TRY(std::string name, fields.required_text("lora_name"));
    std::string path;
    if (needs_path) {
      GENEPOOL_TRY(path, fields.required_text("lora_path"));
    }
    return std::pair(std::move(name), std::move(path));
  };
  auto body = read();
  if (!body) return call->reply_error(body.error());
  context.runtime.offload([call, work, root = config.server_lora_root, body = std::move(*body)] {
    const Result<std::string> answer = work(root, body.first, body.second);
    if (!answer) return call->reply_error(answer.error());
    call->reply(200, "text/plain; charset=utf-8", *answer);
  }, Runtime::Errand::kLong);
}

Result<Out> list_adapters(Runtime& runtime) {
  GENEPOOL_TRY(const std::vector<LayerRow> layers, all_layers(runtime.store(), ""));
  Out list = Out::array();
  for (const LayerRow& layer : layers) {
    // The name, which `lora` takes back: a number would mean another layer after the next one is added.
    list.push_back({{"id", layer.name}, {"path", layer.name}, {"scale", 0.0}});  // none is on for everybody
  }
  return list;
}

}  // namespace

void add_vllm(Router& router, Context& context) {
  router.add("POST", "/v1/load_lora_adapter", [&](const CallPtr& call) {
    run(context, call, true, [&](const std::string& root, const std::string& name, const std::string& path) {
      return load(context.runtime, root, name, path);
    });
  });
  router.add("POST", "/v1/unload_lora_adapter", [&](const CallPtr& call) {
    run(context, call, false, [&](const std::string&, const std::string& name, const std::string&) {
      return unload(context.runtime, name);
    });
  });
  router.add("GET", "/lora-adapters", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&] { return list_adapters(context.runtime); });
  });
  router.add("POST", "/lora-adapters", [](const CallPtr& call) {
    call->reply_error(fail(Code::kNotSupported, "global scales would change what every name means: put the weights into the "
                                                "model field, as in base+pirate:0.8").value());
  });
}

}  // namespace genepool::api
