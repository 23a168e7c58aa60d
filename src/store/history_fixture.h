// What the history's tests share: a history in a directory of its own, and decisions made by hand.
#pragma once

#include <memory>
#include <string>

#include "store/history.h"
#include "store/store_fixture.h"

namespace genepool {

class HistoryTest : public StoreTest {
 protected:
  void open(const HistoryLimits& limits = {}) {
    history_.reset();
    history_ = History::open(path(), limits);
  }
  [[nodiscard]] std::string path() const { return dir_ + "/history.sqlite"; }

  static Decision decision(std::uint64_t id, DecisionKind kind = DecisionKind::kSize) {
    Decision d;
    d.id = id;
    d.unix_ms = 1'700'000'000'000 + static_cast<std::int64_t>(id);
    d.t_seconds = 12.5;
    d.kind = kind;
    d.subject = "pool.max_hot";
    d.action = "pool.max_hot 3 -> 4";
    d.reason = "one more would save more than it costs";
    d.inputs = {{"up", 0.5, "s/s"}, {"down", 0.25, "s/s"}};
    d.alternatives = {{"stay", 3, ""}};
    d.unit = "s of load";
    d.expected = 11;
    return d;
  }
  // The ids that list() gives, newest first: "7 5 ".
  std::string ids(const DecisionQuery& query = {}) {
    const auto found = history_->list(query);
    if (!found) return found.error().message;
    std::string text;
    for (const Decision& d : *found) text += std::to_string(d.id) + " ";
    return text;
  }
  void append(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t id = first; id <= last; ++id) history_->append(decision(id));
    ASSERT_TRUE(history_->flush());
  }

  std::unique_ptr<History> history_;
};

}  // namespace genepool
