// Runs in the zygote and in workers.
#include "engine/llama_attach.h"

#include <ggml-backend.h>
#include <ggml.h>
#include <llama-adapter.h>
#include <llama-context.h>
#include <llama-model.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace genepool {
namespace {

static_assert(static_cast<int>(TensorType::kF32) == GGML_TYPE_F32 && static_cast<int>(TensorType::kF16) == GGML_TYPE_F16 &&
              static_cast<int>(TensorType::kQ8_0) == GGML_TYPE_Q8_0 && static_cast<int>(TensorType::kBF16) == GGML_TYPE_BF16);

bool can_be_adapted(const ggml_tensor* base) { return base != nullptr && ggml_n_dims(base) == 2; }

// A page may adapt any matrix once. The names match no tensor: they only make graph_max_nodes() count them.
void add_placeholders(const llama_model& model, llama_adapter_lora& adapter) {
  for (const auto& [name, tensor] : model.tensors_by_name) {
    if (can_be_adapted(tensor)) adapter.ab_map.emplace("genepool: room for " + name, llama_adapter_lora_weight{});
  }
}

Result<void> check_fit(const llama_model& model, const PagePair& pair) {
  const ggml_tensor* base = model.get_tensor(pair.base_tensor.c_str());
  if (!can_be_adapted(base)) {
    return fail(Code::kLayerRejected, "the base has no matrix \"{}\" that a layer could change", pair.base_tensor);
  }
  // One row of the embedding is one token, so a lookup goes from ne[1] to ne[0]; a product goes the other way.
  auto in = static_cast<std::uint64_t>(base->ne[0]), out = static_cast<std::uint64_t>(base->ne[1]);
  if (layout_of(pair.base_tensor) == PairLayout::kLookup) {
    std::swap(in, out);
    // With tied embeddings the engine would find the pair for the output as well, by its name, and assert.
    if (model.get_tensor("output.weight") == nullptr) {
      return fail(Code::kLayerRejected, "\"{}\" is the base's output as well: no layer can change it", pair.base_tensor);
    }
  }
  if (pair.shape.in != in || pair.shape.out != out || pair.shape.rank == 0) {
    return fail(Code::kLayerRejected, "\"{}\" goes from {} to {} in the base and from {} to {} in the layer", pair.base_tensor,
                in, out, pair.shape.in, pair.shape.out);
  }
  return {};
}

ggml_tensor* tensor_of(const llama_model& model, const PagePair& pair) {
  return const_cast<ggml_tensor*>(model.get_tensor(pair.base_tensor.c_str()));
}

bool can_be_added(const ggml_tensor* base, const PagePair& pair) {
  return has_q4_1_kernel(base) && layout_of(pair.base_tensor) == PairLayout::kMatrix && pair.a.type() == TensorType::kF16 &&
         pair.b.type() == TensorType::kF16;
}

LowRankPair low_rank_pair(const PagePair& pair, const PageView& page) {
  return {reinterpret_cast<const std::uint16_t*>(page.data(pair.a).data()), reinterpret_cast<const std::uint16_t*>(page.data(pair.b).data()),
          static_cast<std::size_t>(pair.shape.rank)};
}

Result<ggml_tensor*> point_at(ggml_context* metadata, ggml_backend_buffer_t buffer, const GgufTensor& tensor,
                              std::span<const std::byte> data) {
  const auto type = static_cast<ggml_type>(tensor.raw_type);
  const bool is_known = type == GGML_TYPE_F32 || type == GGML_TYPE_F16 || type == GGML_TYPE_BF16 || type == GGML_TYPE_Q8_0;
  if (!is_known || tensor.ne[0] % static_cast<std::uint64_t>(ggml_blck_size(type)) != 0) {
    return fail(Code::kLayerRejected, "\"{}\" has a type the engine cannot use ({})", tensor.name, tensor.raw_type);
  }
  ggml_tensor* result = ggml_new_tensor_2d(metadata, type, static_cast<std::int64_t>(tensor.ne[0]),
                                           static_cast<std::int64_t>(tensor.ne[1]));
  ggml_set_name(result, tensor.name.c_str());
  if (ggml_nbytes(result) != data.size()) {
    return fail(Code::kLayerRejected, "\"{}\" has {} bytes, its shape needs {}", tensor.name, data.size(),
                ggml_nbytes(result));
  }
  // The backend only reads weights: the mapping is read-only and a write would stop the worker at once.
  ggml_backend_tensor_alloc(buffer, result, const_cast<std::byte*>(data.data()));
  return result;
}

}  // namespace

