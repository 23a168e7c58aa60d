// breaker ls, open, reset, disable: whom a running server keeps out, and an operator's say. Each is one call of the admin API.
#include <fmt/core.h>

#include "cli/connection.h"
#include "cli/pool_views.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "cli/wire.h"
#include "cli/wire_breakers.h"

namespace genepool::cli {
namespace {

std::string with_line_end(const std::string& text) { return text.ends_with('\n') ? text : text + "\n"; }

Result<int> set_each(const Invocation& invocation, const char* action) {
  GENEPOOL_TRY(const auto server, connect_to_server(invocation));
  for (const std::string& genome : invocation.rest("GENOME")) {
    GENEPOOL_TRY(const std::string answer, server->post("/api/breakers/" + percent_encoded(genome), json_of_texts({{"action", action}})));
    if (invocation.has("--json")) {
      print(with_line_end(answer));
      continue;
    }
    GENEPOOL_TRY(const std::vector<BreakerInfo> breakers, parse_genome_breakers(answer));
    for (const BreakerInfo& breaker : breakers) print(fmt::format("{}: {} breaker {}\n", breaker.genome, breaker.kind, breaker.state));
  }
  return 0;
}

}  // namespace

Result<int> verb_breaker_ls(const Invocation& invocation) {
  GENEPOOL_TRY(const auto server, connect_to_server(invocation));
  GENEPOOL_TRY(const std::string answer, server->get("/api/breakers"));
  if (invocation.has("--json")) {
    print(with_line_end(answer));
    return 0;
  }
  GENEPOOL_TRY(const std::vector<BreakerInfo> breakers, parse_breakers(answer));
  print(breakers_text(breakers, colours_for(invocation)));
  return 0;
}

Result<int> verb_breaker_open(const Invocation& invocation) { return set_each(invocation, "open"); }
Result<int> verb_breaker_reset(const Invocation& invocation) { return set_each(invocation, "reset"); }
Result<int> verb_breaker_disable(const Invocation& invocation) { return set_each(invocation, "disable"); }

}  // namespace genepool::cli
