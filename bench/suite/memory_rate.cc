#include "suite/memory_rate.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstdint>
#include <span>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/usable_cores.h"
#include "suite/measurement.h"

namespace genepool::bench {
namespace {

constexpr std::size_t kBytes = std::size_t{256} << 20;  // of all threads together: more than caches hold
constexpr int kRounds = 5;

std::uint64_t sum_of(std::span<const std::uint64_t> words) {
  std::uint64_t sum = 0;
  for (const std::uint64_t word : words) sum += word;
  return sum;
}

double read_rate(std::span<const std::uint64_t> words, unsigned threads) {
  std::barrier start(threads + 1);
  std::atomic<std::uint64_t> seen = 0;  // so that reading is not left out
  std::vector<std::jthread> readers;
  const std::size_t share = words.size() / threads;
  for (unsigned i = 0; i < threads; ++i) {
    readers.emplace_back([&, mine = words.subspan(i * share, share)] {
      start.arrive_and_wait();
      seen += sum_of(mine);
    });
  }
  start.arrive_and_wait();
  const Instant begin = monotonic_now();
  readers.clear();
  return static_cast<double>(share * threads * sizeof(std::uint64_t)) / std::chrono::duration<double>(monotonic_now() - begin).count();
}

}  // namespace

MemoryRate measure_memory_rate() {
  const std::vector<std::uint64_t> words(kBytes / sizeof(std::uint64_t), 1);
  const unsigned cores = usable_cores();
  std::vector<double> one;
  std::vector<double> all;
  for (int round = 0; round < kRounds; ++round) {
    one.push_back(read_rate(words, 1));
    all.push_back(read_rate(words, cores));
  }
  return {median_of(one), median_of(all)};
}

std::string text_of(const MemoryRate& rate) {
  return fmt::format("one core reads memory at {:.0f} GB/s, all at {:.0f}", rate.one_core / 1e9, rate.all_cores / 1e9);
}

}  // namespace genepool::bench
