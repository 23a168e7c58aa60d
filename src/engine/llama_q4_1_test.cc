// Our products as ggml's CPU backend computes them, beside its own, over shapes and threads.
#include "engine/llama_q4_1.h"

#include <ggml-alloc.h>
#include <ggml-backend.h>
#include <ggml-cpu.h>
#include <ggml.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>
#include <string_view>
#include <vector>

#include "engine/q4_1_kernel.h"
#include "genome/half.h"

namespace genepool {
namespace {

// What a model loader is offered.
ggml_backend_buffer_type_t our_buffer_type() {
  install_q4_1_kernel();
  ggml_backend_dev_t cpu = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
  const auto list = reinterpret_cast<ggml_backend_dev_get_extra_bufts_t>(
      ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(cpu), "ggml_backend_dev_get_extra_bufts"));
  for (ggml_backend_buffer_type_t* type = list(cpu); *type != nullptr; ++type) {
    if (std::string_view(ggml_backend_buft_name(*type)) == "CPU_Q4_1_GROUPS") return *type;
  }
  return nullptr;
}

struct Shape {
  std::int64_t inner, rows, vectors, stacks;
};

std::vector<float> random_numbers(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> number;
  std::vector<float> made(count);
  for (float& value : made) value = number(random);
  return made;
}

std::vector<std::uint16_t> random_halves(std::int64_t count, unsigned seed) {
  auto values = random_numbers(static_cast<std::size_t>(count), seed);
  for (float& value : values) value *= 0.1F;
  std::vector<std::uint16_t> halves(values.size());
  f32_to_f16(values, halves);
  return halves;
}

// (weights + B A) * vectors with the weights in a buffer of `type`: no B A when `rank` is 0, a pair of ours in a buffer of
// ours, else nodes of the graph as llama.cpp makes them for an adapter.
std::vector<float> product(ggml_backend_buffer_type_t type, const Shape& shape, int threads, std::int64_t rank = 0) {
  const auto make_context = [] {
    return std::unique_ptr<ggml_context, decltype(&ggml_free)>(
        ggml_init({ggml_tensor_overhead() * 8 + ggml_graph_overhead(), nullptr, true}), ggml_free);
  };
  const auto weights_context = make_context(), rest = make_context();
  ggml_tensor* weights = ggml_new_tensor_2d(weights_context.get(), GGML_TYPE_Q4_1, shape.inner, shape.rows);
  ggml_tensor* vectors = ggml_new_tensor_3d(rest.get(), GGML_TYPE_F32, shape.inner, shape.vectors, shape.stacks);
  ggml_tensor* out = ggml_mul_mat(rest.get(), weights, vectors);
  const bool is_ours = type != ggml_backend_cpu_buffer_type();
  const auto a = random_halves(shape.inner * rank, 3), b = random_halves(rank * shape.rows, 4);
  ggml_tensor *a_tensor = nullptr, *b_tensor = nullptr;
  if (rank > 0 && !is_ours) {
    a_tensor = ggml_new_tensor_2d(rest.get(), GGML_TYPE_F16, shape.inner, rank);
    b_tensor = ggml_new_tensor_2d(rest.get(), GGML_TYPE_F16, rank, shape.rows);
    out = ggml_add(rest.get(), out, ggml_mul_mat(rest.get(), b_tensor, ggml_mul_mat(rest.get(), a_tensor, vectors)));
  }
  ggml_cgraph* graph = ggml_new_graph(rest.get());
  ggml_build_forward_expand(graph, out);
  ggml_backend_t cpu = ggml_backend_cpu_init();
  ggml_backend_cpu_set_n_threads(cpu, threads);
  ggml_backend_buffer_t weights_buffer = ggml_backend_alloc_ctx_tensors_from_buft(weights_context.get(), type);
  ggml_backend_buffer_t buffer = ggml_backend_alloc_ctx_tensors(rest.get(), cpu);

  const auto plain = random_numbers(static_cast<std::size_t>(shape.inner * shape.rows), 1);
  std::vector<std::byte> quantised(ggml_nbytes(weights));
  ggml_quantize_chunk(GGML_TYPE_Q4_1, plain.data(), quantised.data(), 0, shape.rows, shape.inner, nullptr);
  ggml_backend_tensor_set(weights, quantised.data(), 0, quantised.size());
  const auto numbers = random_numbers(static_cast<std::size_t>(ggml_nelements(vectors)), 2);
  ggml_backend_tensor_set(vectors, numbers.data(), 0, ggml_nbytes(vectors));
  const LowRankPair pair{a.data(), b.data(), static_cast<std::size_t>(rank)};
  if (a_tensor != nullptr) {
    ggml_backend_tensor_set(a_tensor, a.data(), 0, ggml_nbytes(a_tensor));
    ggml_backend_tensor_set(b_tensor, b.data(), 0, ggml_nbytes(b_tensor));
  } else if (rank > 0) {
    add_to_products(weights, &pair);
  }
  EXPECT_TRUE(ggml_backend_supports_op(cpu, out));
  EXPECT_EQ(ggml_backend_graph_compute(cpu, graph), GGML_STATUS_SUCCESS);
  std::vector<float> result(static_cast<std::size_t>(ggml_nelements(out)));
  ggml_backend_tensor_get(out, result.data(), 0, ggml_nbytes(out));

  ggml_backend_buffer_free(buffer);
  ggml_backend_buffer_free(weights_buffer);
  ggml_backend_free(cpu);
  return result;
}

TEST(LlamaQ41, is_offered_where_the_cpu_can) { EXPECT_EQ(our_buffer_type() != nullptr, q4_1::supported()); }

void expect_ggmls_but_for_rounding(ggml_backend_buffer_type_t ours, const Shape& shape, std::int64_t rank) {
  const auto expected = product(ggml_backend_cpu_buffer_type(), shape, 1, rank);
  for (const int threads : {1, 2, 5}) {
    const auto found = product(ours, shape, threads, rank);
    ASSERT_EQ(found.size(), expected.size());
    // The terms are about 1, so a sum of `inner` of them is sqrt(inner); float rounding is far below a thousandth. ggml
    // rounds the vectors of a pair to halves, and so do its steps between: the pair's share may differ more.
    const float tolerance = (rank == 0 ? 1e-3F : 2e-3F) * std::sqrt(static_cast<float>(shape.inner));
    for (std::size_t i = 0; i < found.size(); ++i) {
      ASSERT_NEAR(found[i], expected[i], tolerance) << shape.rows << " rows, rank " << rank << ", " << threads << " threads, at " << i;
    }
  }
}

TEST(LlamaQ41, products_are_ggmls_but_for_rounding) {
  ggml_backend_buffer_type_t ours = our_buffer_type();
  if (ours == nullptr) GTEST_SKIP() << "this CPU lacks the instructions";
  for (const Shape& shape : {Shape{576, 192, 1, 1}, Shape{576, 1536, 4, 1}, Shape{1536, 576, 130, 1}, Shape{64, 16, 3, 2},
                             Shape{32, 48, 9, 3}}) {
    for (const std::int64_t rank : {0, 4, 16, 64}) expect_ggmls_but_for_rounding(ours, shape, rank);
  }
}

}  // namespace
}  // namespace genepool