AdapterSlot AdapterSlot::add_to(llama_model* model) {
  AdapterSlot slot;
  slot.model_ = model;
  slot.adapter_ = new llama_adapter_lora(model);  // deleted by the model: it is in its list
  slot.adapter_->alpha = 0;                       // the constructor leaves it uninitialised; 0 = no alpha
  add_placeholders(*model, *slot.adapter_);
  model->loras.insert(slot.adapter_);
  return slot;
}

Result<void> AdapterSlot::activate(llama_context* context) const {
  llama_adapter_lora* adapter = adapter_;
  float weight = 1.0F;
  try {
    context->set_adapters_lora(&adapter, 1, &weight);
    context->sched_reserve();
  } catch (const std::exception& e) {
    return fail(Code::kInternal, "the engine cannot plan its graphs: {}", e.what());
  }
  return {};
}

Result<void> AdapterSlot::fill(const PageView& page, std::span<const std::byte> bytes) {
  adapter_->ab_map.clear();  // the placeholders have done their work when the context was made
  ggml_init_params params{};
  params.mem_size = std::max<std::size_t>(1, 2 * page.pairs().size()) * ggml_tensor_overhead();
  params.no_alloc = true;
  ggml_context_ptr metadata(ggml_init(params));
  // Does not own the bytes; ggml has no buffer over const memory.
  ggml_backend_buffer_ptr buffer(
      ggml_backend_cpu_buffer_from_ptr(const_cast<std::byte*>(bytes.data()), bytes.size()));

  std::unordered_map<std::string, llama_adapter_lora_weight> table;
  std::vector<std::pair<ggml_tensor*, LowRankPair>> in_products;
  for (const PagePair& pair : page.pairs()) {
    GENEPOOL_TRY_VOID(check_fit(*model_, pair));
    ggml_tensor* base = tensor_of(*model_, pair);
    if (can_be_added(base, pair)) {
      in_products.emplace_back(base, low_rank_pair(pair, page));
      continue;
    }
    GENEPOOL_TRY(ggml_tensor * a, point_at(metadata.get(), buffer.get(), pair.a, page.data(pair.a)));
    GENEPOOL_TRY(ggml_tensor * b, point_at(metadata.get(), buffer.get(), pair.b, page.data(pair.b)));
    table.emplace(pair.base_tensor, llama_adapter_lora_weight(a, b));
  }
  adapter_->ctxs.push_back(std::move(metadata));
  adapter_->bufs.push_back(std::move(buffer));
  adapter_->ab_map = std::move(table);
  products_.reserve(in_products.size());  // the tensors point into it
  for (const auto& [base, pair] : in_products) add_to_products(base, &products_.emplace_back(pair));
  return {};
}

Result<void> AdapterSlot::reserve(llama_context* context) const {
  if (adapter_->ab_map.empty()) return {};  // the graph is the bare base's, which was planned in the zygote
  try {
    const llama_memory_context_ptr memory = context->get_memory()->init_full();
    const std::uint32_t tokens = std::min(context->n_ctx(), context->n_ubatch());
    const std::uint32_t outputs = std::min(tokens, context->get_cparams().n_outputs_max);
    if (memory && context->graph_reserve(tokens, context->n_seq_max(), outputs, memory.get()) != nullptr) return {};
  } catch (const std::exception& e) {
    return fail(Code::kInternal, "the engine cannot plan the genome's graph: {}", e.what());
  }
  return fail(Code::kInternal, "the engine cannot plan the genome's graph");
}

ContextMemory context_memory(const llama_context* context) {
  ContextMemory result;
  for (const auto& [type, bytes] : context->memory_breakdown()) {
    result.kv += bytes.context;
    result.compute += bytes.compute;
  }
  return result;
}

}  // namespace genepool
