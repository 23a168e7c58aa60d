// for_each_index: independent pieces of work on as many threads as this process has cores. What the pieces give does not
// depend on who does them.
#pragma once

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include "base/usable_cores.h"

namespace genepool {

template <class Work>
void for_each_index(std::size_t count, Work work) {
  std::atomic<std::size_t> next{0};
  const auto take = [&] {
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < static_cast<std::size_t>(usable_cores()); ++i) threads.emplace_back(take);
  take();
}

}  // namespace genepool
