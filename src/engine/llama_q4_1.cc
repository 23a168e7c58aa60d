// Runs in the zygote (repacking) and in workers, on the engine's threads (products).
#include "engine/llama_q4_1.h"

#include <ggml-backend-impl.h>
#include <ggml-backend.h>
#include <ggml-cpu-impl.h>
#include <ggml-cpu.h>
#include <ggml.h>
#include <traits.h>

#include <algorithm>

#include "engine/low_rank_kernel.h"

namespace genepool {
namespace {

using q4_1::GroupBlock;
using q4_1::kGroup;
using q4_1::VectorBlock;
using q4_1::WeightBlock;

constexpr int kChunksPerThread = 4;  // a thread that another process delays leaves its work to the others

ggml_backend_buffer_type_t q4_1_buffer_type();

bool fits(const ggml_tensor* weights) {
  return weights->type == GGML_TYPE_Q4_1 && ggml_n_dims(weights) == 2 && weights->ne[1] % kGroup == 0;
}

std::size_t blocks_per_row(const ggml_tensor* weights) {
  return static_cast<std::size_t>(weights->ne[0]) / q4_1::kBlock;
}

// Of the layers in a genome's page, for one matrix of the base.
const LowRankPair* pair_of(const ggml_tensor* weights) { return static_cast<const LowRankPair*>(weights->extra); }

// Where the threads of one product leave what all of them need.
struct Work {
  VectorBlock* vectors;
  float* projected;  // of the page's pair, where there is one
};

std::size_t bytes_of_vectors(const ggml_tensor* op) {
  const std::size_t bytes = static_cast<std::size_t>(ggml_nrows(op->src[1])) * blocks_per_row(op->src[0]) * sizeof(VectorBlock);
  return (bytes + 63) / 64 * 64;
}

// The products of one MUL_MAT. What is needed of the vectors is computed into the work buffer first (quantised, and projected
// by the page's A), then threads take chunks of rows.
class Q41Product final : public ggml::cpu::tensor_traits {
 public:
  bool work_size(int, const ggml_tensor* op, size_t& size) override {
    const LowRankPair* pair = pair_of(op->src[0]);
    size = bytes_of_vectors(op) + (pair == nullptr ? 0 : static_cast<std::size_t>(ggml_nrows(op->src[1])) * pair->rank * sizeof(float));
    return true;
  }

  bool compute_forward(ggml_compute_params* params, ggml_tensor* op) override {
    if (op->op != GGML_OP_MUL_MAT) return false;
    const ggml_tensor* weights = op->src[0];
    const LowRankPair* pair = pair_of(weights);
    const Work work{static_cast<VectorBlock*>(params->wdata),
                    reinterpret_cast<float*>(static_cast<char*>(params->wdata) + bytes_of_vectors(op))};
    quantise(*params, *op->src[1], work.vectors, blocks_per_row(weights));
    if (pair != nullptr) project(*params, *op->src[1], *pair, work.projected);
    const auto groups = static_cast<int>(weights->ne[1] / static_cast<std::int64_t>(kGroup));
    const int chunks = std::min(groups, params->nth * kChunksPerThread);
    if (params->ith == 0) ggml_threadpool_chunk_set(params->threadpool, params->nth);
    ggml_barrier(params->threadpool);
    for (int chunk = params->ith; chunk < chunks; chunk = ggml_threadpool_chunk_add(params->threadpool, 1)) {
      const auto begin = static_cast<std::int64_t>(groups) * chunk / chunks;
      const auto end = static_cast<std::int64_t>(groups) * (chunk + 1) / chunks;
      for (auto group = begin; group < end; ++group) multiply(*op, static_cast<std::size_t>(group), work);
    }
    return true;
  }

 private:
  static void quantise(const ggml_compute_params& params, const ggml_tensor& from, VectorBlock* to, std::size_t blocks) {
    const auto quantise_row = ggml_get_type_traits_cpu(GGML_TYPE_Q8_1)->from_float;
    for (std::int64_t row = params.ith; row < ggml_nrows(&from); row += params.nth) {
      quantise_row(row_of(from, row), to + static_cast<std::size_t>(row) * blocks, from.ne[0]);
    }
  }

  // Each thread its share of the rows of A, for every vector.
  static void project(const ggml_compute_params& params, const ggml_tensor& from, const LowRankPair& pair, float* to) {
    const auto in = static_cast<std::size_t>(from.ne[0]), count = static_cast<std::size_t>(from.ne[1]);
    const auto thread = static_cast<std::size_t>(params.ith), threads = static_cast<std::size_t>(params.nth);
    for (std::int64_t row = 0; row < ggml_nrows(&from); row += from.ne[1]) {
      low_rank::project(q4_1::best_path(), pair.a, in, pair.rank * thread / threads, pair.rank * (thread + 1) / threads, row_of(from, row),
                        from.nb[1] / sizeof(float), count, to + static_cast<std::size_t>(row) * pair.rank, pair.rank);
    }
  }

