#include "cli/wire_store.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cli/wire_json.h"

namespace genepool::cli {
namespace {

constexpr std::array<std::pair<const char*, std::uint64_t StoreInfo::*>, 13> kFigures{{
    {"layers", &StoreInfo::layers},
    {"layer_names", &StoreInfo::layer_names},
    {"layer_bytes", &StoreInfo::layer_bytes},
    {"unshared_bytes", &StoreInfo::unshared_bytes},
    {"unused_layer_names", &StoreInfo::unused_layer_names},
    {"unused_bytes", &StoreInfo::unused_bytes},
    {"genomes", &StoreInfo::genomes},
    {"versions", &StoreInfo::versions},
    {"moves", &StoreInfo::moves},
    {"catalog_bytes", &StoreInfo::catalog_bytes},
    {"prepared_bases", &StoreInfo::prepared_bases},
    {"prepared_bytes", &StoreInfo::prepared_bytes},
    {"quota", &StoreInfo::quota},
}};

Json to_json(const VerifyInfo& layer) {
  return {{"name", layer.name},
          {"id", layer.id},
          {"bytes", layer.bytes},
          {"ok", layer.problem.empty()},
          {"problem", text_or_null(layer.problem)}};
}

}  // namespace

Result<std::vector<GenomeInfo>> parse_history(std::string_view text) {
  return parsed(text, [](const Json& j) { return each(j, "history", genome_from); });
}
Result<std::uint64_t> parse_number(std::string_view text, const char* key) {
  return parsed(text, [key](const Json& j) { return j.at(key).get<std::uint64_t>(); });
}
Result<VerifyInfo> parse_verified(std::string_view text) {
  return parsed(text, [](const Json& j) {
    return VerifyInfo{j.at("name").get<std::string>(), get<std::string>(j, "id"), get<std::uint64_t>(j, "bytes"),
                      get<std::string>(j, "problem")};
  });
}
Result<StoreInfo> parse_store_info(std::string_view text) {
  return parsed(text, [](const Json& j) {
    StoreInfo info;
    for (const auto& [key, field] : kFigures) info.*field = get<std::uint64_t>(j, key);
    return info;
  });
}
Result<GarbageInfo> parse_garbage(std::string_view text) {
  return parsed(text, [](const Json& j) {
    return GarbageInfo{each(j, "layers", layer_from), get<std::uint64_t>(j, "files"), get<std::uint64_t>(j, "bytes"),
                       get<bool>(j, "dry_run")};
  });
}

Result<std::string> parse_golden(std::string_view text) {
  return parsed(text, [](const Json& j) { return j.at("prompts").dump(); });
}
Result<std::vector<api::GoldenResult>> parse_golden_results(std::string_view text) {
  return parsed(text, [](const Json& j) {
    return each(j, "results", [](const Json& one) {
      return api::GoldenResult{get<std::string>(one, "prompt"), get<std::string>(one, "answer"),
                               get<std::vector<std::string>>(one, "failures")};
    });
  });
}

std::string json_of(const std::vector<NewGenomeRequest>& genomes) {
  const bool skip_golden = std::ranges::any_of(genomes, &NewGenomeRequest::skip_golden);
  return Json{{"genomes", list_of(genomes)}, {"skip_golden", skip_golden}}.dump();
}
std::string json_of(const Store::CopyGenome& copy, bool skip_golden) {
  Json body{{"name", copy.name}, {"from", copy.from}, {"replace", copy.replace}, {"skip_golden", skip_golden}};
  if (!copy.if_version.empty()) body["if_version"] = copy.if_version;
  return body.dump();
}
std::string json_of(const Store::Rollback& back, bool skip_golden) {
  Json body = {{"skip_golden", skip_golden}};
  if (back.to.empty()) body["steps"] = back.steps;
  if (!back.to.empty()) body["to"] = back.to;
  if (!back.if_version.empty()) body["if_version"] = back.if_version;
  return body.dump();
}
std::string golden_json(const std::string& prompts) { return fmt::format("{{\"prompts\":{}}}", prompts); }
std::string dry_run_json(bool is_dry_run) { return Json{{"dry_run", is_dry_run}}.dump(); }
std::string path_json(const std::string& path) { return path.empty() ? "" : Json{{"path", path}}.dump(); }

std::string json_of_history(const std::string& name, const std::vector<GenomeInfo>& history) {
  return Json{{"name", name}, {"history", list_of(history)}}.dump(2);
}
std::string json_of_difference(const GenomeInfo& from, const GenomeInfo& to, const std::vector<Difference>& lines) {
  Json differences = Json::array();
  for (const Difference& line : lines) {
    if (line.sign != ' ') differences.push_back({{"field", line.field}, {"sign", std::string(1, line.sign)}, {"text", line.text}});
  }
  return Json{{"from", to_json(from)}, {"to", to_json(to)}, {"is_same", from.version == to.version}, {"differences", differences}}
      .dump(2);
}
std::string json_of_verified(const std::vector<VerifyInfo>& layers) {
  Json list = Json::array();
  for (const VerifyInfo& layer : layers) list.push_back(to_json(layer));
  const auto bad = std::ranges::count_if(layers, [](const VerifyInfo& layer) { return !layer.problem.empty(); });
  return Json{{"layers", std::move(list)}, {"bad", bad}}.dump(2);
}
std::string json_of(const StoreInfo& info) {
  Json figures = Json::object();
  for (const auto& [key, field] : kFigures) figures[key] = info.*field;
  return figures.dump(2);
}
std::string json_of(const GarbageInfo& garbage) {
  return Json{{"dry_run", garbage.is_dry_run}, {"layers", list_of(garbage.layers)}, {"files", garbage.files}, {"bytes", garbage.bytes}}
      .dump(2);
}
Result<std::string> spread_json(std::string_view text) {
  return parsed(text, [](const Json& j) { return j.dump(2); });
}
std::string json_of_golden(const std::vector<api::GoldenResult>& results) {
  Json list = Json::array();
  for (const api::GoldenResult& result : results) {
    list.push_back({{"prompt", result.prompt}, {"answer", result.answer}, {"failures", result.failures}});
  }
  const bool has_passed = std::ranges::all_of(results, [](const api::GoldenResult& result) { return result.failures.empty(); });
  return Json{{"passed", has_passed}, {"results", std::move(list)}}.dump(2, ' ', false, Json::error_handler_t::replace);
}
std::string json_of_count(const char* key, std::uint64_t count) { return Json{{key, count}}.dump(2); }

}  // namespace genepool::cli
