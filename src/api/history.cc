// /api/genomes/{name}/history and /rollback. docs/reference/admin-api.md is the contract.
#include <limits>

#include "api/context.h"
#include "api/golden_check.h"
#include "api/views.h"

namespace genepool::api {
namespace {

constexpr std::uint64_t kMostMoves = std::numeric_limits<std::int64_t>::max();

Result<Out> show_history(Runtime& runtime, const Call& call) {
  GENEPOOL_TRY(const std::uint64_t limit, query_count(call, "limit", 1, kMostRows, 1000));
  GENEPOOL_TRY(const std::uint64_t before, query_count(call, "before", 1, kMostMoves, 0));
  GENEPOOL_TRY(const std::vector<GenomeRow> rows, runtime.store().history(call.args[0], limit, before));
  return Out{{"name", call.args[0]}, {"history", genomes_json(runtime, rows)}};
}

Result<Out> trim_history(Runtime& runtime, const Call& call) {
  GENEPOOL_TRY(const std::uint64_t keep, query_count(call, "keep", 1, kMostMoves, 0));  // absent: 0, which is refused
  GENEPOOL_TRY(const std::uint64_t removed, runtime.store().trim_history(call.args[0], keep));
  return Out{{"name", call.args[0]}, {"removed", removed}};
}

Result<Out> roll_back(Runtime& runtime, const Call& call) {
  Store::Rollback back{.name = call.args[0]};
  bool skip_golden = false;
  if (!call.request.body.empty()) {
    GENEPOOL_TRY(const Json body, parse_object(call.request.body));
    const Fields fields(body);
    GENEPOOL_TRY_VOID(fields.only({"to", "steps", "if_version", "skip_golden"}));
    std::int64_t steps = 1;
    GENEPOOL_TRY_VOID(fields.text("to", back.to));
    GENEPOOL_TRY_VOID(fields.integer("steps", 1, std::numeric_limits<std::int32_t>::max(), steps));
    GENEPOOL_TRY_VOID(fields.text("if_version", back.if_version));
    GENEPOOL_TRY_VOID(fields.flag("skip_golden", skip_golden));
    back.steps = static_cast<std::uint64_t>(steps);
  }
  GENEPOOL_TRY(const GenomeRow row, skip_golden ? runtime.roll_back(back) : move_guarded(runtime, back));
  return genome_json(runtime, row);
}

}  // namespace

void add_history(Router& router, Context& context) {
  router.add("GET", "/api/genomes/{name}/history", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&context, call] { return show_history(context.runtime, *call); });
  });
  router.add("DELETE", "/api/genomes/{name}/history", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&context, call] { return trim_history(context.runtime, *call); });
  });
  router.add("POST", "/api/genomes/{name}/rollback", [&](const CallPtr& call) {
    answer_offloaded(context, call, 200, [&context, call] { return roll_back(context.runtime, *call); }, Runtime::Errand::kLong);
  });
}

}  // namespace genepool::api
