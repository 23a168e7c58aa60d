// JSON files that a user brings, read with bounds: size, depth, and no key twice. For the .cc files of import that know JSON.
// Thread: any; blocks on reading.
#pragma once

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "import/source_file.h"

namespace genepool {

// Keys of a whole file: an ordered table is searched key by key, and a million would take minutes.
inline constexpr std::size_t kMaxKeys = 20'000;

// An object, its keys in the file's order. kLayerRejected: no JSON object, nested deeper than `most_depth`, a key twice, more
// than kMaxKeys.
[[nodiscard]] inline Result<nlohmann::ordered_json> read_json_object(const std::string& path, std::uint64_t most_bytes, int most_depth) {
  using Json = nlohmann::ordered_json;
  GENEPOOL_TRY(const Mapping file, map_source(path, most_bytes));
  std::string problem;
  std::size_t key_count = 0;
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  const auto look = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > most_depth) problem = "it is nested too deeply";
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && ++key_count > kMaxKeys) problem = fmt::format("more than {} keys", kMaxKeys);
    if (event == Json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second) {
      problem = "key " + parsed.get<std::string>() + " stands twice";
    }
    return problem.empty();
  };
  const auto* text = reinterpret_cast<const char*>(file.bytes().data());
  Json object = Json::parse(text, text + file.bytes().size(), look, false);
  if (!problem.empty()) return reject_source(path, "{}", problem);
  // The parser takes a NUL for the end of its text, whatever follows.
  const bool has_nul = std::ranges::find(file.bytes(), std::byte{0}) != file.bytes().end();
  if (has_nul || !object.is_object()) return reject_source(path, "not a JSON object");
  return object;
}

}  // namespace genepool
