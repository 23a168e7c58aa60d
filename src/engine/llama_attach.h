// Runs in the zygote and in workers. AdapterSlot: how a page becomes the one active LoRA adapter of a context without
// copying a byte of it, and with one graph reservation instead of three.
//
// The stock way (llama_adapter_lora_init + llama_set_adapters_lora) copies every tensor into fresh memory and makes the
// next decode throw its scheduler away and plan three graphs. Instead an *empty* adapter is made in the zygote, counted
// into the graph's size and set on the context there, so a forked worker inherits a scheduler that is large enough. It
// only has to put tensors that point into its mapped page into the adapter's table and plan the one largest graph again.
// Pairs of matrices whose products are our own (llama_q4_1.h) are added there and need no graph at all.
//
// Owner of the adapter: the llama_model (it deletes what is in its list). Thread: the process's only one.
// Use:   zygote: auto slot = AdapterSlot::add_to(model); context = llama_init_from_model(...); slot.activate(context);
//        worker: slot.fill(page, bytes); slot.reserve(context);
// llama_attach.cc is the one file that includes llama.cpp's private headers; they promise nothing beyond our pin.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "engine/llama_q4_1.h"
#include "genome/page.h"

struct llama_adapter_lora;
struct llama_context;
struct llama_model;

namespace genepool {

class AdapterSlot {
 public:
  AdapterSlot() = default;

  // Requires: no context of `model` exists yet, so that every one is sized for a page that adapts every tensor.
  [[nodiscard]] static AdapterSlot add_to(llama_model* model);

  // Makes it the adapter of `context` and plans the context's graphs. kInternal when memory is short.
  [[nodiscard]] Result<void> activate(llama_context* context) const;

  // Points the adapter at `page`, parsed from `bytes`, which must stay mapped as long as the context is used.
  // kLayerRejected names the pair that does not fit the base; the adapter is empty then. Requires: called once.
  [[nodiscard]] Result<void> fill(const PageView& page, std::span<const std::byte> bytes);

  // Plans the largest graph with the page in it, so that no decode has to grow a buffer. kInternal.
  [[nodiscard]] Result<void> reserve(llama_context* context) const;

 private:
  llama_model* model_ = nullptr;
  llama_adapter_lora* adapter_ = nullptr;
  std::vector<LowRankPair> products_;
};

// Bytes of the context's KV, and of its compute buffers as planned now.
struct ContextMemory {
  std::uint64_t kv = 0, compute = 0;
};
[[nodiscard]] ContextMemory context_memory(const llama_context* context);

}  // namespace genepool
