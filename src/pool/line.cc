// The line: genomes that wait for a seat, by the arrival of their oldest wait. Whoever is first comes in first; nobody
// passes, so a big genome is not starved by small ones. Where no idle victim helps, one busy genome per waiting one is asked
// to yield: it grants nothing new, its newcomers stand in the line at their place, and it leaves when its last request ends.
#include <fmt/format.h>

#include <algorithm>

#include "pool/state.h"

namespace genepool {

void PoolCore::State::seat_line() {
  blocked = 0;
  if (!can_spawn) return;  // running workers are worth more than seats nobody can take
  for (auto it = line.begin(); it != line.end() && blocked <= workers.size();) {
    Entry& e = *it->second;
    ++it;                      // seating or refusing e takes it out of the line
    if (e.worker) continue;    // its own worker, parting or dying, must be gone first
    if (hot_need(e) > knobs.hot_bytes) {
      give_up(e, Error{Code::kTooLarge,
                       fmt::format("the genome needs {} bytes when HOT (page {} + KV {}), pool.hot_bytes is {}", hot_need(e),
                                   e.page_bytes, knobs.kv_bytes_per_worker, knobs.hot_bytes),
                       "", std::nullopt});
    } else if (is_shut_out(e)) {
      continue;  // no yield can help; those behind it need not wait for an unpin
    } else if (blocked > 0 || !make_room(e)) {
      ++blocked;
    } else {
      seat(e);
    }
  }
}

// True when what is pinned leaves no room for it.
bool PoolCore::State::is_shut_out(const Entry& e) const {
  return pinned_hot.count >= knobs.max_hot || pinned_hot.bytes + hot_need(e) > knobs.hot_bytes;
}

// Seats that a shrunk knob wants back (for bytes: one at a time, until they fit).
std::uint32_t PoolCore::State::excess() const {
  if (hot_seats() > knobs.max_hot) return hot_seats() - knobs.max_hot;
  return hot_promised() > knobs.hot_bytes ? 1 : 0;
}

// As many busy workers part as there are genomes that need them to; no more, so a wait that ended gives the place back.
void PoolCore::State::balance_yields() {
  const std::uint32_t wanted = blocked + excess();
  std::uint32_t parting = 0;
  for (const auto& [id, e] : workers) {
    if (!e->is_parting()) continue;
    if (e->worker->is_yielding && (wanted == 0 || e->is_pinned)) take_back(*e);
    if (e->is_parting() && e->is_busy()) ++parting;
  }
  for (; parting > wanted; --parting) {
    Entry* youngest = nullptr;
    for (const auto& [id, e] : workers) {
      if (!e->is_busy() || !e->worker->is_yielding || e->must_leave()) continue;
      if (youngest == nullptr || e->worker->asked > youngest->worker->asked) youngest = e;
    }
    if (youngest == nullptr) break;  // the rest leaves whatever is wanted here
    take_back(*youngest);
  }
  for (; parting < wanted; ++parting) {
    Entry* e = next_to_yield();
    if (e == nullptr) break;
    ask_to_yield(*e);
  }
  is_short_of_yields = parting < wanted;
}

bool PoolCore::State::may_yield(const Entry& e) const { return e.is_busy() && !e.is_pinned && !e.is_parting(); }

// The one hot longest whose turn is over.
PoolCore::State::Entry* PoolCore::State::next_to_yield() {
  Entry* longest = nullptr;
  for (const auto& [id, e] : workers) {
    if (!may_yield(*e) || now < e->worker->hot_since + knobs.turn) continue;
    if (longest == nullptr || e->worker->hot_since < longest->worker->hot_since) longest = e;
  }
  return longest;
}

void PoolCore::State::ask_to_yield(Entry& e) {
  e.worker->is_yielding = true;
  e.worker->asked = ++last_seq;
  refresh(e);
}

void PoolCore::State::take_back(Entry& e) {
  e.worker->is_yielding = false;
  refresh(e);
}

}  // namespace genepool
