// Asks a pool or a server many things at once, and says what each asker saw. An open loop sends at the given times, whatever is still under
// way; the clock of a request starts when it should have been sent, so that a sender that is late hides nothing. A closed loop
// has so many clients, each asking anew when it has its answer.
// Prompts share no beginning: no KV of one can be reused for another.
// Thread: blocks; a thread for each request under way.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "suite/arrivals.h"
#include "suite/load_target.h"

namespace genepool::bench {

struct LoadRun {
  std::vector<Served> served;
  double seconds = 0;  // until the last answer
  [[nodiscard]] double tokens_per_second() const;
  [[nodiscard]] std::vector<double> all(double Served::*field) const;  // of the answered ones
  [[nodiscard]] std::vector<double> gaps() const;
};

struct LoadQuestion {
  std::vector<std::string> genomes;
  std::uint32_t tokens = 32;
  std::uint64_t series = 0;  // prompts of different series share no beginning
};

// What the `number`th request of a series asks.
[[nodiscard]] std::string question_text(std::uint64_t series, std::size_t number);

[[nodiscard]] LoadRun open_loop(LoadTarget& target, const LoadQuestion& question, const std::vector<Arrival>& arrivals);
// `requests` in all, over the genomes by Zipf popularity.
[[nodiscard]] LoadRun closed_loop(LoadTarget& target, const LoadQuestion& question, std::size_t clients, std::size_t requests);

}  // namespace genepool::bench
