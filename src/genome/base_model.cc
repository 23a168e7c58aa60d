#include "genome/base_model.h"

#include <algorithm>
#include <map>

namespace genepool {
namespace {

// ggml's numbers; the types that people's base models have.
std::string type_name(std::uint32_t raw_type) {
  static const std::map<std::uint32_t, const char*> kNames = {
      {0, "f32"},   {1, "f16"},   {2, "q4_0"},  {3, "q4_1"},  {6, "q5_0"},    {7, "q5_1"},    {8, "q8_0"},  {10, "q2_k"},
      {11, "q3_k"}, {12, "q4_k"}, {13, "q5_k"}, {14, "q6_k"}, {20, "iq4_nl"}, {23, "iq4_xs"}, {30, "bf16"}, {39, "mxfp4"}};
  const auto found = kNames.find(raw_type);
  return found == kNames.end() ? fmt::format("type {}", raw_type) : found->second;
}

void describe_weights(const GgufView& file, BaseModel& base) {
  std::map<std::uint32_t, std::uint64_t> elements;
  for (const GgufTensor& tensor : file.tensors()) {
    elements[tensor.raw_type] += tensor.element_count();
    base.parameters += tensor.element_count();
  }
  const auto most = std::ranges::max_element(elements, {}, [](const auto& entry) { return entry.second; });
  if (most != elements.end()) base.type = type_name(most->first);
}

}  // namespace

Result<BaseModel> read_base_model(const GgufView& file) {
  BaseModel base;
  auto architecture = file.text("general.architecture");
  if (!architecture) return fail(Code::kBadRequest, "not a base model: {}", architecture.error().message);
  base.architecture = *architecture;
  base.name = file.text("general.name").value_or("");
  const auto number = [&](std::string_view key) { return file.count(fmt::format("{}.{}", base.architecture, key)); };
  const auto need = [&](std::string_view key, std::uint64_t& into) -> Result<void> {
    auto found = number(key);
    if (!found) return fail(Code::kBadRequest, "not a base model: {}", found.error().message);
    into = *found;
    return {};
  };
  GENEPOOL_TRY_VOID(need("block_count", base.block_count));
  GENEPOOL_TRY_VOID(need("attention.head_count", base.head_count));
  GENEPOOL_TRY_VOID(need("context_length", base.context_length));
  base.head_count_kv = base.head_count;  // absent: no grouped queries
  if (file.kvs().contains(fmt::format("{}.attention.head_count_kv", base.architecture))) {
    GENEPOOL_TRY_VOID(need("attention.head_count_kv", base.head_count_kv));
  }
  for (const GgufTensor& tensor : file.tensors()) {
    const bool is_matrix = tensor.ne[1] > 1 && tensor.ne[2] == 1 && tensor.ne[3] == 1;
    if (is_matrix && tensor.name.ends_with(".weight")) base.linears[tensor.name] = {tensor.ne[0], tensor.ne[1]};
  }
  describe_weights(file, base);
  base.has_output = file.find("output.weight") != nullptr;
  return base;
}

}  // namespace genepool
