#include <nlohmann/json.hpp>

#include "cli/trace_report.h"

namespace genepool::cli {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const SessionInfo& sessions) { return {{"sessions", sessions.sessions}, {"mean_requests", sessions.mean_requests}}; }

}  // namespace

std::string trace_json(const TraceReport& report) {
  const TraceInfo& info = report.info;
  Json misses = Json::array();
  for (std::size_t i = 0; i < kInfoPlaces.size(); ++i) {
    misses.push_back({{"places", kInfoPlaces[i]}, {"lru", info.lru[i]}, {"min", info.min[i]}});
  }
  const Json json{{"trace", report.name},
                  {"requests", info.requests},
                  {"rows_moved", report.rows_moved},
                  {"rows_skipped", report.rows_skipped},
                  {"genomes", info.genomes},
                  {"users", info.users},
                  {"duration_s", info.duration_s},
                  {"first_use_share", info.first_use_share},
                  {"top_1_share", info.top_1_share},
                  {"top_5_share", info.top_5_share},
                  {"top_10_share", info.top_10_share},
                  {"rank_exponent", info.rank_exponent},
                  {"same_as_last", info.same_as_last},
                  {"sessions_by_genome", json_of(info.by_genome)},
                  {"sessions_by_user", json_of(info.by_user)},
                  {"gap_cv", info.gap_cv},
                  {"dispersion", info.dispersion},
                  {"miss_ratios", std::move(misses)},
                  {"lru_curve", info.lru_curve}};
  return json.dump(2) + "\n";
}

}  // namespace genepool::cli
