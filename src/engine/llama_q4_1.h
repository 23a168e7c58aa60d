// Puts q4_1_kernel.h behind ggml's CPU backend, as one more of its "extra" buffer types: a weight matrix that is loaded
// into such a buffer is repacked on the way, and its products are ours. A page's layers for such a matrix are added in the
// same pass (docs/adr/0014). Nothing of llama.cpp is patched.
// llama_q4_1.cc includes ggml's private headers; they promise nothing beyond our pin.
#pragma once

#include <cstddef>
#include <cstdint>

struct ggml_tensor;

namespace genepool {

// Registers it, once per process; does nothing on a CPU without the kernel. Requires: before the first model is loaded,
// for llama.cpp asks for the list of buffer types once. Thread: the process's only one.
void install_q4_1_kernel();

// True when the products of this matrix of a loaded model are ours.
[[nodiscard]] bool has_q4_1_kernel(const ggml_tensor* weights);

// B (A x) of a page, in the layout of low_rank_kernel.h.
struct LowRankPair {
  const std::uint16_t* a = nullptr;
  const std::uint16_t* b = nullptr;
  std::size_t rank = 0;
};

// From now on every product of `weights` has the pair's added to it; null: none. Requires: has_q4_1_kernel(weights), and that
// `pair` and its bytes outlive the model's use.
void add_to_products(ggml_tensor* weights, const LowRankPair* pair);

}  // namespace genepool
