// ps, stats, and the verbs that move genomes between tiers: each is one call of the admin API.
#include <fmt/core.h>

#include "cli/connection.h"
#include "cli/pool_views.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "cli/wire.h"

namespace genepool::cli {
namespace {

std::string with_line_end(const std::string& text) { return text.ends_with('\n') ? text : text + "\n"; }

// POST /api/genomes/GENOME/`action` for every genome named; `now` is what it then is, "" where its tier says it all.
Result<int> move_each(const Invocation& invocation, std::string_view action, std::string_view doing, std::string_view now,
                      const std::string& body = "") {
  GENEPOOL_TRY(const auto server, connect_to_server(invocation));
  StatusLine status;
  for (const std::string& genome : invocation.rest("GENOME")) {
    status.show(fmt::format("{} {} ...", doing, genome));
    const auto answer = server->post(fmt::format("/api/genomes/{}/{}", percent_encoded(genome), action), body);
    status.clear();
    if (!answer) return tl::unexpected(answer.error());
    if (invocation.has("--json")) {
      print(with_line_end(*answer));
      continue;
    }
    GENEPOOL_TRY(const MoveInfo move, parse_move(*answer));
    print(now.empty() ? fmt::format("{} is {} ({})\n", move.genome, move.tier, human_ms(move.ms))
                      : fmt::format("{} is {}, {}\n", move.genome, now, move.tier));
  }
  return 0;
}

}  // namespace

Result<int> verb_ps(const Invocation& invocation) {
  GENEPOOL_TRY(const auto server, connect_to_server(invocation));
  GENEPOOL_TRY(const std::string answer, server->get("/api/ps"));
  if (invocation.has("--json")) {
    print(with_line_end(answer));
    return 0;
  }
  GENEPOOL_TRY(const std::vector<ResidentInfo> residents, parse_residents(answer));
  print(residents_text(residents, colours_for(invocation)));
  return 0;
}

Result<int> verb_stats(const Invocation& invocation) {
  GENEPOOL_TRY(const auto server, connect_to_server(invocation));
  GENEPOOL_TRY(const std::string answer, server->get("/api/stats"));
  if (invocation.has("--json")) {
    print(with_line_end(answer));
    return 0;
  }
  GENEPOOL_TRY(const StatsInfo stats, parse_stats(answer));
  print(stats_text(stats, colours_for(invocation)));
  return 0;
}

Result<int> verb_warm(const Invocation& invocation) { return move_each(invocation, "warm", "warming", ""); }
Result<int> verb_load(const Invocation& invocation) { return move_each(invocation, "load", "loading", ""); }
Result<int> verb_pin(const Invocation& invocation) { return move_each(invocation, "pin", "pinning", "pinned"); }
Result<int> verb_unpin(const Invocation& invocation) { return move_each(invocation, "unpin", "unpinning", "no longer pinned"); }

Result<int> verb_evict(const Invocation& invocation) {
  const std::string to = invocation.text("--to", "warm");
  if (to != "warm" && to != "cold") return fail(Code::kUsage, "--to must be warm or cold, found \"{}\"", to);
  return move_each(invocation, "evict", "evicting", "", json_of_texts({{"to", to}}));
}

}  // namespace genepool::cli