  static const float* row_of(const ggml_tensor& tensor, std::int64_t row) {
    const auto i1 = row % tensor.ne[1], i2 = row / tensor.ne[1] % tensor.ne[2], i3 = row / tensor.ne[1] / tensor.ne[2];
    const auto offset = static_cast<std::size_t>(i1) * tensor.nb[1] + static_cast<std::size_t>(i2) * tensor.nb[2] +
                        static_cast<std::size_t>(i3) * tensor.nb[3];
    return reinterpret_cast<const float*>(static_cast<const char*>(tensor.data) + offset);
  }

  static void multiply(const ggml_tensor& op, std::size_t group, const Work& work) {
    const std::size_t blocks = blocks_per_row(op.src[0]), stride = static_cast<std::size_t>(op.ne[0]);
    const auto count = static_cast<std::size_t>(ggml_nrows(op.src[1]));
    float* out = static_cast<float*>(op.data) + group * kGroup;
    q4_1::multiply(q4_1::best_path(), static_cast<const GroupBlock*>(op.src[0]->data) + group * blocks, blocks, work.vectors, count, out,
                   stride);
    if (const LowRankPair* pair = pair_of(op.src[0])) {
      low_rank::add(q4_1::best_path(), pair->b + group * kGroup * pair->rank, pair->rank, work.projected, count, out, stride);
    }
  }
};

class Q41BufferType final : public ggml::cpu::extra_buffer_type {
 public:
  bool supports_op(ggml_backend_dev_t, const ggml_tensor* op) override {
    if (op->op != GGML_OP_MUL_MAT || !is_ours(op->src[0]) || !fits(op->src[0])) return false;
    const ggml_tensor* vectors = op->src[1];
    const bool on_host = vectors->buffer == nullptr || ggml_backend_buft_is_host(vectors->buffer->buft);
    return on_host && vectors->type == GGML_TYPE_F32 && vectors->nb[0] == sizeof(float);
  }

  ggml::cpu::tensor_traits* get_tensor_traits(const ggml_tensor* op) override {
    return op->op == GGML_OP_MUL_MAT && is_ours(op->src[0]) ? &product_ : nullptr;
  }

 private:
  static bool is_ours(const ggml_tensor* weights) {
    return weights->buffer != nullptr && weights->buffer->buft == q4_1_buffer_type();
  }

  Q41Product product_;
};

void repack(ggml_backend_buffer_t, ggml_tensor* tensor, const void* data, size_t offset, size_t size) {
  GGML_ASSERT(offset == 0 && size == ggml_nbytes(tensor) && fits(tensor));
  const std::size_t count = size / sizeof(WeightBlock);
  q4_1::pack({static_cast<const WeightBlock*>(data), count}, blocks_per_row(tensor),
             {static_cast<GroupBlock*>(tensor->data), count / kGroup});
}

ggml_backend_buffer_t allocate(ggml_backend_buffer_type_t type, size_t size) {
  ggml_backend_buffer_t buffer = ggml_backend_buft_alloc_buffer(ggml_backend_cpu_buffer_type(), size);
  if (buffer == nullptr) return nullptr;
  buffer->buft = type;
  buffer->iface.init_tensor = nullptr;
  buffer->iface.set_tensor = repack;
  buffer->iface.get_tensor = nullptr;  // what was repacked is not read back
  buffer->iface.cpy_tensor = nullptr;
  return buffer;
}

ggml_backend_buffer_type_t q4_1_buffer_type() {
  static Q41BufferType ours;
  static ggml_backend_buffer_type type = {
      {
          [](ggml_backend_buffer_type_t) { return "CPU_Q4_1_GROUPS"; },
          allocate,
          [](ggml_backend_buffer_type_t) -> size_t { return 64; },
          nullptr,  // no largest size
          nullptr,  // a tensor takes ggml_nbytes
          nullptr,  // not host: only our kernel reads it
      },
      ggml_backend_reg_dev_get(ggml_backend_cpu_reg(), 0),
      static_cast<ggml::cpu::extra_buffer_type*>(&ours),
  };
  return &type;
}

}  // namespace

bool has_q4_1_kernel(const ggml_tensor* weights) {
  return weights->buffer != nullptr && weights->buffer->buft == q4_1_buffer_type() && fits(weights);
}

void add_to_products(ggml_tensor* weights, const LowRankPair* pair) {
  GGML_ASSERT(has_q4_1_kernel(weights));
  weights->extra = const_cast<LowRankPair*>(pair);  // ggml keeps it for the buffer's type, and never looks at it
}

void install_q4_1_kernel() {
  if (!q4_1::supported()) return;
  auto& types = ggml_backend_cpu_get_extra_buffer_types();
  if (std::find(types.begin(), types.end(), q4_1_buffer_type()) == types.end()) types.push_back(q4_1_buffer_type());
}

}  // namespace genepool
