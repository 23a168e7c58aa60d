#include "runtime/pool_driver.h"

#include <cstdio>
#include <string_view>

#include "base/log.h"
#include "pool/event_log.h"

namespace genepool {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

struct PoolDriver::State {
  State(Loop& l, const Knobs& knobs, Perform p)
      : loop(l), core(knobs), perform(std::move(p)) {}

  void write(std::string_view line) {
    if (!log_file) return;
    const bool is_written = std::fwrite(line.data(), 1, line.size(), log_file.get()) == line.size() &&
                            std::fputc('\n', log_file.get()) != EOF;
    if (is_written) return;
    log(Level::kError, "the event log cannot be written and ends here");
    log_file.reset();
  }

  void step(const Event& event, Instant now) {
    if (log_file) write(event_line(event, now));
    actions.clear();
    core.on(event, now, [this](const Action& action) { actions.push_back(action); });
    if (log_file) {
      for (const Action& action : actions) write(action_line(action));
    }
    perform(event, actions);
  }

  Loop& loop;
  PoolCore core;
  Perform perform;
  Loop::TimerId timer = 0;
  Instant timer_at = Instant::max();
  std::deque<Event> waiting;
  std::vector<Action> actions;
  bool is_feeding = false;
  std::unique_ptr<std::FILE, CloseFile> log_file;
};

PoolDriver::PoolDriver(std::unique_ptr<State> state) : state_(std::move(state)) {}
PoolDriver::~PoolDriver() = default;

Result<std::unique_ptr<PoolDriver>> PoolDriver::make(Loop& loop, const Knobs& knobs, const std::string& event_log,
                                                     Perform perform) {
  auto state = std::make_unique<State>(loop, knobs, std::move(perform));
  if (!event_log.empty()) {
    state->log_file.reset(std::fopen(event_log.c_str(), "we"));
    if (!state->log_file) return fail_errno("open the event log " + event_log, errno);
    state->write(kEventLogHeader);
  }
  std::unique_ptr<PoolDriver> driver(new PoolDriver(std::move(state)));
  driver->state_->timer = loop.make_timer([raw = driver.get()] {
    raw->state_->timer_at = Instant::max();
    raw->feed(Tick{});
  });
  driver->feed(SetKnobs{knobs});  // so that a recorded log says what it began with
  return driver;
}

void PoolDriver::feed(Event event) {
  State& s = *state_;
  s.waiting.push_back(std::move(event));
  if (s.is_feeding) return;
  s.is_feeding = true;
  while (!s.waiting.empty()) {
    const Event next = std::move(s.waiting.front());
    s.waiting.pop_front();
    s.step(next, monotonic_now());
  }
  s.is_feeding = false;
  const Instant wakeup = s.core.next_wakeup();
  if (wakeup != s.timer_at) {
    s.timer_at = wakeup;
    s.loop.set_timer(s.timer, wakeup);
  }
}

PoolSnapshot PoolDriver::snapshot() const { return state_->core.snapshot(); }

std::string_view PoolDriver::followed_hot() const { return state_->core.hot_policy().followed; }
std::string_view PoolDriver::followed_warm() const { return state_->core.warm_policy().followed; }

void PoolDriver::flush_log() {
  if (state_->log_file) std::fflush(state_->log_file.get());
}

}  // namespace genepool
