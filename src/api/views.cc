#include "api/views.h"

#include <malloc.h>

#include <charconv>
#include <filesystem>

#include "api/receipt.h"
#include "genome/base_name.h"
#include "pool/thrash_text.h"

namespace genepool::api {
namespace {


std::string_view state_text(const GenomeStatus& status) {
  if (!status.worker) {
    if (status.is_assembling) return "assembling";
    return status.waiting > 0 ? "waiting" : "resting";
  }
  switch (status.worker_state) {
    case WorkerState::kStarting: return "starting";
    case WorkerState::kIdle: return "idle";
    case WorkerState::kProbing: return "probing";
    case WorkerState::kBusy: return "busy";
    case WorkerState::kDying: return "dying";
  }
  return "idle";
}

}  // namespace

Residents by_identity(const RuntimeStatus& status) {
  Residents residents;
  for (const ResidentRow& row : status.residents) residents.emplace(row.status.identity, &row);
  return residents;
}

Tier tier_of(const Residents& residents, const Identity& identity) {
  const auto found = residents.find(identity);
  return found == residents.end() ? Tier::kCold : found->second->status.tier;
}

Out effect_json(const std::optional<LayerEffect>& effect) {
  if (!effect) return {};
  return {{"kl", effect->kl}, {"top1_changed", effect->top1_changed}, {"prompts", effect->prompts}, {"is_none", effect->is_none}};
}

Out layer_json(const LayerRow& row, const BaseModel& base) {
  return {{"name", row.name},
          {"id", row.id.hex()},
          {"bytes", row.bytes},
          {"rank_min", row.rank_min},
          {"rank_max", row.rank_max},
          {"targets", row.targets},
          {"parameter_count", row.parameter_count},
          {"source_kind", row.source_kind},
          {"declared_base", row.declared_base},
          {"doubt", doubt_about_base(row.declared_base, base.name)},
          {"architecture", row.architecture},
          {"effect", effect_json(row.effect)},
          {"created_ms", row.created_ms},
          {"genomes", row.genomes}};
}

Out genome_json(const GenomeRow& row, const Residents& residents) {
  Out stack = Out::array();
  for (std::size_t i = 0; i < row.stack.size(); ++i) {
    stack.push_back({{"layer", row.stack[i].layer},
                     {"weight", weight_number(row.stack[i].weight)},
                     {"id", i < row.entries.size() ? row.entries[i].layer.hex() : ""}});
  }
  const auto resident = residents.find(row.identity);
  Out parameters = Out::parse(row.default_parameters.empty() ? "{}" : row.default_parameters, nullptr, false);
  if (!parameters.is_object()) parameters = Out::object();
  return {{"name", row.name},
          {"identity", row.identity.hex()},
          {"version", row.version.hex()},
          {"base", row.base.hex()},
          {"stack", std::move(stack)},
          {"system_prompt", row.system_prompt},
          {"parameters", std::move(parameters)},
          {"created_ms", row.created_ms},
          {"move", row.move},
          {"moved_ms", row.moved_ms},
          {"moved_by", row.moved_by},
          {"moved_from", row.moved_from.empty() ? Out() : Out(row.moved_from)},
          {"parent", row.parent ? Out(row.parent->hex()) : Out()},
          {"tier", tier_text(tier_of(residents, row.identity))},
          {"is_pinned", resident != residents.end() && resident->second->status.is_pinned}};
}

Out genome_json(Runtime& runtime, const GenomeRow& row) {
  const RuntimeStatus status = runtime.status(false);
  return genome_json(row, by_identity(status));
}

Out genomes_json(Runtime& runtime, const std::vector<GenomeRow>& rows) {
  const RuntimeStatus status = runtime.status(false);
  const Residents residents = by_identity(status);
  Out list = Out::array();
  for (const GenomeRow& row : rows) list.push_back(genome_json(row, residents));
  return list;
}

Result<std::uint64_t> query_count(const Call& call, const char* key, std::uint64_t least, std::uint64_t most,
                                  std::uint64_t otherwise) {
  const std::string text = call.query(key);
  if (text.empty()) return otherwise;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  if (is_number && value >= least && value <= most) return value;
  return fail_param(Code::kBadRequest, key, "{} must be a whole number from {} to {}, found {}", key, least, most, text);
}

Out thrash_json(const ThrashState& state, const ThrashCauses& causes) {
  Out genomes = Out::array();
  for (const ThrashCauses::Genome& genome : causes.genomes) {
    genomes.push_back({{"genome", genome.name}, {"page_ins", genome.page_ins}, {"ms", genome.ms}});
  }
  return {{"is_thrashing", state.is_thrashing},
          {"ratio", state.ratio},
          {"mean_assembly_ms", state.mean_assembly_ms},
          {"mean_inference_ms", state.mean_inference_ms},
          {"share", state.share},
          {"refault_share", state.refault_share},
          {"stages", {{"layer_load_ms", causes.load_ms}, {"layer_stack_ms", causes.stack_ms}, {"process_spawn_ms", causes.spawn_ms}}},
          {"genomes", std::move(genomes)},
          {"why", thrash_text(state, causes)}};
}

Out resident_json(const ResidentRow& row) {
  const GenomeStatus& status = row.status;
  return {{"name", row.name},
          {"identity", status.identity.hex()},
          {"tier", tier_text(status.tier)},
          {"state", state_text(status)},
          {"pid", row.pid},
          {"in_flight", status.in_flight},
          {"waiting", status.waiting},
          {"page_bytes", status.page_bytes},
          {"pss_bytes", row.pss_bytes},
          {"private_bytes", row.private_bytes},
          {"idle_ms", row.idle_ms},
          {"is_pinned", status.is_pinned},
          {"requests", status.requests},
          {"breaker", row.breaker.empty() ? Out() : Out(row.breaker)}};
}

std::string stack_text(const std::vector<NamedEntry>& stack) {
  std::string text = "base";
  for (const NamedEntry& entry : stack) text.append("+").append(entry_text(entry));
  return text;
}

namespace {

// Ten thousand genomes as a body or an answer are tens of megabytes of JSON in pieces, which the allocator would keep.
constexpr std::size_t kLarge = 256 << 10;

// -> bytes of body and answer.
std::size_t answer(const Call& call, int status, const std::function<Result<Out>()>& work) {
  const auto done = work();
  std::string text = done ? dump(*done) : std::string();
  const std::size_t size = call.request.body.size() + text.size();
  if (done) {
    call.reply_json(status, std::move(text));
  } else {
    call.reply_error(done.error());
  }
  return size;
}

}  // namespace

void answer_offloaded(Context& context, const CallPtr& call, int status, std::function<Result<Out>()> work, Runtime::Errand kind) {
  const auto answer_it = [call, status, work = std::move(work)] {
    if (answer(*call, status, work) < kLarge) return;
    call->drop_request_text();
    ::malloc_trim(0);
  };
  context.runtime.offload(answer_it, kind);
}

Result<std::string> path_below(const std::string& root, const std::string& path, const char* param) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path real_root = fs::canonical(root, error);
  if (error) return fail_param(Code::kForbidden, param, "server.lora_root {} cannot be read: {}", root, error.message());
  const fs::path wanted = fs::path(path).is_absolute() ? fs::path(path) : real_root / path;
  const fs::path real = fs::canonical(wanted, error);
  const auto [end, unused] = std::mismatch(real_root.begin(), real_root.end(), real.begin(), real.end());
  // One answer for both, so that nobody can ask which files exist elsewhere.
  if (error || end != real_root.end()) {
    return fail_param(Code::kForbidden, param, "{} must be an existing path below server.lora_root ({})", param, root);
  }
  return real.string();
}

Result<std::string> readable_path(Context& context, const Call& call, const std::string& path) {
  if (call.request.is_local_socket) return path;
  const Config config = context.runtime.config();
  if (!config.server_runtime_lora || config.server_lora_root.empty()) {
    return fail(Code::kForbidden, "layers are read over the Unix socket; over TCP only with --server.runtime_lora true and"
                                  " --server.lora_root DIR");
  }
  return path_below(config.server_lora_root, path, "path");
}

}  // namespace genepool::api
