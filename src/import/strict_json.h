// JSON files that a user brings, read with bounds: size, depth, and no key twice. For the .cc files of import that know JSON.
// Thread: any; blocks on reading.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "import/source_file.h"

namespace genepool {

// An object, its keys in the file's order. kLayerRejected: no JSON object, nested deeper than `most_depth`, a key twice.
[[nodiscard]] inline Result<nlohmann::ordered_json> read_json_object(const std::string& path, std::uint64_t most_bytes, int most_depth) {
  using Json = nlohmann::ordered_json;
  GENEPOOL_TRY(const Mapping file, map_source(path, most_bytes));
  std::string problem;
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  const auto look = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > most_depth) problem = "it is nested too deeply";
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second) {
      problem = "key " + parsed.get<std::string>() + " stands twice";
    }
    return problem.empty();
  };
  const auto* text = reinterpret_cast<const char*>(file.bytes().data());
  Json object = Json::parse(text, text + file.bytes().size(), look, false);
  if (!problem.empty()) return reject_source(path, "{}", problem);
  if (!object.is_object()) return reject_source(path, "not a JSON object");
  return object;
}

}  // namespace genepool
