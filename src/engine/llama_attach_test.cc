// What the engine says with a page, beside what llama.cpp's own adapters say.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "engine/llama_world.h"

namespace genepool {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace): its names are this test's words

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

TEST(LlamaAttach, of_a_page_in_the_graph_gives_the_stock_loaders_bits) {
  expect_bits_of_stock(make_page({random_layer(world().base, 16, kAllLinears, 1, TensorType::kF32)}, {1.0F}));
  expect_bits_of_stock(make_page({random_layer(world().base, 4, {"attn_q", "attn_v"}, 2, TensorType::kF32)}, {0.5F}));
}

TEST(LlamaAttach, of_a_page_in_the_products_is_close_to_the_stock_loader) {
  expect_close_to_stock(make_page({random_layer(world().base, 16, kAllLinears, 1)}, {8.0F}));
  expect_close_to_stock(make_page({random_layer(world().base, 4, {"attn_q", "attn_v"}, 2)}, {16.0F}));
}

TEST(LlamaAttach, of_four_fused_layers_is_close_to_the_stock_loader) {
  std::vector<std::vector<std::byte>> layers;
  for (unsigned seed = 0; seed < 4; ++seed) layers.push_back(random_layer(world().base, 16, kAllLinears, 10 + seed));
  expect_close_to_stock(make_page(layers, {4.0F, 4.0F, -3.0F, 8.0F}));
}

TEST(LlamaAttach, of_a_fused_page_speaks_like_separate_stock_adapters) {
  const auto first = random_layer(world().base, 8, kAllLinears, 21);
  const auto second = random_layer(world().base, 4, {"attn_q", "ffn_down"}, 22);
  const MemoryFile fused = make_page({first, second}, {0.8F, -0.5F});
  const MemoryFile one = make_page({first}, {1.0F}), two = make_page({second}, {1.0F});
  expect_to_speak_like(*rows_stock({{&one, 0.8F}, {&two, -0.5F}}), *rows_attached(fused), 0.05);
}

TEST(LlamaAttach, of_nothing_is_the_bare_base) {
  const auto attached = new_rows();
  in_child([&] {
    ASSERT_TRUE(world().engine.attach(Mapping{}).has_value());
    run_and_keep(attached->values());
  });
  EXPECT_TRUE(same_bits(*rows_bare(), *attached));
}

TEST(LlamaAttach, twice_in_two_children_gives_the_same_bits) {
  const MemoryFile page = make_page({random_layer(world().base, 16, kAllLinears, 3)}, {1.0F});
  EXPECT_TRUE(same_bits(*rows_attached(page), *rows_attached(page)));
}

TEST(LlamaAttach, a_rehearsal_leaves_no_trace) {
  const MemoryFile page = make_page({random_layer(world().base, 16, kAllLinears, 3)}, {1.0F});
  const auto rehearsed = new_rows();
  in_child([&] {
    ASSERT_TRUE(world().engine.rehearse().has_value());
    ASSERT_TRUE(world().engine.attach(map(page)).has_value());
    run_and_keep(rehearsed->values());
  });
  EXPECT_TRUE(same_bits(*rows_attached(page), *rehearsed));
}

TEST(LlamaAttach, of_a_page_for_other_shapes_is_refused) {
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

TEST(LlamaAttach, decode_after_attach_plans_nothing_again) {
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

TEST(LlamaAttach, decode_after_a_stock_adapter_plans_again_so_the_counter_counts) {
  const MemoryFile page = make_page({random_layer(world().base, 16, kAllLinears, 6)}, {1.0F});
  in_child([&] {
    set_stock({{&page, 1.0F}});
    llama_log_set(count_reservations, nullptr);
    decode_or_die(prompt_batch(1));
    EXPECT_EQ(reservations, 1);
  });
}

}  // namespace
}  // namespace genepool
