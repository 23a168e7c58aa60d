#include "cli/simulate_views.h"

#include <fmt/core.h>

#include <algorithm>

namespace genepool::cli {
namespace {

std::string percent(double part, double whole) { return whole > 0 ? fmt::format("{:.1f} %", 100 * part / whole) : "0 %"; }

std::string span_of(double seconds) { return human_span(seconds * 1e3); }

std::string times_of(const Quantiles& times) {
  return fmt::format("p50 {}, p90 {}, p99 {}, mean {}", human_ms(times.at(.5) * 1e3), human_ms(times.at(.9) * 1e3), human_ms(times.at(.99) * 1e3),
                     human_ms(times.mean() * 1e3));
}

std::string line(std::string_view name, std::string_view text) { return fmt::format("{:<11}{}\n", name, text); }

std::string head_text(const SimulatedTrace& trace) {
  return line("trace", fmt::format("{}: {} requests for {} genomes in {}", trace.name, human_count(trace.requests), human_count(trace.genomes),
                                   span_of(trace.seconds)));
}

std::string list_of(const std::map<std::string, std::uint64_t>& counts) {
  std::string text;
  for (const auto& [name, count] : counts) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", human_count(count), name);
  return text;
}

// The bounds are those of a pool that answers every request: whoever refuses some may miss less often.
std::string regret_text(const SimulationResult& r, const Regret& regret) {
  const auto least = static_cast<double>(regret.min_misses);
  const std::string bound = fmt::format("MIN {} ({})", human_count(regret.min_misses), percent(least, static_cast<double>(r.requests)));
  if (r.refused > 0) return fmt::format("{} if none had been refused", bound);
  return fmt::format("{}: {} more", bound, percent(static_cast<double>(r.misses()) - least, least));
}

// What went wrong, and who was kept out because of it.
std::string faults_text(const SimulationResult& r) {
  constexpr std::size_t kShown = 5;
  std::string text;
  const FaultCounts& f = r.faults;
  if (f != FaultCounts{}) {
    text += line("faults", fmt::format("{} failed, {} failed, {} died, {} slow", counted(f.loads_failed, "load"), counted(f.starts_failed, "start"),
                                       counted(f.workers_died, "worker"), counted(f.slow_answers, "answer")));
  }
  if (r.refused > 0) text += line("refused", fmt::format("{}{}", list_of(r.refusals), r.kept_out > 0 ? fmt::format("; {} kept out by breakers", human_count(r.kept_out)) : ""));
  if (!r.shut.empty()) text += line("breakers", list_of(r.shut));
  for (std::size_t i = r.breaker_moves.size() > kShown ? r.breaker_moves.size() - kShown : 0; i < r.breaker_moves.size(); ++i) {
    const BreakerMove& move = r.breaker_moves[i];
    text += line("", fmt::format("{} {} of {}: {}, {}", span_of(move.t_seconds), breaker_kind_name(move.change.kind), move.genome, breaker_state_name(move.change.to), move.change.why));
  }
  return text;
}

std::string brakes_text(const std::deque<Decision>& decisions) {
  std::size_t brakes = 0;
  const Decision* last = nullptr;
  for (const Decision& d : decisions) {
    if (d.kind != DecisionKind::kBrake) continue;
    ++brakes;
    last = &d;
  }
  return last == nullptr ? "" : line("brakes", fmt::format("{}, the last at {}: {}; {}", counted(brakes, "decision"), span_of(last->t_seconds), last->action, last->reason));
}

std::string decisions_text(const std::deque<Decision>& decisions) {
  constexpr std::size_t kShown = 10;
  std::string text;
  const std::size_t from = decisions.size() > kShown ? decisions.size() - kShown : 0;
  for (std::size_t i = from; i < decisions.size(); ++i) {
    const Decision& d = decisions[i];
    text += line(i == from ? "decisions" : "", fmt::format("{} {}: {}{}{}", span_of(d.t_seconds), decision_kind_name(d.kind), d.action,
                                                         d.outcome.empty() ? "" : "; ", d.outcome));
  }
  return text;
}

std::string manager_text(const SimulationResult& r) {
  const ManagerStatus& m = r.manager;
  std::string text = line("guesses", fmt::format("{} issued, {} used, {} wasted ({}); precision {:.2f}, recall {:.2f}; gate open {} of the time",
                                                 human_count(m.guesses.issued), human_count(m.guesses.used), human_count(m.guesses.wasted),
                                                 human_ms(m.guesses.wasted_ms), m.guesses.precision, m.guesses.recall, percent(m.gate_open_share, 1)));
  if (!r.sizes.empty()) {
    std::string sizes;
    for (std::size_t i = r.sizes.size() > 8 ? r.sizes.size() - 8 : 0; i < r.sizes.size(); ++i) sizes += fmt::format(" {} at {}", r.sizes[i].second, span_of(r.sizes[i].first));
    text += line("max_hot", fmt::format("changed {} times; last:{}", r.sizes.size(), sizes));
  }
  if (m.hints_taken > 0) {
    text += line("hints", fmt::format("{} taken, {} came true, {} expired", human_count(m.hints_taken), human_count(m.hints_came), human_count(m.hints_expired)));
  }
  return text + brakes_text(r.decisions) + decisions_text(r.decisions);
}

}  // namespace

std::string simulation_text(const SimulatedTrace& trace, const Contender& contender, const SimulationResult& r, const Regret& regret, Colours) {
  const auto requests = static_cast<double>(r.requests), misses = static_cast<double>(r.misses());
  std::string text = head_text(trace);
  const bool follows_another = r.hot_policy.followed != r.hot_policy.name;
  text += line("policy", fmt::format("{}{}", contender.name, follows_another ? fmt::format(", follows {} at the end", r.hot_policy.followed) : ""));
  text += line("misses", fmt::format("{} ({}): {} from COLD, {} from WARM; HOT {}", human_count(r.misses()), percent(misses, requests),
                                     human_count(r.by_tier[0]), human_count(r.by_tier[1]), percent(static_cast<double>(r.by_tier[2]), requests)));
  text += line("regret", regret_text(r, regret));
  text += line("loads", fmt::format("{}, {:.1f} s in all{}; left HOT: {}", human_count(r.loads), r.load_seconds,
                                    r.refused == 0 ? fmt::format("; with the future known no fewer than {:.1f} s", regret.bound_s) : "", list_of(r.kills)));
  text += line("to grant", times_of(r.grant));
  text += line("1st token", times_of(r.first_token));
  text += line("total", times_of(r.total));
  text += line("memory", fmt::format("{:.2f} genomes HOT on average, {:.1f} GB-hours", r.mean_slots(), r.gb_seconds / 3600));
  text += faults_text(r);
  if (contender.manager.mode != ManagerMode::kOff) text += manager_text(r);
  return text;
}

std::string comparison_text(const SimulatedTrace& trace, const std::vector<Contest>& contests, const Regret& regret, Colours colours) {
  Table table({"POLICY", "MISSES", "RATE", "OF THE FIRST", "95 %", "LOADS", "GRANT p50", "p99", "HOT", "REFUSED"});
  for (const Contest& c : contests) {
    const SimulationResult& r = c.result;
    table.add({c.contender.name, human_count(r.misses()), percent(static_cast<double>(r.misses()), static_cast<double>(r.requests)), fmt::format("{:.3f}", c.ratio),
               c.has_interval ? fmt::format("{:.3f} to {:.3f}", c.least, c.most) : "-", human_count(r.loads), human_ms(r.grant.at(.5) * 1e3),
               human_ms(r.grant.at(.99) * 1e3), fmt::format("{:.2f}", r.mean_slots()), human_count(r.refused)});
  }
  const auto requests = static_cast<double>(trace.requests);
  return head_text(trace) + line("MIN", fmt::format("{} misses ({})", human_count(regret.min_misses), percent(static_cast<double>(regret.min_misses), requests))) + "\n" +
         table.text(colours);
}

std::string targets_text(const TargetReport& report, Colours colours) {
  Table table({"ID", "WHAT", "GOAL", "REACHED", ""});
  std::size_t missed = 0;
  for (const TargetRow& row : report.rows) {
    missed += row.verdict == Verdict::kMissed ? 1 : 0;
    const Cell verdict = row.verdict == Verdict::kInfo ? Cell("") : row.verdict == Verdict::kMet ? Cell("met", Paint::kGreen) : Cell("MISSED", Paint::kRed);
    table.add({row.id, row.what, row.goal, row.reached, verdict});
  }
  return fmt::format("{}\n{}\n{}\n", table.text(colours), report.grid, missed == 0 ? "every target is met" : fmt::format("{} missed", counted(missed, "target")));
}

}  // namespace genepool::cli
