// GET /v1/models, /v1/models/{id}: OpenAI's list with vLLM's root and parent and llama-server's status.
#include "api/context.h"
#include "api/receipt.h"
#include "api/views.h"

namespace genepool::api {
namespace {

// What clients of llama-server's router mode know; an entry without a status would count as loaded.
const char* status_value(const Residents& residents, const Identity& identity) {
  const auto found = residents.find(identity);
  if (found == residents.end()) return "unloaded";
  const GenomeStatus& status = found->second->status;
  if (status.tier == Tier::kHot) return "loaded";
  if (status.is_assembling) return "loading";
  return status.tier == Tier::kWarm ? "sleeping" : "unloaded";
}

struct Model {
  std::string id, root;
  bool is_base = false;
  Identity identity;
  std::int64_t created_s = 0;
};

Out model_json(const Model& model, const Residents& residents) {
  return {{"id", model.id},
          {"object", "model"},
          {"created", model.created_s},
          {"owned_by", "genepool"},
          {"root", model.root},
          {"parent", model.is_base ? Out() : Out("base")},
          {"status", {{"value", status_value(residents, model.identity)}}},
          {"genepool",
           {{"tier", tier_text(tier_of(residents, model.identity))}, {"identity", model.identity.hex()}}}};
}

Model base_model(Runtime& runtime) {
  return {"base", runtime.base().name.empty() ? runtime.base_path() : runtime.base().name, true,
          identity_of(Genome{runtime.base().weights, {}}), 0};
}

Result<Out> list_models(Runtime& runtime) {
  GENEPOOL_TRY(const std::vector<GenomeRow> genomes, all_genomes(runtime.store(), ""));
  const RuntimeStatus status = runtime.status(false);
  const Residents residents = by_identity(status);
  Out data = Out::array({model_json(base_model(runtime), residents)});
  for (const GenomeRow& row : genomes) {
    if (row.base != runtime.base().id) continue;  // made for another base: it could not answer
    data.push_back(model_json({row.name, stack_text(row.stack), false, row.identity, row.created_ms / 1000}, residents));
  }
  return Out{{"object", "list"}, {"data", std::move(data)}};
}

Result<Out> one_model(Runtime& runtime, const std::string& id) {
  const auto genome = runtime.resolve(id);
  if (!genome) return tl::unexpected(genome.error());
  const RuntimeStatus status = runtime.status(false);
  const Residents residents = by_identity(status);
  if (id == "base") return model_json(base_model(runtime), residents);
  Model model{id, stack_text(genome->stack), false, genome->identity, 0};
  if (const auto row = runtime.store().genome(id)) model.created_s = row->created_ms / 1000;
  return model_json(model, residents);
}

}  // namespace

void add_models(Router& router, Context& context) {
  router.add("GET", "/v1/models", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&] { return list_models(context.runtime); });
  });
  router.add("GET", "/v1/models/{id}", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&, id = call->args[0]] { return one_model(context.runtime, id); });
  });
}

}  // namespace genepool::api
