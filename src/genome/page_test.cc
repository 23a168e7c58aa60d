#include "genome/page.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <random>

#include "genome/half.h"
#include "genome/layer_file.h"
#include "genome/values.h"

namespace genepool {
namespace {

std::vector<std::byte> encode(TensorType type, const std::vector<float>& values) {
  std::vector<std::byte> bytes(tensor_bytes(static_cast<std::uint32_t>(type), values.size()));
  if (type == TensorType::kF32) {
    std::memcpy(bytes.data(), values.data(), bytes.size());
  } else if (type == TensorType::kF16) {
    f32_to_f16(values, {reinterpret_cast<std::uint16_t*>(bytes.data()), values.size()});
  } else {
    for (std::size_t i = 0; i < values.size(); ++i) {  // bf16 by truncation
      std::uint32_t bits;
      std::memcpy(&bits, &values[i], 4);
      const auto half = static_cast<std::uint16_t>(bits >> 16);
      std::memcpy(bytes.data() + 2 * i, &half, 2);
    }
  }
  return bytes;
}

LayerPairData pair(std::string tensor, std::uint64_t in, std::uint64_t rank, std::uint64_t out, float scale, unsigned seed,
                   TensorType type = TensorType::kF16, float amplitude = 1.0F) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> value(-amplitude, amplitude);
  std::vector<float> a(in * rank), b(rank * out);
  for (float& x : a) x = value(random);
  for (float& x : b) x = value(random);
  return {std::move(tensor), type, type, in, rank, out, encode(type, a), encode(type, b), scale};
}

struct Layer {
  explicit Layer(std::vector<LayerPairData> pairs) : bytes(write_layer("llama", std::move(pairs))) {
    auto parsed = LayerView::parse(bytes, true);
    EXPECT_TRUE(parsed) << parsed.error().message;
    view = std::move(*parsed);
  }
  std::vector<std::byte> bytes;
  LayerView view;
};

std::vector<std::byte> fuse(const std::vector<FusePart>& parts) {
  auto plan = FusePlan::make(parts);
  EXPECT_TRUE(plan) << plan.error().message;
  std::vector<std::byte> page(plan->byte_size());
  plan->write(page);
  return page;
}

std::vector<float> values_of(TensorType type, std::span<const std::byte> bytes, std::uint64_t count) {
  std::vector<float> values(count);
  read_values(type, bytes, 0, values);
  return values;
}

// delta[out][in] += scale * B A, in double.
// (of an embedding [in][out], as its A lies transposed)
template <class View, class Pair>
void add_delta(std::vector<double>& delta, const View& view, const Pair& p, double scale) {
  const auto a = values_of(p.a.type(), view.data(p.a), p.a.element_count());
  const auto b = values_of(p.b.type(), view.data(p.b), p.b.element_count());
  const auto [in, rank, out] = p.shape;
  const bool is_lookup = layout_of(p.base_tensor) == PairLayout::kLookup;
  delta.resize(in * out);
  for (std::size_t o = 0; o < out; ++o)
    for (std::size_t r = 0; r < rank; ++r)
      for (std::size_t i = 0; i < in; ++i) delta[o * in + i] += scale * double{b[o * rank + r]} * double{a[is_lookup ? i * rank + r : r * in + i]};
}

using Deltas = std::map<std::string, std::vector<double>>;

Deltas reference(const std::vector<FusePart>& parts) {
  Deltas deltas;
  for (const FusePart& part : parts)
    for (const LayerPair& p : part.layer->pairs()) add_delta(deltas[p.base_tensor], *part.layer, p, double{part.weight} * double{p.scale});
  return deltas;
}

void expect_same(const std::vector<FusePart>& parts, double tolerance) {
  const auto page = fuse(parts);
  const auto view = PageView::parse(page);
  ASSERT_TRUE(view) << view.error().message;
  Deltas found;
  for (const PagePair& p : view->pairs()) add_delta(found[p.base_tensor], *view, p, 1.0);
  const Deltas wanted = reference(parts);
  ASSERT_EQ(found.size(), wanted.size());
  for (const auto& [name, delta] : wanted) {
    double peak = 0, difference = 0;
    for (std::size_t i = 0; i < delta.size(); ++i) {
      peak = std::max(peak, std::abs(delta[i]));
      difference = std::max(difference, std::abs(delta[i] - found.at(name)[i]));
    }
    EXPECT_LE(difference, tolerance * std::max(peak, 1e-9)) << name;
  }
}

// One rounding of B to f16 is 2^-11 relative; the sums of a row may add a few of them.
constexpr double kHalf = 2e-3;

TEST(Page, the_fused_page_is_the_weighted_sum) {
  const Layer x({pair("blk.0.attn_q.weight", 16, 4, 24, 2.0F, 1), pair("blk.1.attn_v.weight", 16, 8, 8, 0.5F, 2)});
  const Layer y({pair("blk.0.attn_q.weight", 16, 3, 24, 1.0F, 3), pair("blk.2.ffn_up.weight", 16, 1, 32, 1.0F, 4)});
  expect_same({{&x.view, 0.8F}}, kHalf);
  expect_same({{&x.view, 0.8F}, {&y.view, -0.4F}}, kHalf);
  expect_same({{&x.view, 0.5F}, {&y.view, 1.0F}, {&x.view, 0.25F}}, kHalf);
}

TEST(Page, an_embeddings_rows_of_a_stand_side_by_side) {
  const Layer x({pair("token_embd.weight", 20, 4, 8, 2.0F, 1), pair("blk.0.attn_q.weight", 16, 2, 8, 1.0F, 5)});
  const Layer y({pair("token_embd.weight", 20, 3, 8, 0.5F, 2)});
  const Layer wide({pair("token_embd.weight", 20, 3, 8, 0.5F, 3, TensorType::kF32)});
  expect_same({{&x.view, 0.8F}, {&y.view, -0.4F}, {&x.view, 0.3F}}, kHalf);
  expect_same({{&x.view, 0.8F}, {&wide.view, 1.0F}}, kHalf);
  const auto page = fuse({{&x.view, 0.5F}, {&y.view, 1.0F}});
  const auto view = PageView::parse(page);
  const PagePair& embedding = view->pairs()[1];
  EXPECT_EQ(embedding.shape, (PairShape{20, 7, 8}));
  EXPECT_EQ(embedding.a.ne[0], 7u);
  EXPECT_EQ(embedding.a.ne[1], 20u);
  EXPECT_EQ(embedding.a.type(), TensorType::kF16);
  // A is not scaled: its bits stay.
  const auto a = values_of(TensorType::kF16, view->data(embedding.a), 140), of_x = values_of(TensorType::kF16, x.view.data(x.view.pairs()[1].a), 80);
  for (std::size_t token = 0; token < 20; ++token)
    for (std::size_t r = 0; r < 4; ++r) EXPECT_EQ(a[token * 7 + r], of_x[token * 4 + r]);
}

TEST(LayerFile, an_embedding_with_a_as_for_a_matrix_is_no_pair) {
  const std::string from = "blk.0.attn_q.weight", to = "token_embd.weight";
  GgufTensor a, b;
  a.ne = {20, 4, 1, 1}, b.ne = {4, 8, 1, 1};
  EXPECT_TRUE(pair_shape(layout_of(from), a, b));
  EXPECT_FALSE(pair_shape(layout_of(to), a, b));
  a.ne = {4, 20, 1, 1};
  EXPECT_TRUE(pair_shape(layout_of(to), a, b));
  a.ne = {4, 20, 2, 1};
  EXPECT_FALSE(pair_shape(layout_of(to), a, b));
}

TEST(Page, mixed_types_widen_and_lose_nothing) {
  const Layer half({pair("t", 16, 4, 8, 1.0F, 1, TensorType::kF16)});
  const Layer brain({pair("t", 16, 4, 8, 1.0F, 2, TensorType::kBF16)});
  const Layer full({pair("t", 16, 4, 8, 1.0F, 3, TensorType::kF32)});
  expect_same({{&half.view, 0.3F}, {&brain.view, 0.7F}, {&full.view, -1.0F}}, 1e-6);
  const auto page = fuse({{&half.view, 1.0F}, {&full.view, 1.0F}});
  EXPECT_EQ(PageView::parse(page)->pairs()[0].a.type(), TensorType::kF32);
}

TEST(Page, a_weight_beyond_f16_keeps_the_tensor_in_f32) {
  const Layer big({pair("t", 4, 2, 4, 1.0F, 1, TensorType::kF16, 2000.0F)});
  const auto page = fuse({{&big.view, 90.0F}});
  const auto view = PageView::parse(page);
  EXPECT_EQ(view->pairs()[0].b.type(), TensorType::kF32);
  EXPECT_EQ(view->pairs()[0].a.type(), TensorType::kF16);
  expect_same({{&big.view, 90.0F}}, 1e-6);
}

TEST(Page, a_scaled_value_that_is_not_finite_makes_no_page) {
  for (const TensorType type : {TensorType::kF32, TensorType::kBF16, TensorType::kF16}) {
    auto p = pair("t", 4, 1, 4, 1.0F, 1, type);
    const auto bad = encode(type, {1, std::numeric_limits<float>::infinity(), 1, 1});
    p.b = bad;
    const auto bytes = write_layer("llama", {p});
    const auto view = LayerView::parse(bytes, false);  // as if a damaged file had come through
    const FusePart part{&*view, 0.5F};
    EXPECT_EQ(FusePlan::make({&part, 1}).error().code, Code::kLayerCorrupt);
  }
}

TEST(Page, equal_genomes_give_equal_bytes_and_order_matters) {
  const Layer x({pair("t", 16, 4, 8, 1.0F, 1)});
  const Layer y({pair("t", 16, 4, 8, 1.0F, 2)});
  EXPECT_EQ(fuse({{&x.view, 0.5F}, {&y.view, 1.0F}}), fuse({{&x.view, 0.5F}, {&y.view, 1.0F}}));
  EXPECT_NE(fuse({{&x.view, 0.5F}, {&y.view, 1.0F}}), fuse({{&y.view, 1.0F}, {&x.view, 0.5F}}));
}

TEST(Page, weight_zero_adds_nothing) {
  const Layer x({pair("t", 16, 4, 8, 1.0F, 1)});
  const Layer y({pair("u", 16, 4, 8, 1.0F, 2)});
  EXPECT_EQ(fuse({{&x.view, 1.0F}, {&y.view, 0.0F}}), fuse({{&x.view, 1.0F}}));
  EXPECT_TRUE(PageView::parse(fuse({{&x.view, 0.0F}}))->pairs().empty());
}

TEST(Page, parts_that_do_not_fit_together_are_refused) {
  const Layer x({pair("t", 16, 4, 8, 1.0F, 1)});
  const Layer y({pair("t", 16, 4, 12, 1.0F, 2)});
  const FusePart parts[] = {{&x.view, 1.0F}, {&y.view, 1.0F}};
  EXPECT_FALSE(FusePlan::make(parts));
}

TEST(LayerFile, pairs_are_sorted_and_equal_layers_have_equal_bytes) {
  const auto p = pair("b", 16, 4, 8, 0.5F, 1), q = pair("a", 16, 4, 8, 1.5F, 2);
  EXPECT_EQ(write_layer("llama", {p, q}), write_layer("llama", {q, p}));
  const Layer layer({p, q});
  EXPECT_EQ(layer.view.pairs()[0].base_tensor, "a");
  EXPECT_EQ(layer.view.pairs()[0].scale, 1.5F);
  EXPECT_EQ(layer.view.architecture(), "llama");
}

TEST(LayerFile, values_that_are_not_finite_are_found) {
  auto p = pair("t", 4, 1, 4, 1.0F, 1, TensorType::kF32);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::memcpy(p.b.data() + 8, &nan, sizeof nan);
  const auto bytes = write_layer("llama", {p});
  EXPECT_TRUE(LayerView::parse(bytes, false));
  const auto checked = LayerView::parse(bytes, true);
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message.find("t.lora_b"), std::string::npos);
}

TEST(LayerFile, a_cut_or_foreign_file_is_refused) {
  const Layer layer({pair("t", 16, 4, 8, 1.0F, 1)});
  auto cut = layer.bytes;
  cut.resize(cut.size() - 40);
  EXPECT_EQ(LayerView::parse(cut, false).error().code, Code::kLayerCorrupt);
  EXPECT_FALSE(LayerView::parse(fuse({{&layer.view, 1.0F}}), false)) << "a page is no layer";
}

}  // namespace
}  // namespace genepool
