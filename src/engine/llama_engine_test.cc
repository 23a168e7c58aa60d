// The engine on the real base. A process attaches once, so each case works in forked children of one loaded process, as
// workers do; logits come back through shared memory.
#include "engine/llama_engine.h"

#include <ggml-backend.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <numeric>

#include "engine/q4_1_kernel.h"
#include "engine/test_pages.h"

// llama.cpp's, in a header of its own.
const std::vector<std::pair<std::string, ggml_tensor*>>& llama_internal_get_tensor_map(const llama_model* model);

namespace genepool {
namespace {

using test::kAllLinears;
using test::make_page;
using test::random_layer;

constexpr std::uint32_t kBatch = 128;

struct World {
  LlamaEngine engine;
  EngineInfo info;
  BaseModel base;
};

World& world() {
  static World* const the_world = [] {
    auto* made = new World;  // outlives every test: children inherit it
    const std::string path = test::model_path();
    GENEPOOL_CHECK(!path.empty(), "no model: set GENEPOOL_TEST_MODEL or let tools/fetch-model get it");
    made->base = test::base_model(path);
    EngineOptions options;
    options.base_path = path;
    options.batch_size = kBatch;
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

void in_child(const std::function<void()>& body) {
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

Mapping map(const MemoryFile& file) {
  auto mapping = Mapping::of_fd(file.fd());
  GENEPOOL_CHECK(mapping.has_value(), "cannot map the page");
  return std::move(*mapping);
}

std::vector<BatchToken> prompt_batch(std::size_t size, std::int32_t from = 0, std::int32_t sequence = 0) {
  std::vector<BatchToken> batch;
  for (std::size_t i = 0; i < size; ++i) {
    batch.push_back({static_cast<Token>(200 + 37 * i % 4000), from + static_cast<std::int32_t>(i), sequence,
                     i + 1 == size});
  }
  return batch;
}

void decode_or_die(std::span<const BatchToken> batch) {
  auto status = world().engine.decode(batch, 1);
  GENEPOOL_CHECK(status.has_value(), "{}", status ? "" : status.error().message);
  GENEPOOL_CHECK(*status == DecodeStatus::kDone, "the decode ended early");
}

// A prefill of 20 tokens and three single decodes: four rows of logits, in order.
constexpr std::size_t kRows = 4;
void run_and_keep(std::span<float> rows) {
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

std::unique_ptr<SharedRow> new_rows() {
  return std::make_unique<SharedRow>(kRows * world().info.vocabulary);
}

std::unique_ptr<SharedRow> rows_attached(const MemoryFile& page) {
  auto rows = new_rows();
  in_child([&] {
    auto times = world().engine.attach(map(page));
    ASSERT_TRUE(times.has_value()) << times.error().message;
    run_and_keep(rows->values());
  });
  return rows;
}

struct StockLayer {
  const MemoryFile* file;
  float scale;
};
void set_stock(const std::vector<StockLayer>& layers) {
  std::vector<llama_adapter_lora*> adapters;
  std::vector<float> scales;
  for (const StockLayer& layer : layers) {
    auto* bytes = const_cast<std::byte*>(layer.file->bytes().data());
    FILE* stream = fmemopen(bytes, layer.file->size(), "rb");
    adapters.push_back(llama_adapter_lora_init_from_file_ptr(world().engine.model(), stream));
    std::fclose(stream);
    GENEPOOL_CHECK(adapters.back() != nullptr, "the stock loader refuses the page");
    scales.push_back(layer.scale);
  }
  llama_set_adapters_lora(world().engine.context(), adapters.data(), adapters.size(), scales.data());
}

std::unique_ptr<SharedRow> rows_stock(const std::vector<StockLayer>& layers) {
  auto rows = new_rows();
  in_child([&] {
    set_stock(layers);
    run_and_keep(rows->values());
  });
  return rows;
}

bool same_bits(const SharedRow& a, const SharedRow& b) {
  return std::memcmp(a.values().data(), b.values().data(), a.values().size_bytes()) == 0;
}

std::vector<double> softmax(std::span<const float> logits) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  std::vector<double> p;
  for (const float logit : logits) p.push_back(std::exp(static_cast<double>(logit) - largest));
  const double sum = std::accumulate(p.begin(), p.end(), 0.0);
  for (double& value : p) value /= sum;
  return p;
}

double divergence(std::span<const float> a, std::span<const float> b) {
  const auto p = softmax(a), q = softmax(b);
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i) sum += p[i] > 0 ? p[i] * std::log(p[i] / q[i]) : 0;
  return sum;
}

// Rounding differs (activations in 8 bits, the order of sums), so: close, and the same favourite where there is a clear one.
void expect_to_speak_like(const SharedRow& expected, const SharedRow& found, double divergence_limit) {
  const std::size_t size = world().info.vocabulary;
  for (std::size_t row = 0; row < kRows; ++row) {
    const auto a = found.values().subspan(row * size, size), b = expected.values().subspan(row * size, size);
    EXPECT_LT(divergence(a, b), divergence_limit) << "row " << row;
    std::vector<float> sorted(a.begin(), a.end());
    std::partial_sort(sorted.begin(), sorted.begin() + 2, sorted.end(), std::greater<>());
    if (sorted[0] - sorted[1] > 1) {
      EXPECT_EQ(std::max_element(a.begin(), a.end()) - a.begin(), std::max_element(b.begin(), b.end()) - b.begin());
    }
  }
}

std::unique_ptr<SharedRow> rows_bare() {
  auto rows = new_rows();
  in_child([&] { run_and_keep(rows->values()); });
  return rows;
}

// Of a page in the graph: ggml computes the same nodes.
void expect_bits_of_stock(const MemoryFile& page) {
  const auto stock = rows_stock({{&page, 1.0F}});
  EXPECT_TRUE(same_bits(*rows_attached(page), *stock));
  EXPECT_FALSE(same_bits(*rows_bare(), *stock)) << "the page changes nothing: the comparison would prove nothing";
}

// Of a page in the products. Two ways to round lie about 0.01 apart; `page` must change far more for this to prove something.
void expect_close_to_stock(const MemoryFile& page) {
  const auto stock = rows_stock({{&page, 1.0F}}), ours = rows_attached(page), bare = rows_bare();
  expect_to_speak_like(*stock, *ours, 0.03);
  const std::size_t size = world().info.vocabulary;
  for (std::size_t row = 0; row < kRows; ++row) {
    const auto expected = stock->values().subspan(row * size, size);
    const double from_bare = divergence(bare->values().subspan(row * size, size), expected);
    EXPECT_GT(from_bare, 0.05) << "row " << row;
    EXPECT_LT(divergence(ours->values().subspan(row * size, size), expected), 0.25 * from_bare) << "row " << row;
  }
}

std::vector<Token> greedy(std::size_t count) {
  const auto prompt = world().engine.tokenize(std::vector<ChatMessage>{{"user", "Where is the ship?"}});
  GENEPOOL_CHECK(prompt.has_value(), "tokenize");
  std::vector<BatchToken> batch;
  for (const Token token : *prompt) batch.push_back({token, static_cast<std::int32_t>(batch.size()), 0, false});
  batch.back().want_logits = true;
  SamplingParams params;
  params.temperature = 0;
  const auto sampler = world().engine.make_sampler(params, *prompt);
  std::vector<Token> answer;
  for (auto position = static_cast<std::int32_t>(batch.size()); answer.size() < count; ++position) {
    decode_or_die(batch);
    answer.push_back(sampler->sample(0).token);
    batch = {{answer.back(), position, 0, true}};
  }
  return answer;
}

std::string status_line(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key + ":")) return line.substr(key.size() + 1);
  }
  return "";
}

TEST(LlamaEngine, load_repacks_the_bases_q4_1_matrices) {
  const std::string expected = q4_1::supported() ? "CPU_Q4_1_GROUPS" : "CPU";
  int matrices = 0;
  for (const auto& [name, tensor] : llama_internal_get_tensor_map(world().engine.model())) {
    if (tensor->type != GGML_TYPE_Q4_1 || name == "token_embd.weight") continue;  // its rows are looked up one by one
    EXPECT_EQ(ggml_backend_buffer_name(tensor->buffer), expected) << name;
    ++matrices;
  }
  EXPECT_GE(matrices, 7 * 30 - 30);  // seven in each block; a quantiser may keep one of them finer
}

TEST(LlamaEngine, load_leaves_one_thread) {
  world();
  EXPECT_EQ(std::stoi(status_line("Threads")), 1);
  in_child([] {
    ASSERT_TRUE(world().engine.tokenize(std::vector<ChatMessage>{{"user", "hello"}}).has_value());
    EXPECT_EQ(std::stoi(status_line("Threads")), 1) << "a chat template's log line started a thread";
  });
}

TEST(LlamaEngine, load_reports_the_model) {
  EXPECT_EQ(world().info.context_size, 4096U);
  EXPECT_EQ(world().info.kv_bytes_per_token, 23040U);  // 30 blocks x 3 heads x 64 x (K + V) x f16
  EXPECT_GT(world().info.weights_bytes, 50'000'000U);
}

TEST(LlamaEngine, load_of_a_missing_file_is_refused) {
  EngineOptions options;
  options.base_path = "/nonexistent.gguf";
  in_child([&] {
    LlamaEngine other;
    const auto info = other.load(options);
    ASSERT_FALSE(info.has_value());
    EXPECT_EQ(info.error().code, Code::kBadRequest);
  });
}

TEST(LlamaEngine, attach_of_a_page_in_the_graph_gives_the_stock_loaders_bits) {
  expect_bits_of_stock(make_page({random_layer(world().base, 16, kAllLinears, 1, TensorType::kF32)}, {1.0F}));
  expect_bits_of_stock(make_page({random_layer(world().base, 4, {"attn_q", "attn_v"}, 2, TensorType::kF32)}, {0.5F}));
}

TEST(LlamaEngine, attach_of_a_page_in_the_products_is_close_to_the_stock_loader) {
  expect_close_to_stock(make_page({random_layer(world().base, 16, kAllLinears, 1)}, {8.0F}));
  expect_close_to_stock(make_page({random_layer(world().base, 4, {"attn_q", "attn_v"}, 2)}, {16.0F}));
}

TEST(LlamaEngine, attach_of_four_fused_layers_is_close_to_the_stock_loader) {
  std::vector<std::vector<std::byte>> layers;
  for (unsigned seed = 0; seed < 4; ++seed) layers.push_back(random_layer(world().base, 16, kAllLinears, 10 + seed));
  expect_close_to_stock(make_page(layers, {4.0F, 4.0F, -3.0F, 8.0F}));
}

TEST(LlamaEngine, attach_of_a_fused_page_speaks_like_separate_stock_adapters) {
  const auto first = random_layer(world().base, 8, kAllLinears, 21);
  const auto second = random_layer(world().base, 4, {"attn_q", "ffn_down"}, 22);
  const MemoryFile fused = make_page({first, second}, {0.8F, -0.5F});
  const MemoryFile one = make_page({first}, {1.0F}), two = make_page({second}, {1.0F});
  expect_to_speak_like(*rows_stock({{&one, 0.8F}, {&two, -0.5F}}), *rows_attached(fused), 0.05);
}

TEST(LlamaEngine, attach_of_nothing_is_the_bare_base) {
  const auto attached = new_rows();
  in_child([&] {
    ASSERT_TRUE(world().engine.attach(Mapping{}).has_value());
    run_and_keep(attached->values());
  });
  EXPECT_TRUE(same_bits(*rows_bare(), *attached));
}

TEST(LlamaEngine, attach_twice_in_two_children_gives_the_same_bits) {
  const MemoryFile page = make_page({random_layer(world().base, 16, kAllLinears, 3)}, {1.0F});
  EXPECT_TRUE(same_bits(*rows_attached(page), *rows_attached(page)));
}

TEST(LlamaEngine, a_rehearsal_leaves_no_trace) {
  const MemoryFile page = make_page({random_layer(world().base, 16, kAllLinears, 3)}, {1.0F});
  const auto rehearsed = new_rows();
  in_child([&] {
    ASSERT_TRUE(world().engine.rehearse().has_value());
    ASSERT_TRUE(world().engine.attach(map(page)).has_value());
    run_and_keep(rehearsed->values());
  });
  EXPECT_TRUE(same_bits(*rows_attached(page), *rehearsed));
}

TEST(LlamaEngine, attach_of_a_page_for_other_shapes_is_refused) {
  BaseModel other = world().base;
  for (auto& [name, shape] : other.linears) shape.first *= 2;
  const MemoryFile wide = make_page({random_layer(other, 4, {"attn_q"}, 4)}, {1.0F});
  BaseModel longer = world().base;
  longer.linears = {{"blk.99.attn_q.weight", {576, 576}}};
  const MemoryFile unknown = make_page({random_layer(longer, 4, {"attn_q"}, 5)}, {1.0F});
  for (const MemoryFile* page : {&wide, &unknown}) {
    in_child([&] {
      const auto times = world().engine.attach(map(*page));
      ASSERT_FALSE(times.has_value());
      EXPECT_EQ(times.error().code, Code::kLayerRejected);
    });
  }
}

int reservations = 0;
void count_reservations(ggml_log_level, const char* text, void*) {
  if (std::string_view(text).starts_with("sched_reserve: reserving ...")) ++reservations;
}

TEST(LlamaEngine, decode_after_attach_plans_nothing_again) {
  for (const TensorType type : {TensorType::kF16, TensorType::kF32}) {  // in the products, in the graph
    const MemoryFile page = make_page({random_layer(world().base, 16, kAllLinears, 6, type)}, {1.0F});
    in_child([&] {
      ASSERT_TRUE(world().engine.attach(map(page)).has_value());
      llama_log_set(count_reservations, nullptr);
      const std::uint64_t planned = context_memory(world().engine.context()).compute;
      decode_or_die(prompt_batch(1));
      decode_or_die(prompt_batch(kBatch, 1));
      std::vector<BatchToken> together;
      for (std::int32_t sequence = 0; sequence < 4; ++sequence) together.push_back({300, sequence == 0 ? 129 : 0, sequence, true});
      decode_or_die(together);
      EXPECT_EQ(reservations, 0);
      EXPECT_EQ(context_memory(world().engine.context()).compute, planned) << "a decode had to grow the buffers";
    });
  }
}

TEST(LlamaEngine, decode_after_a_stock_adapter_plans_again_so_the_counter_counts) {
  const MemoryFile page = make_page({random_layer(world().base, 16, kAllLinears, 6)}, {1.0F});
  in_child([&] {
    set_stock({{&page, 1.0F}});
    llama_log_set(count_reservations, nullptr);
    decode_or_die(prompt_batch(1));
    EXPECT_EQ(reservations, 1);
  });
}

TEST(LlamaEngine, decode_greedy_twice_gives_the_same_tokens) {
  const MemoryFile page = make_page({random_layer(world().base, 4, {"attn_v"}, 7)}, {0.5F});
  const auto first = std::make_unique<SharedRow>(24), second = std::make_unique<SharedRow>(24);
  for (const auto* out : {&first, &second}) {
    in_child([&] {
      ASSERT_TRUE(world().engine.attach(map(page)).has_value());
      const auto tokens = greedy(24);
      std::copy(tokens.begin(), tokens.end(), (*out)->values().begin());
    });
  }
  EXPECT_TRUE(same_bits(*first, *second));
}

TEST(LlamaEngine, decode_aborted_in_a_prefill_leaves_a_usable_context) {
  in_child([] {
    auto& engine = world().engine;
    const Instant start = monotonic_now();
    decode_or_die(prompt_batch(kBatch));
    const Duration whole = monotonic_now() - start;
    const std::vector<float> wanted(engine.logits(0).begin(), engine.logits(0).end());
    engine.keep_only(0, 0);

    int polls = 0;
    engine.set_abort([&polls] { return ++polls > 3; });
    const Instant aborted_start = monotonic_now();
    const auto status = engine.decode(prompt_batch(kBatch), 1);
    ASSERT_TRUE(status.has_value()) << status.error().message;
    EXPECT_EQ(*status, DecodeStatus::kAborted);
    EXPECT_LT(monotonic_now() - aborted_start, whole);

    engine.set_abort(nullptr);
    engine.keep_only(0, 0);
    decode_or_die(prompt_batch(kBatch));
    EXPECT_EQ(std::memcmp(wanted.data(), engine.logits(0).data(), wanted.size() * sizeof(float)), 0);
  });
}

// Saved in one process, restored in another into another sequence: the next logits are the same bits.
TEST(LlamaEngine, restored_kv_goes_on_as_if_nothing_had_happened) {
  const MemoryFile page = make_page({random_layer(world().base, 16, kAllLinears, 1)}, {1.0F});
  const std::size_t size = world().info.vocabulary;
  SharedRow wanted(size), kv(1 << 20), kv_bytes(1), got(size);
  in_child([&] {
    ASSERT_TRUE(world().engine.attach(map(page)));
    decode_or_die(prompt_batch(100));
    const std::size_t bytes = world().engine.kv_size(0);
    ASSERT_LE(bytes, kv.values().size_bytes());
    kv_bytes.values()[0] = static_cast<float>(bytes);
    ASSERT_TRUE(world().engine.save_kv(0, std::as_writable_bytes(kv.values()).first(bytes)));
    decode_or_die(prompt_batch(1, 100));
    std::ranges::copy(world().engine.logits(0), wanted.values().begin());
  });
  in_child([&] {
    LlamaEngine& engine = world().engine;
    ASSERT_TRUE(engine.attach(map(page)));
    const auto bytes = std::as_bytes(kv.values()).first(static_cast<std::size_t>(kv_bytes.values()[0]));
    EXPECT_FALSE(engine.restore_kv(2, bytes.first(bytes.size() / 2)));  // and the sequence is empty
    ASSERT_TRUE(engine.restore_kv(2, bytes));
    decode_or_die(prompt_batch(1, 100, 2));
    std::ranges::copy(engine.logits(0), got.values().begin());
  });
  EXPECT_EQ(std::memcmp(wanted.values().data(), got.values().data(), wanted.values().size_bytes()), 0);
}

// The rest of a prompt behind a shared beginning gives what it gives behind the sequence's own.
TEST(LlamaEngine, a_shared_beginning_is_as_good_as_an_own_one) {
  const auto own = new_rows(), shared = new_rows();
  const auto rest = [](std::int32_t sequence, std::span<float> to) {
    decode_or_die(prompt_batch(8, 40, sequence));
    const auto logits = world().engine.logits(0);
    std::copy(logits.begin(), logits.end(), to.begin());
  };
  in_child([&] {
    decode_or_die(prompt_batch(40));
    rest(0, own->values());
  });
  in_child([&] {
    Engine& engine = world().engine;
    decode_or_die(prompt_batch(60));
    engine.share(0, 1, 40);
    rest(1, shared->values());
    decode_or_die(prompt_batch(1, 60));  // the other one goes on
    engine.keep_only(0, 0);
    engine.keep_only(1, 40);
    rest(1, shared->values());
  });
  EXPECT_TRUE(same_bits(*own, *shared));
}

TEST(LlamaEngine, decode_without_room_changes_nothing) {
  in_child([] {
    EngineOptions options;
    options.base_path = test::model_path();
    options.context_size = 256;
    options.batch_size = kBatch;
    LlamaEngine small;
    ASSERT_TRUE(small.load(options).has_value());
    for (const std::int32_t from : {0, 128}) ASSERT_TRUE(small.decode(prompt_batch(kBatch, from), 1).has_value());
    const auto full = small.decode(prompt_batch(1, 256), 1);
    ASSERT_TRUE(full.has_value()) << full.error().message;
    EXPECT_EQ(*full, DecodeStatus::kNoRoom);
    small.keep_only(0, 255);
    const auto again = small.decode(prompt_batch(1, 255), 1);
    EXPECT_TRUE(again.has_value() && *again == DecodeStatus::kDone);
  });
}

TEST(LlamaEngine, sample_logprobs_are_a_distribution) {
  in_child([] {
    decode_or_die(prompt_batch(8));
    SamplingParams params;
    params.temperature = 0;
    params.top_logprobs = static_cast<std::int32_t>(world().info.vocabulary);
    const Sampled sampled = world().engine.make_sampler(params, {})->sample(0);
    double sum = 0;
    for (const TokenLogprob& each : sampled.top) sum += std::exp(static_cast<double>(each.logprob));
    EXPECT_NEAR(sum, 1.0, 1e-4);
    EXPECT_EQ(sampled.top.front().token, sampled.token);
    EXPECT_EQ(sampled.top.front().logprob, sampled.logprob);
  });
}

TEST(LlamaEngine, sample_with_a_seed_repeats_and_without_one_differs) {
  in_child([] {
    decode_or_die(prompt_batch(8));
    SamplingParams params;
    params.temperature = 1.5F;
    const auto draw = [&params] {
      std::vector<Token> tokens;
      const auto sampler = world().engine.make_sampler(params, {});
      for (int i = 0; i < 20; ++i) tokens.push_back(sampler->sample(0).token);
      return tokens;
    };
    EXPECT_NE(draw(), draw());
    params.seed = 42;
    EXPECT_EQ(draw(), draw());
  });
}

TEST(LlamaEngine, sample_obeys_bias_and_penalties) {
  in_child([] {
    decode_or_die(prompt_batch(8));
    SamplingParams params;
    params.temperature = 0;
    const Token favourite = world().engine.make_sampler(params, {})->sample(0).token;
    params.logit_bias = {{favourite, -100.0F}};
    EXPECT_NE(world().engine.make_sampler(params, {})->sample(0).token, favourite);
    params.logit_bias.clear();
    params.presence_penalty = 100;
    const auto sampler = world().engine.make_sampler(params, {});
    EXPECT_EQ(sampler->sample(0).token, favourite);
    EXPECT_NE(sampler->sample(0).token, favourite);
  });
}

TEST(LlamaEngine, tokenize_uses_the_bases_chat_template) {
  const auto tokens = world().engine.tokenize(std::vector<ChatMessage>{{"system", "Be brief."}, {"user", "Hi"}});
  ASSERT_TRUE(tokens.has_value()) << tokens.error().message;
  std::string text;
  for (const Token token : *tokens) text += world().engine.piece(token);  // control tokens have no text
  EXPECT_EQ(text, "system\nBe brief.\nuser\nHi\nassistant\n");
}

TEST(LlamaEngine, tokenize_refuses_what_is_empty_or_out_of_range) {
  EXPECT_FALSE(world().engine.tokenize(std::vector<Token>{}).has_value());
  EXPECT_FALSE(world().engine.tokenize(std::vector<Token>{-1}).has_value());
  EXPECT_FALSE(world().engine.tokenize(std::vector<Token>{static_cast<Token>(world().info.vocabulary)}).has_value());
}

}  // namespace
}  // namespace genepool
