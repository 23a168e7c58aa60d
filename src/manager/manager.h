// Manager: sizes the pool, and brings in what is likely to be wanted; each thing it does is a Decision that says why, and later
// what came of it. Pure: notices and the time in, wishes out (notices.h). Never on a request's path: a server whose manager is
// slow, wrong or gone serves as before.
// Parts: sizer.h (how many places), prefetcher.h (which genome next), hints.h (what clients announce), brakes.h (what shortness of memory forbids).
// Thread: one at a time. Memory: 10,000 genomes and 20,000 users, the longest unused are forgotten.
// Use:   Manager manager(settings, knobs, now);
//        manager.on(RequestSeen{...}, now, sink);        // wishes come out during the call
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "manager/dense_index.h"
#include "manager/hints.h"
#include "manager/last_hour.h"
#include "manager/live_regret.h"
#include "manager/notices.h"
#include "manager/prefetcher.h"
#include "manager/sizer.h"
#include "pool/usage_book.h"

namespace genepool {

class Manager {
 public:
  using Sink = std::function<void(const Wish&)>;

  Manager(const ManagerSettings& settings, const Knobs& knobs, Instant now);
  Manager(const Manager&) = delete;  // its parts look at each other
  Manager& operator=(const Manager&) = delete;

  // The sink is called during the call.
  void on(const Notice& notice, Instant now, const Sink& sink);
  [[nodiscard]] ManagerStatus status() const;

 private:
  void handle(const RequestSeen& request);
  void handle(const Answered&) { guess(); }  // not before: nobody waits for a load behind a guess
  void handle(const CameIn& came);
  void handle(const IsHot& hot) { prefetcher_.on_came(know(hot.genome)); }
  void handle(const LeftHot& left);
  void handle(const GuessDone& done);
  void handle(const SessionExpected& session);
  void handle(const SettingsSeen& settings);
  void handle(const StatusSeen& status);

  [[nodiscard]] Result<void> take_hint(const SessionExpected& session);
  Usage& know(const GenomeSeen& genome);
  [[nodiscard]] Usage* find(const Identity& identity) { return book_.find(identity); }
  [[nodiscard]] const std::string& name_of(const Usage& usage) const { return names_[usage.index]; }
  void forget(const Usage& usage);
  [[nodiscard]] Moment moment() const;
  [[nodiscard]] LoaderState loader() const;

  // The best thing to bring in now: what was announced, else what is likely.
  void guess();
  void keep(const Usage& genome, const ExpectedSession& session);
  bool try_guess(const std::optional<Guess>& guess, DecisionKind kind, Instant protect_until, std::string_view why);
  void guess_as_founded();
  void report(const Usage& usage, std::optional<OutcomeBook::Outcome> outcome);
  void carry_out(const SizeChange& change);
  void realise_size(bool is_replaced);
  void report_policy(std::string_view tier, std::string& known, const std::string& followed);
  std::uint64_t decide(Decision decision);
  [[nodiscard]] bool is_on() const { return settings_.mode == ManagerMode::kOn; }
  void out(const Wish& wish) const { (*sink_)(wish); }

  ManagerSettings settings_;
  Knobs knobs_;
  UsageBook book_;
  std::vector<std::string> names_;  // by index
  std::uint64_t last_use_ = 0;
  DenseIndex<std::uint64_t> users_{kMostUsers};
  std::optional<UserIndex> last_user_;
  std::uint32_t week_hour_ = 0;
  Prefetcher prefetcher_;
  Hints hints_;
  LastHour last_hour_;
  LiveRegret regret_;
  Sizer sizer_;
  std::string followed_hot_, followed_warm_;

  struct OpenGuess {
    std::uint64_t decision = 0;
    double load_s = 0;
    Instant since{};
  };
  std::map<std::uint32_t, OpenGuess> open_guesses_;  // by genome
  std::optional<CommandId> asked_;  // the guess under way
  std::optional<std::uint64_t> size_decision_;  // whose outcome is still to come
  CommandId last_command_ = 0;
  std::uint64_t next_decision_ = 1;  // its own count; the history has another
  Instant began_, now_{};
  const Sink* sink_ = nullptr;
};

}  // namespace genepool
