// The race against what people would use instead: stock llama-server in three ways (all adapters loaded, router mode, started
// for each genome) and llama-cpp-python, which brings an engine of its own. llama-server is from the same engine source, base, layers, threads and context. Thread: one; blocks for minutes.
// Use:   GENEPOOL_TRY(Arena arena, Arena::make(workload, options));
//        GENEPOOL_TRY(const std::vector<Contest> contests, run_contests(arena, {"start", "switch"}));
// Not here: tables (peers_report.h).
#pragma once

#include <string>
#include <vector>

#include "peers/arena.h"
#include "peers/contest.h"

namespace genepool::bench {

// A contest that breaks keeps its place, with the reason in its note: the others are still worth having.
// `wanted`: ids of contests, empty for all; what comes from the same requests comes along. kUsage: there is no such contest.
[[nodiscard]] Result<std::vector<Contest>> run_contests(Arena& arena, const std::vector<std::string>& wanted);

}  // namespace genepool::bench
