// History: what was decided and what came of it, in DATA/history.sqlite: a database of its own beside the catalog, so that a
// damaged one never hurts names. Whoever decides must not wait for a disk: append() and settle() queue, one thread writes in
// batches. What cannot be written (a full or read-only disk, a slow one with the queue
// full) is lost and counted; the next batch is tried again. Nothing here is ever fatal to a server.
// Bounds: HistoryLimits; 16 KiB of texts and 256 + 256 numbers of one decision.
// Owner: the runtime, beside the store, whose lock on the directory it relies on. Thread: any.
// Use:   const std::unique_ptr<History> history = History::open(data_dir + "/history.sqlite");
//        if (!history->state().set_aside.empty()) log(...);
//        decision.id = next_id++;                       // from history->next_id()
//        history->append(decision);                     // later: history->settle(decision.id, 11.9, "used after 12 s");
//        GENEPOOL_TRY(const auto newest, history->list({.kind = DecisionKind::kSize, .limit = 20}));
// Not here: JSON (api/), deciding (manager/).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "metrics/decision.h"

namespace genepool {

class HistoryRows;

struct DecisionQuery {
  std::optional<DecisionKind> kind;
  std::uint64_t after = 0, before = 0;  // only ids above, below; 0 = no bound
  std::uint64_t limit = 100;
};

// What came of a decision; no value: it can be told only in words.
struct Settlement {
  std::uint64_t id = 0;
  std::optional<double> realised;  // in the decision's unit
  std::string outcome;
};

struct HistoryLimits {
  std::size_t decisions = 50'000;  // in the file: the oldest go first
  std::size_t queued = 4'096;      // decisions and settlements that wait for the disk
};

class History {
 public:
  // Reads the whole file once. A file that is no history, damaged or of a newer format becomes FILE.damaged-N (set_aside.h) and
  // a new one is made. Never fails: with a disk that does not let it, every call says why, until the next start.
  [[nodiscard]] static std::unique_ptr<History> open(const std::string& path, const HistoryLimits& limits = {});
  ~History();  // writes what is queued

  // Above every id of the file. Of a file that begins after another was set aside it is the Unix time in seconds: no id
  // means two decisions.
  [[nodiscard]] std::uint64_t next_id() const { return next_id_; }

  // Return at once.
  void append(Decision decision);
  void settle(std::uint64_t id, std::optional<double> realised, std::string outcome);

  // Blocks until all that was queued before is written or lost; then the error of the last batch, if it was lost.
  [[nodiscard]] Result<void> flush();

  struct State {
    std::string set_aside;   // why and whereto at opening, "" = it was sound
    std::string error;       // why the last batch was lost, "" = it was written
    std::uint64_t lost = 0;  // decisions and settlements, since the opening
  };
  [[nodiscard]] State state() const;

  // Block on the disk. What was just queued may not be there yet.
  [[nodiscard]] Result<std::vector<Decision>> list(const DecisionQuery& query);  // newest first
  [[nodiscard]] Result<Decision> find(std::uint64_t id);                         // kNotFound

 private:
  using Change = std::variant<Decision, Settlement>;
  using Batch = std::vector<Change>;  // in order
  explicit History(const HistoryLimits& limits);
  [[nodiscard]] Result<void> set_up(const std::string& path);
  void push(Change change);
  void run();
  [[nodiscard]] Result<std::size_t> write(const Batch& batch);
  void note(const Batch& batch, const Result<std::size_t>& refused);  // with mutex_ held
  template <class Ask>
  [[nodiscard]] auto read(Ask ask) -> decltype(ask(std::declval<HistoryRows&>()));

  const HistoryLimits limits_;
  std::uint64_t next_id_ = 1;
  std::unique_ptr<HistoryRows> writer_;  // the thread's; null: the file cannot be opened
  std::mutex reading_;                   // guards reader_
  std::unique_ptr<HistoryRows> reader_;

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable wake_, written_;
  Batch waiting_;
  std::uint64_t asked_ = 0, done_ = 0;  // calls that queued; those whose batch is through
  bool is_stopping_ = false;
  State state_;
  std::thread thread_;
};

}  // namespace genepool
