#include "suite/load_client.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <thread>

namespace genepool::bench {
namespace {

// `due`: when it should have been sent.
Served ask(LoadTarget& target, const LoadQuestion& question, std::size_t genome, std::size_t number, Instant due) {
  Served served = target.ask(question.genomes[genome], question_text(question.series, number), question.tokens, due);
  served.genome = genome;
  return served;
}

}  // namespace

std::string question_text(std::uint64_t series, std::size_t number) {
  return fmt::format("{} {} is the number of my ticket. Where is the ship?", series, number);
}

double LoadRun::tokens_per_second() const {
  std::uint64_t tokens = 0;
  for (const Served& one : served) tokens += one.tokens;
  return seconds > 0 ? static_cast<double>(tokens) / seconds : 0;
}

std::vector<double> LoadRun::all(double Served::*field) const {
  std::vector<double> values;
  for (const Served& one : served) {
    if (one.error.empty()) values.push_back(one.*field);
  }
  return values;
}

std::vector<double> LoadRun::gaps() const {
  std::vector<double> values;
  for (const Served& one : served) values.insert(values.end(), one.gap_ms.begin(), one.gap_ms.end());
  return values;
}

LoadRun open_loop(LoadTarget& target, const LoadQuestion& question, const std::vector<Arrival>& arrivals) {
  LoadRun run;
  run.served.resize(arrivals.size());
  const Instant start = monotonic_now();
  {
    std::vector<std::jthread> askers;
    for (std::size_t i = 0; i < arrivals.size(); ++i) {
      const Instant due = start + arrivals[i].at;
      std::this_thread::sleep_for(due - monotonic_now());
      askers.emplace_back([&, i, due] { run.served[i] = ask(target, question, arrivals[i].genome, i, due); });
    }
  }
  run.seconds = to_ms(monotonic_now() - start) / 1000;
  return run;
}

LoadRun closed_loop(LoadTarget& target, const LoadQuestion& question, std::size_t clients, std::size_t requests) {
  LoadRun run;
  run.served.resize(requests);
  const std::vector<std::size_t> genomes = zipf_choices(requests, question.genomes.size(), question.series);
  std::atomic<std::size_t> next = 0;
  const Instant start = monotonic_now();
  {
    std::vector<std::jthread> askers;
    for (std::size_t client = 0; client < clients; ++client) {
      askers.emplace_back([&] {
        for (std::size_t i = next++; i < requests; i = next++) {
          run.served[i] = ask(target, question, genomes[i], i, monotonic_now());
        }
      });
    }
  }
  run.seconds = to_ms(monotonic_now() - start) / 1000;
  return run;
}

}  // namespace genepool::bench
