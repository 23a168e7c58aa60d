#include "cli/wire_breakers.h"

#include "cli/wire_json.h"

namespace genepool::cli {
namespace {

std::optional<double> number_from(const Json& j, const char* key) {
  const auto it = j.find(key);
  return it == j.end() || it->is_null() ? std::nullopt : std::optional(it->get<double>());
}

void add_genome(const Json& j, std::vector<BreakerInfo>& all) {
  for (const char* kind : {"load", "answer"}) {
    const Json& one = j.at(kind);
    all.push_back({j.at("genome").get<std::string>(), kind, get<std::string>(one, "state"), get<std::string>(one, "cause"),
                   get<std::string>(one, "why"), number_from(one, "for_ms"), number_from(one, "retry_in_ms"),
                   get<std::uint64_t>(one, "times_opened")});
  }
}

}  // namespace

Result<std::vector<BreakerInfo>> parse_breakers(std::string_view text) {
  return parsed(text, [](const Json& j) {
    std::vector<BreakerInfo> all;
    for (const Json& genome : j.at("breakers")) add_genome(genome, all);
    return all;
  });
}

Result<std::vector<BreakerInfo>> parse_genome_breakers(std::string_view text) {
  return parsed(text, [](const Json& j) {
    std::vector<BreakerInfo> all;
    add_genome(j, all);
    return all;
  });
}

}  // namespace genepool::cli
