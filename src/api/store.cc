// /api/store, /api/bases, and verifying a layer. docs/reference/admin-api.md is the contract.
#include "api/context.h"
#include "api/views.h"

namespace genepool::api {
namespace {

Result<Out> show_store(Runtime& runtime) {
  GENEPOOL_TRY(const StoreInfo info, runtime.store().info());
  return Out{{"layers", info.layers},
             {"layer_names", info.layer_names},
             {"layer_bytes", info.layer_bytes},
             {"unshared_bytes", info.unshared_bytes},
             {"unused_layer_names", info.unused_layer_names},
             {"unused_bytes", info.unused_bytes},
             {"genomes", info.genomes},
             {"versions", info.versions},
             {"moves", info.moves},
             {"catalog_bytes", info.catalog_bytes},
             {"prepared_bases", info.prepared_bases},
             {"prepared_bytes", info.prepared_bytes},
             {"quota", info.quota}};
}

Out candidate_json(const BaseCandidate& c) {
  return {{"type", c.type},
          {"bytes", c.bytes},
          {"prompt_tokens_per_s", c.prompt_rate},
          {"answer_tokens_per_s", c.answer_rate},
          {"base_prompt_tokens_per_s", c.source_prompt_rate},
          {"base_answer_tokens_per_s", c.source_answer_rate},
          {"gain", c.gain()},
          {"kl", c.kl},
          {"top1_changed", c.top1_changed},
          {"positions", c.positions},
          {"verdict", c.verdict}};
}

Result<Out> list_bases(Runtime& runtime) {
  GENEPOOL_TRY(const std::vector<PreparedBase> bases, runtime.store().prepared_bases());
  Out list = Out::array();
  for (const PreparedBase& base : bases) {
    Out candidates = Out::array();
    for (const BaseCandidate& candidate : base.candidates) candidates.push_back(candidate_json(candidate));
    list.push_back({{"base", base.source.hex()},
                    {"prepared", base.prepared ? Out(base.prepared->hex()) : Out()},
                    {"type", base.type},
                    {"bytes", base.bytes},
                    {"machine", base.machine},
                    {"made_ms", base.made_ms},
                    {"candidates", std::move(candidates)}});
  }
  return Out{{"bases", std::move(list)}};
}

Result<Out> collect_garbage(Runtime& runtime, const Call& call) {
  bool dry_run = false;
  if (!call.request.body.empty()) {
    GENEPOOL_TRY(const Json body, parse_object(call.request.body));
    GENEPOOL_TRY_VOID(Fields(body).only({"dry_run"}));
    GENEPOOL_TRY_VOID(Fields(body).flag("dry_run", dry_run));
  }
  GENEPOOL_TRY(const Garbage garbage, runtime.collect_garbage(dry_run));
  Out layers = Out::array();
  for (const LayerRow& row : garbage.layers) layers.push_back(layer_json(row, runtime.base()));
  return Out{{"dry_run", dry_run}, {"layers", std::move(layers)}, {"files", garbage.files.size()}, {"bytes", garbage.bytes}};
}

// A layer that is bad is a good answer: the caller asked whether it is.
Result<Out> verify_layer(Context& context, const Call& call) {
  const std::string& name = call.args[0];
  Runtime& runtime = context.runtime;
  std::string path;
  if (!call.request.body.empty()) {
    GENEPOOL_TRY(const Json body, parse_object(call.request.body));
    GENEPOOL_TRY_VOID(Fields(body).only({"path"}));
    GENEPOOL_TRY_VOID(Fields(body).text("path", path));
  }
  GENEPOOL_TRY(const LayerRow row, runtime.store().layer(name));
  std::string problem;
  if (const auto verified = runtime.store().verify_layer(name); !verified) problem = verified.error().message;
  if (!path.empty() && problem.empty()) {
    GENEPOOL_TRY(const std::string real, readable_path(context, call, path));
    GENEPOOL_TRY(problem, runtime.reimport(real, name));
  }
  return Out{{"name", row.name},
             {"id", row.id.hex()},
             {"bytes", row.bytes},
             {"ok", problem.empty()},
             {"problem", problem.empty() ? Out() : Out(problem)}};
}

}  // namespace

void add_store(Router& router, Context& context) {
  router.add("GET", "/api/store", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&context] { return show_store(context.runtime); });
  });
  router.add("GET", "/api/bases", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&context] { return list_bases(context.runtime); });
  });
  router.add("POST", "/api/store/gc", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&context, call] { return collect_garbage(context.runtime, *call); });
  });
  router.add("POST", "/api/layers/{name}/verify", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&context, call] { return verify_layer(context, *call); }, Runtime::Errand::kLong);
  });
}

}  // namespace genepool::api
