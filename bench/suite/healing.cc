#include "suite/healing.h"

#include <fmt/core.h>

#include <thread>

#include "suite/load_client.h"

namespace genepool::bench {

Result<RunningServer> Healing::serve(Settings settings, const std::vector<std::string>& launcher) {
  settings.try_emplace("log.level", "error");
  Settings all = options_.settings;
  for (const auto& [name, value] : settings) all[name] = value;
  std::vector<std::string> flags{"--base", workload_.base_path};
  for (const auto& [name, value] : all) flags.insert(flags.end(), {"--" + name, value});
  return serve_genepool(options_.program, workload_.dir.path(), flags, logs_.path() + "/healing.log", launcher);
}

std::future<Result<Answered>> Healing::ask_beside(const std::string& url, const std::string& model, std::uint32_t tokens) {
  Ask question{.url = url, .model = model, .prompt = question_text(0, ++asked_), .tokens = tokens, .is_chat = true};
  return std::async(std::launch::async, [question = std::move(question)] { return ask(question); });
}

void Healing::add_row(std::string id, std::string title, Unit unit, std::optional<Bound> limit, std::vector<double> samples, std::string note) {
  Measurement row{.id = std::move(id), .title = std::move(title), .unit = unit, .limit = limit, .samples = std::move(samples), .note = std::move(note)};
  row.group = "what heals by itself";
  result_.rows.push_back(std::move(row));
}

std::optional<Duration> time_until(const std::function<bool()>& is_so, Duration limit) {
  const Instant start = monotonic_now();
  while (!is_so()) {
    if (monotonic_now() - start > limit) return std::nullopt;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return monotonic_now() - start;
}

Result<void> healing_phases(const Workload& workload, const SuiteOptions& options, SuiteResult& result, const Progress& progress) {
  GENEPOOL_TRY(TemporaryDir logs, TemporaryDir::make());
  Healing bench(workload, options, result, progress, std::move(logs));
  for (const auto phase : {killed_workers, stuck_workers, crash_loop, nothing_grows, lost_managers, little_memory}) GENEPOOL_TRY_VOID(phase(bench));
  return {};
}

}  // namespace genepool::bench
