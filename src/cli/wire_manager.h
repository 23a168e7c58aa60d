// What /api/manager says, as a value; see wire.h. Thread: any, pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace genepool::cli {

struct ManagerInfo {
  std::string mode, state, why, sizing, prefetch, brake, brake_blind_to;
  std::int64_t pid = 0, max_hot = 0;
  struct Policy {
    std::string name, follows;
    std::vector<std::pair<std::string, double>> losses;  // seconds lost lately, by expert
  };
  Policy hot, warm;
  bool is_gate_open = false, is_sized = false;  // sized: max_hot is the manager's to change
  double gate_open_share = 0, precision = 0, recall = 0, wasted_ms = 0, log_loss = 0;
  std::uint64_t issued = 0, used = 0, wasted = 0, hints_taken = 0, hints_came = 0, hints_expired = 0, decisions = 0;
  std::optional<double> regret;  // of the last requests, the share missed beyond what knowing the future would
  std::vector<std::pair<std::string, double>> voices;  // how much each is listened to
};

[[nodiscard]] Result<ManagerInfo> parse_manager(std::string_view text);
[[nodiscard]] std::string manager_text(const ManagerInfo& manager);  // for people

// The body of POST /api/hint; empty texts are left out.
[[nodiscard]] std::string hint_body(const std::string& genome, const std::string& user, const std::string& eta, const std::string& ttl);

}  // namespace genepool::cli
