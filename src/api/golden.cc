// /api/genomes/{name}/golden. docs/reference/admin-api.md is the contract.
#include "api/context.h"
#include "api/golden_check.h"
#include "api/golden_prompts.h"
#include "api/views.h"

namespace genepool::api {
namespace {

Result<Out> show_golden(Runtime& runtime, const std::string& name) {
  GENEPOOL_TRY([[maybe_unused]] const GenomeRow row, runtime.store().genome(name));
  GENEPOOL_TRY(const std::string golden, runtime.store().golden_prompts(name));
  return Out{{"name", name}, {"prompts", golden.empty() ? Out::array() : Out::parse(golden, nullptr, false)}};
}

Result<Out> set_golden(Runtime& runtime, const Call& call) {
  GENEPOOL_TRY(const Json body, parse_object(call.request.body));
  GENEPOOL_TRY_VOID(Fields(body).only({"prompts"}));
  const Json* prompts = Fields(body).find("prompts");
  if (!prompts) return Fields(body).wrong("prompts", "an array of golden prompts");
  GENEPOOL_TRY(const std::string golden, check_golden(prompts->dump()));
  GENEPOOL_TRY_VOID(runtime.store().set_golden_prompts(call.args[0], golden));
  return show_golden(runtime, call.args[0]);
}

Result<Out> check_now(Runtime& runtime, const std::string& name) {
  GENEPOOL_TRY(const GenomeRow row, runtime.store().genome(name));
  GENEPOOL_TRY(const std::vector<GoldenResult> results, ask_golden(runtime, row));
  Out list = Out::array();
  bool has_passed = true;
  for (const GoldenResult& result : results) {
    has_passed = has_passed && result.failures.empty();
    list.push_back({{"prompt", result.prompt}, {"answer", result.answer}, {"failures", result.failures}});
  }
  return Out{{"name", name}, {"version", row.version.hex()}, {"passed", has_passed}, {"results", std::move(list)}};
}

}  // namespace

void add_golden(Router& router, Context& context) {
  router.add("GET", "/api/genomes/{name}/golden", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&context, call] { return show_golden(context.runtime, call->args[0]); });
  });
  router.add("PUT", "/api/genomes/{name}/golden", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&context, call] { return set_golden(context.runtime, *call); });
  });
  router.add("POST", "/api/genomes/{name}/golden/check", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&context, call] { return check_now(context.runtime, call->args[0]); }, Runtime::Errand::kLong);
  });
}

}  // namespace genepool::api
