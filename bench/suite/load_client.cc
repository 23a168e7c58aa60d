#include "suite/load_client.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <thread>

namespace genepool::bench {
namespace {

// `due`: when it should have been sent.
Served ask_pool(GenomePool& pool, const LoadQuestion& question, std::size_t genome, std::size_t number, Instant due) {
  Served served{.genome = genome};
  Instant last{};
  GenerateOptions ask;
  ask.prompt = fmt::format("{} {} is the number of my ticket. Where is the ship?", question.series, number);
  ask.max_tokens = question.tokens;
  ask.ignore_end = true;
  ask.on_text = [&](std::string_view) {
    const Instant now = monotonic_now();
    if (last == Instant{}) {
      served.first_token_ms = to_ms(now - due);
    } else {
      served.gap_ms.push_back(to_ms(now - last));
    }
    last = now;
  };
  const double late_ms = to_ms(monotonic_now() - due);
  const auto measured = pool.acquire_with_metrics(question.genomes[genome], ask);
  if (!measured) {
    served.error = measured.error().message;
    return served;
  }
  served.queue_ms = late_ms + measured->metrics.acquire_ms;
  served.total_ms = to_ms(monotonic_now() - due);
  served.tokens = measured->generation.completion_tokens;
  return served;
}

}  // namespace

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

LoadRun open_loop(GenomePool& pool, const LoadQuestion& question, const std::vector<Arrival>& arrivals) {
  LoadRun run;
  run.served.resize(arrivals.size());
  const Instant start = monotonic_now();
  {
    std::vector<std::jthread> askers;
    for (std::size_t i = 0; i < arrivals.size(); ++i) {
      const Instant due = start + arrivals[i].at;
      std::this_thread::sleep_for(due - monotonic_now());
      askers.emplace_back([&, i, due] { run.served[i] = ask_pool(pool, question, arrivals[i].genome, i, due); });
    }
  }
  run.seconds = to_ms(monotonic_now() - start) / 1000;
  return run;
}

LoadRun closed_loop(GenomePool& pool, const LoadQuestion& question, std::size_t clients, std::size_t requests) {
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
          run.served[i] = ask_pool(pool, question, genomes[i], i, monotonic_now());
        }
      });
    }
  }
  run.seconds = to_ms(monotonic_now() - start) / 1000;
  return run;
}

}  // namespace genepool::bench
