// manager show, log, explain, knobs, and hint: what a running server decides by itself, and why. Each asks its admin API.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "cli/connection.h"
#include "cli/manager_views.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "cli/wire_manager.h"

namespace genepool::cli {
namespace {

constexpr std::int64_t kMostRows = 10'000;  // of one answer
constexpr auto kLookEvery = std::chrono::seconds(1);

std::string path_of(const Invocation& invocation, std::int64_t limit, std::uint64_t after) {
  const std::string kind = invocation.has("--kind") ? "&kind=" + percent_encoded(invocation.text("--kind")) : "";
  return fmt::format("/api/decisions?limit={}&after={}{}", limit, after, kind);
}

// Prints an answer that goes on where the last one ended, oldest first. -> the newest id, or `after`.
Result<std::uint64_t> print_more(const Invocation& invocation, const std::string& answer, std::uint64_t after, LogPart part) {
  GENEPOOL_TRY(std::vector<DecisionInfo> decisions, parse_decisions(answer));
  if (invocation.has("--json")) {
    GENEPOOL_TRY(const std::string lines, decision_lines(answer));
    print(lines);
  } else {
    std::ranges::reverse(decisions);
    print(decisions_text(decisions, part, colours_for(invocation)));
  }
  std::fflush(stdout);
  std::uint64_t newest = after;
  for (const DecisionInfo& decision : decisions) newest = std::max(newest, decision.id);
  return newest;
}

// Ctrl-C ends it; so does a reader that has gone.
Result<int> follow(const Invocation& invocation, Connection& server, const std::string& first) {
  GENEPOOL_TRY(std::uint64_t newest, print_more(invocation, first, 0, LogPart::kBegin));
  while (std::ferror(stdout) == 0) {
    std::this_thread::sleep_for(kLookEvery);
    GENEPOOL_TRY(const std::string answer, server.get(path_of(invocation, kMostRows, newest)));
    GENEPOOL_TRY(newest, print_more(invocation, answer, newest, LogPart::kMore));
  }
  return 0;
}

}  // namespace

Result<int> verb_manager_show(const Invocation& invocation) {
  GENEPOOL_TRY(const auto server, connect_to_server(invocation));
  GENEPOOL_TRY(const std::string answer, server->get("/api/manager"));
  if (invocation.has("--json")) {
    print(answer + "\n");
    return 0;
  }
  GENEPOOL_TRY(const ManagerInfo manager, parse_manager(answer));
  print(manager_text(manager));
  return 0;
}

Result<int> verb_hint(const Invocation& invocation) {
  const std::string& genome = invocation.argument("GENOME");
  const std::string user = invocation.text("--user");
  if (genome.empty() && user.empty()) return fail(Code::kUsage, "hint what? A genome, or --user whose last genome is meant");
  GENEPOOL_TRY(const auto server, connect_to_server(invocation));
  GENEPOOL_TRY(const std::string answer, server->post("/api/hint", hint_body(genome, user, invocation.text("--eta"), invocation.text("--ttl"))));
  print(invocation.has("--json") ? answer + "\n" : fmt::format("{} is expected\n", genome.empty() ? "the last genome of " + user : genome));
  return 0;
}

Result<int> verb_manager_log(const Invocation& invocation) {
  GENEPOOL_TRY(const std::int64_t limit, invocation.count("--limit", 50, 1, kMostRows));
  GENEPOOL_TRY(const auto server, connect_to_server(invocation));
  GENEPOOL_TRY(const std::string answer, server->get(path_of(invocation, limit, 0)));
  if (invocation.has("--follow")) return follow(invocation, *server, answer);
  if (invocation.has("--json")) {
    print(answer + "\n");
    return 0;
  }
  GENEPOOL_TRY(const std::vector<DecisionInfo> decisions, parse_decisions(answer));
  print(decisions_text(decisions, LogPart::kWhole, colours_for(invocation)));
  return 0;
}

Result<int> verb_manager_explain(const Invocation& invocation) {
  GENEPOOL_TRY(const auto server, connect_to_server(invocation));
  GENEPOOL_TRY(const std::string answer, server->get("/api/decisions/" + percent_encoded(invocation.argument("ID"))));
  if (invocation.has("--json")) {
    print(answer + "\n");
    return 0;
  }
  GENEPOOL_TRY(const DecisionInfo decision, parse_decision(answer));
  print(decision_text(decision, colours_for(invocation)));
  return 0;
}

Result<int> verb_manager_knobs(const Invocation& invocation) {
  GENEPOOL_TRY(const auto server, connect_to_server(invocation));
  GENEPOOL_TRY(const std::string settings_answer, server->get("/api/knobs"));
  GENEPOOL_TRY(const std::string decisions_answer, server->get(fmt::format("/api/decisions?kind=size&limit={}", kMostRows)));
  GENEPOOL_TRY(const std::vector<SettingInfo> settings, parse_settings(settings_answer));
  GENEPOOL_TRY(const std::vector<DecisionInfo> decisions, parse_decisions(decisions_answer));
  const std::vector<KnobInfo> knobs = managed(settings, decisions);
  print(invocation.has("--json") ? json_of_knobs(knobs) + "\n" : knobs_text(knobs, colours_for(invocation)));
  return 0;
}

}  // namespace genepool::cli
