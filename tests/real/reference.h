// What the training side computed in float32 (tests/data/reference_logits.json, by tools/train_layers/reference.py), and how an
// engine compares with it: every demo layer and several stacks, imported, fused and attached by our own code.
// Thread: one. Use: run from the source directory.
#pragma once

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "engine/engine.h"
#include "genome/base_model.h"

namespace genepool::test {

using Json = nlohmann::json;

[[nodiscard]] const Json& reference();

// [["pirate", 1.0], ...] -> its page, from demo/layers. Requires: not empty.
[[nodiscard]] std::vector<std::byte> fused_page(const Json& stack, const BaseModel& base);
[[nodiscard]] Mapping mapping_of(const std::vector<std::byte>& page);

// Decodes all of `prompt` from an empty KV as one sequence on one thread: its last logits are the engine's output 0.
void decode_prompt(Engine& engine, const std::vector<Token>& prompt);

// Runs `work` in a forked child, for a process attaches once; what it writes into `result` arrives here.
template <class Value>
void in_child(std::vector<Value>& result, const std::function<void(std::vector<Value>&)>& work) {
  const std::size_t bytes = result.size() * sizeof(Value);
  void* const shared = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  GENEPOOL_CHECK(shared != MAP_FAILED, "mmap");
  std::fflush(nullptr);  // or the child prints it once more
  const pid_t child = ::fork();
  if (child == 0) {
    work(result);
    std::memcpy(shared, result.data(), bytes);
    std::fflush(nullptr);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  GENEPOOL_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended with {}", status);
  std::memcpy(result.data(), shared, bytes);
  ::munmap(shared, bytes);
}

struct Tolerance {
  double clear_lead;  // nats that the reference's likeliest token leads by: there it must be the engine's too
  double most_moved, mean_moved;  // nats, of the log-probabilities of likely tokens
};
// Every genome of the reference on `engine`, which has loaded a base and attached nothing; prints a line each.
void expect_as_trained(Engine& engine, const BaseModel& base, const Tolerance& tolerance);

}  // namespace genepool::test
