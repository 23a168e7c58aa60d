// For tests of the engine on the real base. A process attaches once, so each case works in forked children of one loaded
// process, as workers do; logits come back through shared memory.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cstring>
#include <functional>

#include "engine/llama_engine.h"
#include "engine/test_pages.h"

namespace genepool::test {

inline constexpr std::uint32_t kBatch = 128;
inline constexpr int kThreads = 2;  // at most

struct World {
  LlamaEngine engine;
  EngineInfo info;
  BaseModel base;
};

inline World& world() {
  static World* const the_world = [] {
    auto* made = new World;  // outlives every test: children inherit it
    const std::string path = model_path();
    GENEPOOL_CHECK(!path.empty(), "no model: set GENEPOOL_TEST_MODEL or let tools/fetch-model get it");
    made->base = base_model(path);
    EngineOptions options;
    options.base_path = path;
    options.batch_size = kBatch;
    options.threads = kThreads;
    auto info = made->engine.load(options);
    GENEPOOL_CHECK(info.has_value(), "{}", info ? "" : info.error().message);
    made->info = *info;
    return made;
  }();
  return *the_world;
}

// Floats that a child writes and its parent reads.
class SharedRow {
 public:
  explicit SharedRow(std::size_t size) : size_(size) {
    void* memory = mmap(nullptr, size * sizeof(float), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    GENEPOOL_CHECK(memory != MAP_FAILED, "mmap");
    data_ = static_cast<float*>(memory);
  }
  ~SharedRow() { munmap(data_, size_ * sizeof(float)); }
  SharedRow(const SharedRow&) = delete;
  SharedRow& operator=(const SharedRow&) = delete;
  [[nodiscard]] std::span<float> values() const { return {data_, size_}; }

 private:
  float* data_ = nullptr;
  std::size_t size_;
};

inline void in_child(const std::function<void()>& body) {
  world();
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    body();
    std::fflush(nullptr);
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "the child's wait status is " << status;
}

inline Mapping map(const MemoryFile& file) {
  auto mapping = Mapping::of_fd(file.fd());
  GENEPOOL_CHECK(mapping.has_value(), "cannot map the page");
  return std::move(*mapping);
}

inline std::vector<BatchToken> prompt_batch(std::size_t size, std::int32_t from = 0, std::int32_t sequence = 0) {
  std::vector<BatchToken> batch;
  for (std::size_t i = 0; i < size; ++i) {
    batch.push_back({static_cast<Token>(200 + 37 * i % 4000), from + static_cast<std::int32_t>(i), sequence,
                     i + 1 == size});
  }
  return batch;
}

inline void decode_or_die(std::span<const BatchToken> batch) {
  auto status = world().engine.decode(batch, 1);
  GENEPOOL_CHECK(status.has_value(), "{}", status ? "" : status.error().message);
  GENEPOOL_CHECK(*status == DecodeStatus::kDone, "the decode ended early");
}

// A prefill of 20 tokens and three single decodes: four rows of logits, in order.
inline constexpr std::size_t kRows = 4;
inline void run_and_keep(std::span<float> rows) {
  const auto keep = [&](std::size_t row) {
    const auto logits = world().engine.logits(0);
    std::copy(logits.begin(), logits.end(), rows.begin() + static_cast<std::ptrdiff_t>(row * logits.size()));
  };
  decode_or_die(prompt_batch(20));
  keep(0);
  for (std::size_t row = 1; row < kRows; ++row) {
    decode_or_die(prompt_batch(1, static_cast<std::int32_t>(19 + row)));
    keep(row);
  }
}

inline std::unique_ptr<SharedRow> new_rows() {
  return std::make_unique<SharedRow>(kRows * world().info.vocabulary);
}

inline std::unique_ptr<SharedRow> rows_attached(const MemoryFile& page) {
  auto rows = new_rows();
  in_child([&] {
    auto times = world().engine.attach(map(page));
    ASSERT_TRUE(times.has_value()) << times.error().message;
    run_and_keep(rows->values());
  });
  return rows;
}

inline bool same_bits(const SharedRow& a, const SharedRow& b) {
  return std::memcmp(a.values().data(), b.values().data(), a.values().size_bytes()) == 0;
}

}  // namespace genepool::test
