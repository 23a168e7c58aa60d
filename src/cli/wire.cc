#include "cli/wire.h"

#include "cli/wire_json.h"

namespace genepool::cli {

LayerInfo layer_from(const Json& j) {
  LayerInfo layer;
  layer.name = j.at("name").get<std::string>();
  layer.id = get<std::string>(j, "id");
  layer.source_kind = get<std::string>(j, "source_kind");
  layer.declared_base = get<std::string>(j, "declared_base");
  layer.doubt = get<std::string>(j, "doubt");
  layer.architecture = get<std::string>(j, "architecture");
  layer.bytes = get<std::uint64_t>(j, "bytes");
  layer.rank_min = get<std::uint64_t>(j, "rank_min");
  layer.rank_max = get<std::uint64_t>(j, "rank_max");
  layer.parameter_count = get<std::uint64_t>(j, "parameter_count");
  layer.genomes = get<std::uint64_t>(j, "genomes");
  layer.targets = get<std::vector<std::string>>(j, "targets");
  layer.created_ms = get<std::int64_t>(j, "created_ms");
  if (const auto effect = j.find("effect"); effect != j.end() && effect->is_object()) {
    layer.effect = LayerEffect{get<double>(*effect, "kl"), get<std::uint32_t>(*effect, "top1_changed"),
                               get<std::uint32_t>(*effect, "prompts"), get<bool>(*effect, "is_none")};
  }
  if (const auto norms = j.find("norms"); norms != j.end()) layer.norms = norms->get<std::map<std::string, double>>();
  if (const auto scales = j.find("scales"); scales != j.end()) {
    layer.scales = LayerScales{get<double>(*scales, "scale_min"), get<double>(*scales, "scale_max"), get<double>(*scales, "alpha_min"),
                               get<double>(*scales, "alpha_max")};
  }
  layer.problem = get<std::string>(j, "problem");
  return layer;
}

Json to_json(const LayerInfo& layer) {
  Json json{{"name", layer.name},
          {"id", layer.id},
          {"bytes", layer.bytes},
          {"rank_min", layer.rank_min},
          {"rank_max", layer.rank_max},
          {"targets", layer.targets},
          {"parameter_count", layer.parameter_count},
          {"source_kind", layer.source_kind},
          {"declared_base", layer.declared_base},
          {"doubt", layer.doubt},
          {"architecture", layer.architecture},
          {"created_ms", layer.created_ms},
          {"genomes", layer.genomes}};
  if (const auto& effect = layer.effect) {
    json["effect"] = {{"kl", effect->kl}, {"top1_changed", effect->top1_changed}, {"prompts", effect->prompts}, {"is_none", effect->is_none}};
  }
  if (!layer.norms.empty()) json["norms"] = layer.norms;
  if (layer.scales) {
    json["scales"] = {{"scale_min", layer.scales->scale_min}, {"scale_max", layer.scales->scale_max},
                      {"alpha_min", layer.scales->alpha_min}, {"alpha_max", layer.scales->alpha_max}};
  }
  if (layer.scales || !layer.problem.empty()) json["problem"] = layer.problem.empty() ? Json() : Json(layer.problem);
  return json;
}

GenomeInfo genome_from(const Json& j) {
  GenomeInfo genome;
  genome.name = j.at("name").get<std::string>();
  genome.identity = get<std::string>(j, "identity");
  genome.version = get<std::string>(j, "version");
  genome.base = get<std::string>(j, "base");
  genome.system_prompt = get<std::string>(j, "system_prompt");
  genome.tier = get<std::string>(j, "tier");
  genome.created_ms = get<std::int64_t>(j, "created_ms");
  genome.is_pinned = get<bool>(j, "is_pinned");
  genome.move = get<std::uint64_t>(j, "move");
  genome.moved_ms = get<std::int64_t>(j, "moved_ms");
  genome.moved_by = get<std::string>(j, "moved_by");
  genome.moved_from = get<std::string>(j, "moved_from");
  genome.parent = get<std::string>(j, "parent");
  if (const auto it = j.find("parameters"); it != j.end() && it->is_object() && !it->empty()) genome.parameters = it->dump();
  for (const Json& entry : j.at("stack")) {
    genome.stack.push_back({entry.at("layer").get<std::string>(), entry.at("weight").get<float>()});
    genome.layer_ids.push_back(get<std::string>(entry, "id"));
  }
  return genome;
}

Json to_json(const GenomeInfo& genome) {
  Json stack = Json::array();
  for (std::size_t i = 0; i < genome.stack.size(); ++i) {
    stack.push_back({{"layer", genome.stack[i].layer},
                     {"weight", std::stod(weight_text(genome.stack[i].weight))},  // 0.8, not 0.800000011920929
                     {"id", i < genome.layer_ids.size() ? genome.layer_ids[i] : ""}});
  }
  const Json parameters = Json::parse(genome.parameters.empty() ? "{}" : genome.parameters, nullptr, false);
  return {{"name", genome.name},
          {"identity", genome.identity},
          {"version", genome.version},
          {"base", genome.base},
          {"stack", std::move(stack)},
          {"system_prompt", genome.system_prompt},
          {"parameters", parameters},
          {"created_ms", genome.created_ms},
          {"move", genome.move},
          {"moved_ms", genome.moved_ms},
          {"moved_by", genome.moved_by},
          {"moved_from", text_or_null(genome.moved_from)},
          {"parent", text_or_null(genome.parent)},
          {"tier", text_or_null(genome.tier)},
          {"is_pinned", genome.is_pinned}};
}

namespace {

ReceiptInfo receipt_from(const Json& j) {
  ReceiptInfo receipt;
  receipt.tier = get<std::string>(j, "tier");
  receipt.queue_ms = get<double>(j, "queue_ms");
  receipt.layer_load_ms = get<double>(j, "layer_load_ms");
  receipt.layer_stack_ms = get<double>(j, "layer_stack_ms");
  receipt.process_spawn_ms = get<double>(j, "process_spawn_ms");
  receipt.prefill_ms = get<double>(j, "prefill_ms");
  receipt.decode_ms = get<double>(j, "decode_ms");
  receipt.inference_ms = get<double>(j, "inference_ms");
  receipt.total_ms = get<double>(j, "total_ms");
  receipt.evicted = get<std::vector<std::string>>(j, "evicted");
  return receipt;
}

Error error_from(const Json& error) {
  Error result;
  if (error.is_string()) {
    result.message = error.get<std::string>();
    return result;
  }
  result.message = get<std::string>(error, "message");
  result.param = get<std::string>(error, "param");
  result.code = code_from_api(get<std::string>(error, "code"));
  return result;
}

ChatChunk chunk_from(const Json& j) {
  ChatChunk chunk;
  for (const Json& choice : get<Json>(j, "choices", Json::array())) {
    if (const auto delta = choice.find("delta"); delta != choice.end()) chunk.text += get<std::string>(*delta, "content");
    chunk.finish_reason = get<std::string>(choice, "finish_reason");
  }
  if (const auto usage = j.find("usage"); usage != j.end() && usage->is_object()) {
    chunk.prompt_tokens = get<std::uint64_t>(*usage, "prompt_tokens");
    chunk.completion_tokens = get<std::uint64_t>(*usage, "completion_tokens");
  }
  if (const auto receipt = j.find("genepool"); receipt != j.end()) chunk.receipt = receipt_from(*receipt);
  return chunk;
}

Json to_json(const SettingInfo& setting) {
  return {{"name", setting.name}, {"value", setting.value}, {"origin", setting.origin}};
}

template <class Info>
std::string list_json(const char* key, const std::vector<Info>& all) {
  Json list = Json::array();
  for (const Info& info : all) list.push_back(to_json(info));
  return Json{{key, std::move(list)}}.dump(2);
}

}  // namespace

ResidentInfo resident_from(const Json& j) {
  ResidentInfo row;
  row.name = j.at("name").get<std::string>();
  row.identity = get<std::string>(j, "identity");
  row.tier = get<std::string>(j, "tier");
  row.state = get<std::string>(j, "state");
  row.pid = get<std::int64_t>(j, "pid");
  row.in_flight = get<std::uint64_t>(j, "in_flight");
  row.waiting = get<std::uint64_t>(j, "waiting");
  row.page_bytes = get<std::uint64_t>(j, "page_bytes");
  row.pss_bytes = get<std::uint64_t>(j, "pss_bytes");
  row.private_bytes = get<std::uint64_t>(j, "private_bytes");
  row.requests = get<std::uint64_t>(j, "requests");
  row.idle_ms = get<double>(j, "idle_ms");
  row.is_pinned = get<bool>(j, "is_pinned");
  row.breaker = get<std::string>(j, "breaker");
  return row;
}

StatsInfo stats_from(const Json& j) {
  StatsInfo stats;
  for (const char* name : {"layerLoadTime", "layerStackTime", "processSpawnTime", "inferenceTime", "processTeardownTime",
                           "totalRequestTime"}) {
    const Json& t = j.at(name);
    stats.timings.emplace_back(name, TimingInfo{get<std::uint64_t>(t, "count"), get<double>(t, "p50_ms"), get<double>(t, "p99_ms"),
                                                get<double>(t, "mean_ms"), get<double>(t, "max_ms")});
  }
  stats.cache_hits = get<std::uint64_t>(j, "cacheHits");
  stats.cache_misses = get<std::uint64_t>(j, "cacheMisses");
  stats.hot_hits = get<std::uint64_t>(j, "hotHits");
  stats.warm_hits = get<std::uint64_t>(j, "warmHits");
  stats.cold_starts = get<std::uint64_t>(j, "coldStarts");
  stats.ratio = get<double>(j, "assemblyToInferenceRatio");
  stats.eviction_rate = get<double>(j, "evictionRate");
  const Json& thrash = j.at("thrash");
  stats.is_thrashing = get<bool>(thrash, "is_thrashing");
  stats.thrash_ratio = get<double>(thrash, "ratio");
  stats.mean_assembly_ms = get<double>(thrash, "mean_assembly_ms");
  stats.mean_inference_ms = get<double>(thrash, "mean_inference_ms");
  stats.thrash_share = get<double>(thrash, "share");
  stats.refault_share = get<double>(thrash, "refault_share");
  stats.thrash_why = get<std::string>(thrash, "why");
  stats.thrash_requests = get<std::uint64_t>(thrash, "requests");
  stats.thrash_alarms = get<std::uint64_t>(thrash, "alarms");
  return stats;
}

Result<std::vector<LayerInfo>> parse_layers(std::string_view text) {
  return parsed(text, [](const Json& j) { return each(j, "layers", layer_from); });
}
Result<LayerInfo> parse_layer(std::string_view text) { return parsed(text, layer_from); }
Result<std::vector<GenomeInfo>> parse_genomes(std::string_view text) {
  return parsed(text, [](const Json& j) { return each(j, "genomes", genome_from); });
}
Result<GenomeInfo> parse_genome(std::string_view text) { return parsed(text, genome_from); }
Result<BaseInfo> parse_base(std::string_view text) {
  return parsed(text, [](const Json& j) {
    return BaseInfo{get<std::string>(j, "id"), get<std::string>(j, "name"), get<std::string>(j, "architecture")};
  });
}
Result<std::vector<ResidentInfo>> parse_residents(std::string_view text) {
  return parsed(text, [](const Json& j) { return each(j, "genomes", resident_from); });
}
Result<StatsInfo> parse_stats(std::string_view text) { return parsed(text, stats_from); }
Result<MoveInfo> parse_move(std::string_view text) {
  return parsed(text, [](const Json& j) {
    return MoveInfo{get<std::string>(j, "genome"), get<std::string>(j, "tier"), get<double>(j, "ms")};
  });
}
Result<std::string> parse_knob(std::string_view text, std::string_view name) {
  return parsed(text, [&](const Json& j) {
    for (const Json& knob : j.at("knobs")) {
      if (get<std::string>(knob, "name") == name) return get<std::string>(knob, "value");
    }
    return std::string();
  });
}

std::string json_of(const LayerInfo& layer) { return to_json(layer).dump(2); }
std::string json_of(const GenomeInfo& genome) { return to_json(genome).dump(2); }
std::string json_of_layers(const std::vector<LayerInfo>& layers) { return list_json("layers", layers); }
std::string json_of_genomes(const std::vector<GenomeInfo>& genomes) { return list_json("genomes", genomes); }
std::string json_of_settings(const std::vector<SettingInfo>& settings) { return list_json("settings", settings); }
std::string json_of_texts(const std::vector<std::pair<std::string, std::string>>& fields) {
  Json object = Json::object();
  for (const auto& [key, value] : fields) object[key] = value;
  return object.dump(2);
}

Error error_of_answer(int status, std::string_view text) {
  const Json answer = Json::parse(text, nullptr, false);
  if (answer.is_object() && answer.contains("error")) {
    if (auto error = parsed(text, [](const Json& j) { return error_from(j.at("error")); })) return *std::move(error);
  }
  Error error;
  error.message = fmt::format("the server answered {}: {}", status, text.substr(0, 200));
  if (status == 404) error.code = Code::kNotFound;
  return error;
}

std::string json_of(const NewLayerRequest& request) {
  return Json{{"path", request.path}, {"name", request.name}, {"force", request.force}}.dump();
}

Json to_json(const NewGenomeRequest& request) {
  Json body{{"name", request.name}, {"stack", request.stack}, {"replace", request.replace}};
  if (!request.system_prompt.empty()) body["system_prompt"] = request.system_prompt;
  if (!request.parameters.empty()) body["parameters"] = Json::parse(request.parameters, nullptr, false);
  if (!request.if_version.empty()) body["if_version"] = request.if_version;
  if (request.skip_golden) body["skip_golden"] = true;
  return body;
}
std::string json_of(const NewGenomeRequest& request) { return to_json(request).dump(); }

std::string json_of(const ChatRequest& request) {
  Json messages = Json::array();
  if (request.system) messages.push_back({{"role", "system"}, {"content", *request.system}});
  messages.push_back({{"role", "user"}, {"content", request.prompt}});
  Json body{{"model", request.model},
            {"messages", std::move(messages)},
            {"stream", true},
            {"stream_options", {{"include_usage", true}}},
            {"max_tokens", request.max_tokens}};
  if (request.temperature) body["temperature"] = *request.temperature;
  if (request.seed) body["seed"] = *request.seed;
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);  // a prompt from stdin may be any bytes
}

Result<ChatChunk> parse_chunk(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_object() && json.contains("error")) return tl::unexpected(error_of_answer(200, text));
  return parsed(text, chunk_from);
}

}  // namespace genepool::cli
