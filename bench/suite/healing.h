// What the phases of healing share: servers of our own, questions beside the phase, rows. Private to suite/. Thread: one a phase.
#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/completion_client.h"
#include "client/genepool_server.h"
#include "suite/phases.h"

namespace genepool::bench {

class Healing {
 public:
  using Settings = std::map<std::string, std::string>;

  Healing(const Workload& workload, const SuiteOptions& options, SuiteResult& result, const Progress& progress, TemporaryDir logs)
      : workload_(workload), options_(options), progress_(progress), result_(result), logs_(std::move(logs)) {}

  [[nodiscard]] bool is_quick() const { return options_.is_quick; }
  [[nodiscard]] std::size_t rounds(std::size_t all, std::size_t quick) const { return is_quick() ? quick : all; }
  [[nodiscard]] const std::string& genome(std::size_t i) const { return workload_.genomes[i % workload_.genomes.size()].name; }
  [[nodiscard]] const std::string& data_dir() const { return workload_.dir.path(); }
  [[nodiscard]] std::uint32_t tokens() const { return options_.tokens; }
  [[nodiscard]] Result<void> stage(std::string_view text) const { return progress_(text); }

  // `settings` over the user's. `launcher`: see serve_genepool().
  [[nodiscard]] Result<RunningServer> serve(Settings settings, const std::vector<std::string>& launcher = {});
  // A prompt that is like no other.
  [[nodiscard]] std::future<Result<Answered>> ask_beside(const std::string& url, const std::string& model, std::uint32_t tokens);
  void add_row(std::string id, std::string title, Unit unit, std::optional<Bound> limit, std::vector<double> samples, std::string note);

 private:
  const Workload& workload_;
  const SuiteOptions& options_;
  const Progress& progress_;
  SuiteResult& result_;
  TemporaryDir logs_;
  std::atomic<std::uint64_t> asked_ = 0;
};

// How long until the condition came true, asked every 2 ms; nothing when it did not in time.
[[nodiscard]] std::optional<Duration> time_until(const std::function<bool()>& is_so, Duration limit);

// healing_phases.cc: R3 and R5 of the paging note
[[nodiscard]] Result<void> killed_workers(Healing& bench);
[[nodiscard]] Result<void> stuck_workers(Healing& bench);
[[nodiscard]] Result<void> lost_managers(Healing& bench);
// endurance_phases.cc: R4 and S3
[[nodiscard]] Result<void> crash_loop(Healing& bench);
[[nodiscard]] Result<void> nothing_grows(Healing& bench);
[[nodiscard]] Result<void> little_memory(Healing& bench);

}  // namespace genepool::bench
