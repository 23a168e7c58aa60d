#include "genome/base_model.h"

namespace genepool {

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
  base.has_output = file.find("output.weight") != nullptr;
  return base;
}

}  // namespace genepool
