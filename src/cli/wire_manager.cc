#include "cli/wire_manager.h"

#include <fmt/core.h>

#include <algorithm>

#include "cli/table.h"
#include "cli/wire_json.h"

namespace genepool::cli {
namespace {

std::vector<std::pair<std::string, double>> numbers_of(const Json& object) {
  std::vector<std::pair<std::string, double>> numbers;
  for (const auto& [name, value] : object.items()) numbers.emplace_back(name, value.get<double>());
  return numbers;
}

ManagerInfo::Policy policy_from(const Json& j) {
  return {get<std::string>(j, "name"), get<std::string>(j, "follows"), numbers_of(j.at("loss_seconds"))};
}

std::string policy_line(std::string_view tier, const ManagerInfo::Policy& policy) {
  std::string text = fmt::format("{:<12}{}", tier, policy.name);
  if (policy.losses.empty()) return text + "\n";
  std::vector<std::pair<std::string, double>> losses = policy.losses;
  std::ranges::sort(losses, {}, &std::pair<std::string, double>::second);
  text += fmt::format(", follows {}; lost lately:", policy.follows);
  for (const auto& [name, seconds] : losses) text += fmt::format(" {} {}", name, human_ms(seconds * 1e3));
  return text + "\n";
}

}  // namespace

Result<ManagerInfo> parse_manager(std::string_view text) {
  return parsed(text, [](const Json& j) {
    ManagerInfo m;
    m.mode = get<std::string>(j, "mode");
    m.state = get<std::string>(j, "state");
    m.why = get<std::string>(j, "why");
    m.sizing = get<std::string>(j, "sizing");
    m.prefetch = get<std::string>(j, "prefetch");
    m.brake = get<std::string>(j, "brake");
    m.brake_blind_to = get<std::string>(j, "brake_blind_to");
    m.is_sized = m.mode != "off" && m.sizing != "fixed" && j.at("max_hot_is_ours").get<bool>();
    m.pid = get<std::int64_t>(j, "pid");
    m.max_hot = get<std::int64_t>(j, "max_hot");
    m.hot = policy_from(j.at("hot_policy"));
    m.warm = policy_from(j.at("warm_policy"));
    m.is_gate_open = j.at("gate").at("is_open").get<bool>();
    m.gate_open_share = j.at("gate").at("open_share").get<double>();
    const Json& guesses = j.at("guesses");
    m.issued = get<std::uint64_t>(guesses, "issued");
    m.used = get<std::uint64_t>(guesses, "used");
    m.wasted = get<std::uint64_t>(guesses, "wasted");
    m.wasted_ms = get<double>(guesses, "wasted_ms");
    m.precision = get<double>(guesses, "precision");
    m.recall = get<double>(guesses, "recall");
    m.hints_taken = get<std::uint64_t>(j.at("hints"), "taken");
    m.hints_came = get<std::uint64_t>(j.at("hints"), "came");
    m.hints_expired = get<std::uint64_t>(j.at("hints"), "expired");
    m.log_loss = get<double>(j.at("prediction"), "log_loss");
    if (!j.at("regret").is_null()) m.regret = j.at("regret").get<double>();
    m.voices = numbers_of(j.at("prediction").at("voices"));
    m.decisions = get<std::uint64_t>(j, "decisions");
    return m;
  });
}

std::string manager_text(const ManagerInfo& m) {
  std::string text = fmt::format("manager     {}{}{}{}\n", m.mode, m.state == m.mode ? "" : ", " + m.state, m.pid > 0 ? fmt::format(" (pid {})", m.pid) : "", m.why.empty() ? "" : ": " + m.why);
  text += policy_line("HOT", m.hot) + policy_line("WARM", m.warm);
  text += fmt::format("places      pool.max_hot {}, {}{}\n", m.max_hot, m.is_sized ? "sized by " + m.sizing : "left as it is", m.brake.empty() ? "" : "; held: " + m.brake);
  if (!m.brake_blind_to.empty()) text += fmt::format("memory      Linux does not tell all: {}\n", m.brake_blind_to);
  text += fmt::format("guesses     {}; the gate is {} and was open {:.1f} % of the time; {} made, {} used, {} wasted ({}); precision {:.2f}, recall {:.2f}\n", m.prefetch,
                      m.is_gate_open ? "open" : "closed", 100 * m.gate_open_share, m.issued, m.used, m.wasted, human_ms(m.wasted_ms), m.precision, m.recall);
  text += fmt::format("hints       {} taken, {} came true, {} expired\n", m.hints_taken, m.hints_came, m.hints_expired);
  text += fmt::format("prediction  {:.2f} nats a request; listens to", m.log_loss);
  for (const auto& [name, weight] : m.voices) text += fmt::format(" {} {:.2f}", name, weight);
  text += m.regret ? fmt::format("\nregret      {:.1f} % of the last requests missed HOT and would not have with the future known", 100 * *m.regret)
                   : "\nregret      not known before 2,048 requests";
  return text + fmt::format("\ndecisions   {} since it began: genepool manager log\n", m.decisions);
}

std::string hint_body(const std::string& genome, const std::string& user, const std::string& eta, const std::string& ttl) {
  Json body = Json::object();
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) body[key] = value;
  };
  add("genome", genome);
  add("user", user);
  add("eta", eta);
  add("ttl", ttl);
  return body.dump();
}

}  // namespace genepool::cli
