// The rows of history.sqlite: decisions with their numbers. SQL and no more: the queue before it and its bounds are history.h's.
// Thread: one at a time (a History has one for writing and one for reading). Blocks on the disk.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "metrics/decision.h"
#include "store/history.h"
#include "store/sqlite.h"

namespace genepool {

class HistoryRows {
 public:
  // Why the file cannot be used as it is and should be set aside, "" = it can, also when it is not there or empty: it is no
  // database, damaged, of a newer format, has other tables or kinds than ours. An error is not the file's fault.
  [[nodiscard]] static Result<std::string> damage_of(const std::string& path);
  // Makes what is not there. Requires: damage_of() said "".
  [[nodiscard]] static Result<HistoryRows> open(const std::string& path);

  [[nodiscard]] Result<std::uint64_t> last_id();  // 0: none
  [[nodiscard]] Result<std::vector<Decision>> list(const DecisionQuery& query);
  [[nodiscard]] Result<Decision> find(std::uint64_t id);  // kNotFound

  // Inside a transaction of the caller's. kConflict: the row is not one that may be kept (an id that is taken, texts or
  // lists past all reason); the others are not hurt.
  [[nodiscard]] Result<void> add(const Decision& decision);
  [[nodiscard]] Result<void> settle(const Settlement& settlement);  // no such decision: nothing
  [[nodiscard]] Result<void> trim_decisions(std::uint64_t most);  // ids further than that behind the newest go
  [[nodiscard]] Database& database() { return db_; }

 private:
  explicit HistoryRows(Database db) : db_(std::move(db)) {}
  [[nodiscard]] Result<void> add_numbers(std::uint64_t id, bool is_input, const std::vector<Decision::Number>& numbers);
  [[nodiscard]] Result<void> read_numbers(Decision& decision);

  Database db_;
};

}  // namespace genepool
