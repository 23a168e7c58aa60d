#include "genome/page.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <map>

#include "genome/half.h"
#include "genome/values.h"

namespace genepool {
namespace {

// Rows of B are converted through buffers of this many values at a time, which stay in the first-level cache.
constexpr std::uint64_t kBufferValues = 4096;

// The common type of the parts' A: their bits are kept when they agree, else all widen to f32 (bf16 -> f16 may overflow).
TensorType common_type(std::span<const TensorType> types) {
  const bool agree = std::ranges::all_of(types, [&](TensorType t) { return t == types.front(); });
  // q8_0 rows cannot be told apart inside a fused row, and the engine wants few kinds: widened.
  return agree && types.front() == TensorType::kF16 ? TensorType::kF16 : TensorType::kF32;
}

// [rows][in] block of A: bytes as they are, or widened.
void copy_a(TensorType type, std::span<const std::byte> from, TensorType wanted, std::span<std::byte> to) {
  if (type == wanted) {
    std::memcpy(to.data(), from.data(), from.size());
    return;
  }
  read_values(type, from, 0, {reinterpret_cast<float*>(to.data()), to.size() / sizeof(float)});
}

// Elements [first, ...) of a tensor times `scale`, as f32 or rounded to f16, as many as `to` has room for (at most kBufferValues).
void read_scaled(TensorType from, std::span<const std::byte> tensor, std::uint64_t first, float scale, TensorType wanted, std::span<std::byte> to) {
  auto* const halves = reinterpret_cast<std::uint16_t*>(to.data());
  if (from == TensorType::kF16 && wanted == TensorType::kF16) {
    const std::size_t count = to.size() / 2;
    return scale_f16({reinterpret_cast<const std::uint16_t*>(tensor.data()) + first, count}, scale, {halves, count});
  }
  std::array<float, kBufferValues> buffer;
  const bool is_f32 = wanted == TensorType::kF32;
  const std::size_t count = to.size() / (is_f32 ? 4 : 2);
  const std::span<float> values(is_f32 ? reinterpret_cast<float*>(to.data()) : buffer.data(), count);
  read_values(from, tensor, first, values);
  for (float& value : values) value *= scale;
  if (!is_f32) f32_to_f16(values, {halves, count});
}

// A row is short, and a call of memcpy costs as much as copying it.
void copy_row(const std::byte* from, std::uint64_t size, std::byte* to) {
  constexpr std::uint64_t kStep = 16;
  for (; size >= kStep; size -= kStep, from += kStep, to += kStep) std::memcpy(to, from, kStep);
  for (; size > 0; --size) *to++ = *from++;
}

}  // namespace

Result<FusePlan> FusePlan::make(std::span<const FusePart> parts) {
  FusePlan plan;
  std::map<std::string, Target> targets;  // ordered: equal genomes give equal bytes
  const std::string& architecture = parts.front().layer->architecture();
  for (const FusePart& part : parts) {
    if (part.layer->architecture() != architecture) {
      return fail(Code::kBadRequest, "a stack cannot mix layers for {} and {}", architecture, part.layer->architecture());
    }
    if (part.weight == 0.0F) continue;
    for (const LayerPair& pair : part.layer->pairs()) {
      Target& target = targets[pair.base_tensor];
      if (target.parts.empty()) {
        target.base_tensor = pair.base_tensor;
        target.shape = {pair.shape.in, 0, pair.shape.out};
      } else if (target.shape.in != pair.shape.in || target.shape.out != pair.shape.out) {
        return fail(Code::kBadRequest, "layers disagree on the shape of {}", pair.base_tensor);
      }
      target.shape.rank += pair.shape.rank;
      const auto scale = static_cast<float>(static_cast<double>(part.weight) * static_cast<double>(pair.scale));
      target.parts.push_back({part.layer, &pair, scale});
    }
  }
  plan.layout_.add_text("general.type", "adapter");
  plan.layout_.add_text("general.architecture", architecture);
  plan.layout_.add_text("adapter.type", "lora");
  for (auto& [name, target] : targets) GENEPOOL_TRY_VOID(plan.add_target(std::move(target)));
  plan.byte_size_ = plan.layout_.finish();
  return plan;
}

Result<void> FusePlan::add_target(Target target) {
  std::vector<TensorType> a_types, b_types;
  bool fits = true;
  for (const Part& part : target.parts) {
    a_types.push_back(part.pair->a.type());
    b_types.push_back(part.pair->b.type());
    // q8_0 and f16 hold at most 65504 themselves; only the scale can push them over. f32 and bf16 parts become f32 anyway.
    const GgufTensor& b = part.pair->b;
    const float peak = peak_of(b.type(), part.layer->data(b), b.element_count()) * std::abs(part.scale);
    if (!std::isfinite(peak)) return fail(Code::kLayerCorrupt, "{} x {} is not finite", b.name, part.scale);
    fits = fits && peak <= kMaxF16;
  }
  target.type_a = common_type(a_types);
  target.type_b = fits ? common_type(b_types) : TensorType::kF32;
  const auto [in, rank, out] = target.shape;
  const bool is_lookup = layout_of(target.base_tensor) == PairLayout::kLookup;
  target.index_a = layout_.add_tensor(target.base_tensor + ".lora_a", target.type_a, is_lookup ? rank : in, is_lookup ? in : rank);
  target.index_b = layout_.add_tensor(target.base_tensor + ".lora_b", target.type_b, rank, out);
  targets_.push_back(std::move(target));
  return {};
}

void FusePlan::write(std::span<std::byte> page) const {
  layout_.write_header(page);
  for (const Target& target : targets_) {
    const auto a = layout_.place(target.index_a, page);
    if (layout_of(target.base_tensor) == PairLayout::kLookup) {
      write_beside(target, Half::kA, a);
    } else {
      write_stacked_a(target, a);
    }
    write_beside(target, Half::kB, layout_.place(target.index_b, page));
  }
}

void FusePlan::write_stacked_a(const Target& target, std::span<std::byte> to) const {
  for (const Part& part : target.parts) {
    const GgufTensor& a = part.pair->a;
    const std::uint64_t size = tensor_bytes(static_cast<std::uint32_t>(target.type_a), a.element_count());
    copy_a(a.type(), part.layer->data(a), target.type_a, to.first(size));
    to = to.subspan(size);
  }
}

// Each row of the result is the parts' rows side by side, scaled in f32 and rounded once (a scale of 1 changes no bit).
void FusePlan::write_beside(const Target& target, Half half, std::span<std::byte> to) const {
  const TensorType type = half == Half::kA ? target.type_a : target.type_b;
  const std::uint64_t value_bytes = type == TensorType::kF16 ? 2 : 4;
  std::uint64_t column = 0;
  std::vector<std::byte> rows_scaled(kBufferValues * value_bytes);
  for (const Part& part : target.parts) {
    const GgufTensor& tensor = half == Half::kA ? part.pair->a : part.pair->b;
    const float scale = half == Half::kA ? 1.0F : part.scale;
    const std::uint64_t rank = tensor.ne[0], row_count = tensor.ne[1];
    // Whole rows, and whole q8_0 blocks: a rank that is no multiple of 32 is never q8_0 (its rows would not fit).
    const std::uint64_t rows_at_once = std::max<std::uint64_t>(1, kBufferValues / rank);
    for (std::uint64_t row = 0; row < row_count; row += rows_at_once) {
      const std::uint64_t rows = std::min(rows_at_once, row_count - row);
      read_scaled(tensor.type(), part.layer->data(tensor), row * rank, scale, type, std::span(rows_scaled).first(rows * rank * value_bytes));
      for (std::uint64_t i = 0; i < rows; ++i) {
        const std::uint64_t at = (row + i) * target.shape.rank + column;
        copy_row(rows_scaled.data() + i * rank * value_bytes, rank * value_bytes, to.data() + at * value_bytes);
      }
    }
    column += rank;
  }
}

Result<PageView> PageView::parse(std::span<const std::byte> bytes) {
  const auto corrupt = [](std::string_view why) { return fail(Code::kLayerCorrupt, "not a page of ours: {}", why); };
  PageView page;
  auto file = GgufView::parse(bytes, GgufLimits{});
  if (!file) return corrupt(file.error().message);
  page.file_ = std::move(*file);
  auto architecture = page.file_.text("general.architecture");
  if (!architecture) return corrupt(architecture.error().message);
  page.architecture_ = std::move(*architecture);
  const auto& tensors = page.file_.tensors();
  if (tensors.size() % 2 != 0) return corrupt("an odd number of tensors");
  for (std::size_t i = 0; i < tensors.size(); i += 2) {
    const GgufTensor& a = tensors[i];
    const GgufTensor& b = tensors[i + 1];
    constexpr std::string_view kSuffix = ".lora_a";
    if (!a.name.ends_with(kSuffix)) return corrupt(fmt::format("tensor {} is no lora_a", a.name));
    std::string base_tensor = a.name.substr(0, a.name.size() - kSuffix.size());
    const auto shape = pair_shape(layout_of(base_tensor), a, b);
    if (b.name != base_tensor + ".lora_b" || !shape) return corrupt(fmt::format("{} has no partner", a.name));
    page.pairs_.push_back({std::move(base_tensor), a, b, *shape});
  }
  return page;
}

}  // namespace genepool
