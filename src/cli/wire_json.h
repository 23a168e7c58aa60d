// How wire*.cc read and write JSON. For them only: nlohmann costs 3 s of compile time a file.
#pragma once

#include <nlohmann/json.hpp>

#include "cli/wire.h"

namespace genepool::cli {

using Json = nlohmann::ordered_json;

// A key's value if it is there and of that kind, else `otherwise`: an older server may not say everything.
template <class T>
T get(const Json& object, const char* key, T otherwise = T{}) {
  const auto it = object.find(key);
  if (it == object.end() || it->is_null()) return otherwise;
  return it->get<T>();
}

// `read(json)` of the parsed text; nlohmann's exceptions end here.
template <class Read>
auto parsed(std::string_view text, Read read) -> Result<decltype(read(Json()))> {
  try {
    return read(Json::parse(text));
  } catch (const Json::exception& error) {
    return fail(Code::kInternal, "the server's answer is not what this program expects (different versions?): {}", error.what());
  }
}

template <class Read>
auto each(const Json& object, const char* key, Read read) {
  std::vector<decltype(read(Json()))> all;
  for (const Json& item : object.at(key)) all.push_back(read(item));
  return all;
}

inline Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

[[nodiscard]] LayerInfo layer_from(const Json& j);
[[nodiscard]] GenomeInfo genome_from(const Json& j);
[[nodiscard]] ResidentInfo resident_from(const Json& j);
[[nodiscard]] StatsInfo stats_from(const Json& j);
[[nodiscard]] Json to_json(const LayerInfo& layer);
[[nodiscard]] Json to_json(const GenomeInfo& genome);
[[nodiscard]] Json to_json(const NewGenomeRequest& request);

template <class Info>
Json list_of(const std::vector<Info>& all) {
  Json list = Json::array();
  for (const Info& info : all) list.push_back(to_json(info));
  return list;
}

}  // namespace genepool::cli
