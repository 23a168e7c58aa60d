// What must always hold between two events, computed anew from the tables. Debug builds ask after every event.
#include <fmt/format.h>

#include <algorithm>

#include "pool/state.h"

namespace genepool {

std::string PoolCore::State::check_entry(const Entry& e) const {
  const auto broken = [&](const char* what) { return fmt::format("genome {}: {}", e.spec.identity.brief(), what); };
  const bool is_held = std::find(held.begin(), held.end(), &e) != held.end();
  if (is_held != (e.seat == Seat::kHeld)) return broken("seat held and list of held seats differ");
  if (e.has_page && e.is_building) return broken("its page is there and being built");
  const auto place = line.find(e.line_seq);
  if ((e.line_seq != 0) != (place != line.end() && place->second == &e)) return broken("not at its place in line");
  for (const Request* r : e.waiting) {
    if (r->entry != &e || r->is_granted) return broken("a request waits that is not waiting");
    if (!request_deadlines.contains({r->deadline, r->id})) return broken("a wait without a bound");
  }
  if (!e.worker) return e.is_stale ? broken("a stale page was kept") : "";
  const Worker& w = *e.worker;
  const bool is_dying = w.state == WorkerState::kDying;
  if (is_dying == (e.seat == Seat::kTaken)) return broken("a live worker and a taken seat go together");
  if (!e.has_ready_page() || e.is_building) return broken("a worker without its page");
  if (!workers.contains(w.id) || workers.at(w.id) != &e) return broken("its worker is not in the table of workers");
  if (!is_dying && w.in_flight.empty() == (w.state == WorkerState::kBusy)) return broken("busy means requests in flight");
  if (e.is_idle() && !e.waiting.empty() && !e.is_parting()) return broken("idle while its requests wait");
  for (const Request* r : w.in_flight) {
    if (r->entry != &e || !r->is_granted) return broken("its worker has a request of another genome");
  }
  return "";
}

std::string PoolCore::State::check_totals() const {
  std::array<Total, 6> sums{};
  std::size_t waiting = 0, in_flight = 0, live = 0, in_line = 0;
  for (const auto& [identity, e] : entries) {
    if (e.charged.kind != Charge::kNone) {
      Total& sum = sums[static_cast<std::size_t>(e.charged.kind)];
      ++sum.count;
      sum.bytes += e.charged.bytes;
    }
    waiting += e.waiting.size();
    in_flight += e.worker ? e.worker->in_flight.size() : 0;
    live += e.worker ? 1 : 0;
    in_line += e.line_seq != 0 ? 1 : 0;
  }
  std::uint64_t layer_sum = 0;
  for (const auto& [id, layer] : layers) layer_sum += layer.bytes;
  if (sums != totals) return "charges and their totals differ";
  if (layer_sum != layer_bytes) return "layers and their total differ";
  if (waiting + in_flight != requests.size()) return "a request is neither waiting nor in flight";
  if (waiting != request_deadlines.size()) return "waiting requests and deadlines differ";
  if (commands.size() != command_deadlines.size()) return "commands and deadlines differ";
  if (live != workers.size()) return "workers and their table differ";
  return in_line == line.size() ? "" : "the line holds a genome that is not in it";
}

std::string PoolCore::State::check_budgets() const {
  if (hot_seats() > seats_allowed) return fmt::format("{} HOT workers, {} allowed", hot_seats(), seats_allowed);
  if (hot_in_use() > bytes_allowed) return fmt::format("{} HOT bytes, {} allowed", hot_in_use(), bytes_allowed);
  if (hot_seats() > knobs.max_hot) {
    for (const auto& [id, e] : workers) {
      if (e->is_idle() && !e->is_pinned) return "an idle worker was kept although max_hot is exceeded";
    }
  }
  const bool is_droppable = total(Charge::kWarm).count > 0;
  if (warm_pages() > knobs.warm_max_genomes && is_droppable) return "too many WARM pages";
  if (warm_page_bytes() + layer_bytes <= knobs.warm_bytes) return "";
  if (is_droppable) return "too many WARM bytes";
  const std::set<LayerId> needed = needed_layers();
  for (const auto& [id, layer] : layers) {
    if (!needed.contains(id)) return "too many layer bytes";
  }
  return "";
}

// One who tries a genome again and never ends would keep it out for ever.
std::string PoolCore::State::check_trials() const {
  if (!board) return "";
  if (board->genomes() > BreakerBoard::kMostGenomes) return "more breakers than are allowed";
  for (const auto& [request, identity] : board->trials()) {
    const auto it = requests.find(request);
    if (it == requests.end()) return fmt::format("request {} is over and still on trial", request);
    if (it->second.entry->spec.identity != identity) return fmt::format("request {} tries another genome", request);
  }
  return "";
}

std::string PoolCore::check_invariants() const {
  for (const auto& [identity, e] : state_->entries) {
    if (std::string broken = state_->check_entry(e); !broken.empty()) return broken;
  }
  if (std::string broken = state_->check_totals(); !broken.empty()) return broken;
  if (std::string broken = state_->check_budgets(); !broken.empty()) return broken;
  return state_->check_trials();
}

}  // namespace genepool
