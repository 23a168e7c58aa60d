#include "store/history.h"

#include <chrono>
#include <utility>

#include "base/log.h"
#include "store/history_rows.h"
#include "store/set_aside.h"

namespace genepool {
namespace {

std::uint64_t unix_seconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

// -> why the file was set aside and what became of it, "" = it was sound.
Result<std::string> set_aside_if_damaged(const std::string& path) {
  GENEPOOL_TRY(const std::string why, HistoryRows::damage_of(path));
  if (why.empty()) return "";
  GENEPOOL_TRY(const std::string kept, set_aside(path));
  return fmt::format("{}; kept as {}", why, kept);
}

Result<std::unique_ptr<HistoryRows>> open_rows(const std::string& path) {
  return HistoryRows::open(path).map([](HistoryRows rows) { return std::make_unique<HistoryRows>(std::move(rows)); });
}

}  // namespace

History::History(const HistoryLimits& limits) : limits_(limits) {}

std::unique_ptr<History> History::open(const std::string& path, const HistoryLimits& limits) {
  std::unique_ptr<History> history(new History(limits));
  if (const auto opened = history->set_up(path); !opened) {
    history->writer_.reset();
    history->state_.error = opened.error().message;
  } else {
    history->thread_ = std::thread([&self = *history] { self.run(); });
  }
  return history;
}

Result<void> History::set_up(const std::string& path) {
  GENEPOOL_TRY(state_.set_aside, set_aside_if_damaged(path));
  GENEPOOL_TRY(writer_, open_rows(path));
  GENEPOOL_TRY(reader_, open_rows(path));
  GENEPOOL_TRY(const std::uint64_t last, writer_->last_id());
  next_id_ = last == 0 && was_set_aside(path) ? unix_seconds() : last + 1;
  return {};
}

History::~History() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

// ------------------------------------------------------------------------------------------------- what is to be written

void History::push(Change change) {
  {
    const std::lock_guard lock(mutex_);
    if (!writer_ || waiting_.size() >= limits_.queued) {
      ++state_.lost;
      return;
    }
    waiting_.push_back(std::move(change));
    ++asked_;
  }
  wake_.notify_one();
}

void History::append(Decision decision) { push(std::move(decision)); }

void History::settle(std::uint64_t id, std::optional<double> realised, std::string outcome) {
  push(Settlement{id, realised, std::move(outcome)});
}

Result<void> History::flush() {
  std::unique_lock lock(mutex_);
  if (writer_) written_.wait(lock, [this, until = asked_] { return done_ >= until; });
  if (!state_.error.empty()) return fail(Code::kIo, "decisions are not kept: {}", state_.error);
  return {};
}

History::State History::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

// ------------------------------------------------------------------------------------------------- the writing thread

void History::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return is_stopping_ || done_ < asked_; });
    if (done_ == asked_) return;
    const Batch batch = std::exchange(waiting_, {});
    const std::uint64_t until = asked_;
    lock.unlock();
    const Result<std::size_t> refused = write(batch);
    lock.lock();
    note(batch, refused);
    done_ = until;
    written_.notify_all();
  }
}

// -> rows that were refused for themselves.
Result<std::size_t> History::write(const Batch& batch) {
  GENEPOOL_TRY(Transaction transaction, Transaction::begin(writer_->database()));
  std::size_t refused = 0;
  const auto count = [&](const Result<void>& row) -> Result<void> {
    if (row || row.error().code != Code::kConflict) return row;
    ++refused;
    return {};
  };
  for (const Change& change : batch) {
    const auto* const decision = std::get_if<Decision>(&change);
    GENEPOOL_TRY_VOID(count(decision != nullptr ? writer_->add(*decision) : writer_->settle(std::get<Settlement>(change))));
  }
  GENEPOOL_TRY_VOID(writer_->trim_decisions(limits_.decisions));
  GENEPOOL_TRY_VOID(transaction.commit());
  return refused;
}

void History::note(const Batch& batch, const Result<std::size_t>& refused) {
  const std::string before = std::exchange(state_.error, refused ? "" : refused.error().message);
  state_.lost += refused ? *refused : batch.size();
  if (before.empty() && !refused) log(Level::kWarn, "decisions are not kept", {{"why", state_.error}});
  if (!before.empty() && refused) log(Level::kInfo, "decisions are kept again", {{"lost", std::to_string(state_.lost)}});
}

// ------------------------------------------------------------------------------------------------- reading

template <class Ask>
auto History::read(Ask ask) -> decltype(ask(std::declval<HistoryRows&>())) {
  if (!writer_) return fail(Code::kUnavailable, "there is no history of decisions: {}", state().error);
  const std::lock_guard lock(reading_);
  return ask(*reader_);
}

Result<std::vector<Decision>> History::list(const DecisionQuery& query) {
  return read([&](HistoryRows& rows) { return rows.list(query); });
}

Result<Decision> History::find(std::uint64_t id) {
  return read([&](HistoryRows& rows) { return rows.find(id); });
}

}  // namespace genepool
