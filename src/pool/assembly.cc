// Assembly: COLD --BuildPage--> WARM --SpawnWorker--> HOT, once for all who want the genome.
//
//   in line --seat()--> seat held --start_held()--> seat taken --advance()--> page built --> worker started --> HOT
// A preload builds the page without a seat; a request that comes meanwhile takes a seat and finds the build in flight.
// Look-ahead: whoever is in line is sure to be wanted, so that its page is built while it waits for its seat.
#include <algorithm>

#include "pool/state.h"

namespace genepool {
namespace {

// A second fork is worth trying; a second attach of a bad layer is not.
bool is_transient(Code code) { return code == Code::kUnavailable || code == Code::kWorkerDied || code == Code::kIo; }

constexpr std::uint32_t kMostAhead = 2;  // builds at a time: those who have a seat want the loaders too

}  // namespace

// From here the slot is ours. What the genome was until now is the tier of all who wait for it.
void PoolCore::State::seat(Entry& e) {
  e.seat = Seat::kHeld;
  e.kv_bytes = knobs.kv_bytes_per_worker;
  e.assembly_tier = e.has_ready_page() && !e.is_ahead ? Tier::kWarm : Tier::kCold;
  e.assembly_since = now;
  if (e.is_ahead) e.assembly_since -= e.is_building ? now - e.build_since : e.build_took;
  e.has_respawned = false;
  for (Request* r : e.waiting) {
    r->tier = e.assembly_tier;
    begin_work(*r, r->tier);
  }
  held.push_back(&e);
  refresh(e);
  start_held();
}

void PoolCore::State::unseat(Entry& e) {
  if (e.seat == Seat::kHeld) std::erase(held, &e);
  e.seat = Seat::kNone;
  e.kv_bytes = 0;
  refresh(e);
}

// In the order of the seats, so that a big one is not passed by small ones.
void PoolCore::State::start_held() {
  while (!held.empty() && hot_in_use() + held.front()->charged.bytes <= knobs.hot_bytes) {
    Entry& e = *held.front();
    held.erase(held.begin());
    e.seat = Seat::kTaken;
    refresh(e);
    advance(e);
  }
}

void PoolCore::State::advance(Entry& e) {
  if (e.is_building || e.worker) return;
  if (!e.has_ready_page()) return build(e);
  if (can_spawn) spawn(e);
}

void PoolCore::State::build(Entry& e) {
  BuildPage action{e.spec.identity, {}, e.is_ahead};
  for (const LayerCharge& need : e.spec.layers) {
    const auto it = layers.find(need.id);
    if (it == layers.end()) {
      action.missing.push_back(need.id);
    } else {
      it->second.last_use = ++last_layer_use;
    }
  }
  e.is_building = true;
  e.build_since = now;
  e.spoiled.clear();
  refresh(e);
  trim_warm();  // a preload's page is charged to WARM from now on
  out(std::move(action));
}

// From the head of the line, as many as WARM can hold together: a page that pushed out another one of the line would be built in
// vain. Once for each time in line.
void PoolCore::State::look_ahead() {
  Total pages;
  for (const auto& [seq, entry] : line) {
    Entry& e = *entry;
    if (e.worker || e.is_bare_base()) continue;  // parting: its page is there
    pages.bytes += e.page_bytes;
    ++pages.count;
    if (pages.bytes > knobs.warm_bytes || pages.count > knobs.warm_max_genomes) return;
    if (e.has_page || e.is_building || e.is_ahead) continue;
    if (total(Charge::kFilling).count >= kMostAhead) return;
    e.is_ahead = true;
    build(e);
  }
}

void PoolCore::State::spawn(Entry& e) {
  e.worker.emplace(Worker{.id = ++last_worker});
  workers.emplace(last_worker, &e);
  e.spawn_since = now;
  refresh(e);
  out(SpawnWorker{last_worker, e.spec.identity});
}

void PoolCore::State::handle(const PageBuilt& built) {
  Entry* e = find(built.identity);
  if (e == nullptr || !e->is_building) return;
  e->is_building = false;
  charge_layers(*e, built.loaded);
  e->build_took = now - e->build_since;
  book.on_warm(*e->usage, e->build_took);
  if (built.page_bytes > e->page_bytes) {  // memory was promised for less
    out(DropPage{built.identity});
    refresh(*e);
    return give_up(*e, Error{Code::kInternal, "the page became bigger than its layers allow", "", std::nullopt});
  }
  if (e->spoiled.empty()) {
    e->has_page = true;
    e->page_bytes = built.page_bytes;
  } else {
    out(DropPage{built.identity});  // made from a layer that is gone: the next build says so
  }
  refresh(*e);
  if (e->seat == Seat::kTaken) advance(*e);
}

void PoolCore::State::handle(const PageFailed& failed) {
  Entry* e = find(failed.identity);
  if (e == nullptr || !e->is_building) return;
  e->is_building = false;
  refresh(*e);
  give_up(*e, failed.error);
}

void PoolCore::State::handle(const WorkerReady& ready) {
  Entry* e = find_worker(ready.worker);
  if (e == nullptr || e->worker->state != WorkerState::kStarting) return;
  Worker& w = *e->worker;
  w.hot_since = w.last_sign = now;
  const BroughtIn news{w.id, e->spec.identity, e->assembly_tier, now - e->assembly_since, now - e->spawn_since};
  const bool stays_warm = e->page_bytes <= knobs.warm_bytes && knobs.warm_max_genomes > 0;
  book.on_hot(*e->usage, stays_warm ? news.spawn : news.took);
  if (board) board->on_loaded(news.identity, news.from, news.took, now);
  out(news);
  become_idle(w);
  fill(*e);  // also when an evict is pending: these waited for this very assembly
  refresh(*e);
}

void PoolCore::State::handle(const WorkerFailed& failed) {
  Entry* e = find_worker(failed.worker);
  if (e == nullptr || e->worker->state != WorkerState::kStarting) return;
  if (failed.error.code == Code::kWorkerDied) crashed(*e, CrashPhase::kLoading);
  spawn_failed(*e, failed.error);
}

void PoolCore::State::spawn_failed(Entry& e, const Error& error) {
  workers.erase(e.worker->id);
  e.worker.reset();
  refresh(e);
  if (e.is_stale) {  // its bound may need more bytes than its page did: back into the line
    unseat(e);
    drop_page(e);
  } else if (is_transient(error.code) && !e.has_respawned) {
    e.has_respawned = true;
    advance(e);
  } else {
    give_up(e, error);
  }
}

// The genome cannot be brought in: all who wait for it hear why; other genomes do not notice.
void PoolCore::State::give_up(Entry& e, const Error& error) {
  if (board) board->on_load_failed(e.spec, error, now);
  unseat(e);
  refuse_all(e, error);
  fail_commands(e, error, [](Want want) { return want == Want::kHot || want == Want::kWarm; });
}

void PoolCore::State::handle(const BaseState& base) {
  can_spawn = base.can_spawn;
  is_final = base.is_final && !base.can_spawn;
  if (!can_spawn) return;
  for (auto& [identity, e] : entries) {
    if (e.seat == Seat::kTaken) advance(e);
  }
}

}  // namespace genepool
