#include <bit>
#include <cstring>
#include <limits>

#include "base/printable.h"
#include "genome/gguf.h"

static_assert(std::endian::native == std::endian::little, "GGUF bytes are used in place");

namespace genepool {
namespace {

constexpr std::uint32_t kMagic = 0x46554747;  // "GGUF"
constexpr std::uint64_t kMaxTensorName = 63;  // ggml's own bound
constexpr std::uint64_t kMaxKeyName = 255;

// gguf_type of the specification.
enum : std::uint32_t { kU8, kI8, kU16, kI16, kU32, kI32, kFloat32, kBool, kString, kArray, kU64, kI64, kFloat64 };

std::uint64_t size_of_kv(std::uint32_t type) {
  switch (type) {
    case kU8: case kI8: case kBool: return 1;
    case kU16: case kI16: return 2;
    case kU32: case kI32: case kFloat32: return 4;
    case kU64: case kI64: case kFloat64: return 8;
    default: return 0;
  }
}

auto reject(std::string_view why) { return fail(Code::kLayerRejected, "not an acceptable GGUF file: {}", printable(why)); }

// Walks the header; every read is checked against what is left.
class Cursor {
 public:
  explicit Cursor(std::span<const std::byte> bytes) : bytes_(bytes) {}

  [[nodiscard]] std::uint64_t position() const { return position_; }
  [[nodiscard]] std::uint64_t left() const { return bytes_.size() - position_; }

  [[nodiscard]] Result<std::span<const std::byte>> take(std::uint64_t size, std::string_view what) {
    if (size > left()) return reject(fmt::format("{} wants {} bytes, {} are left", what, size, left()));
    const auto part = bytes_.subspan(position_, size);
    position_ += size;
    return part;
  }
  template <class Number>
  [[nodiscard]] Result<Number> number(std::string_view what) {
    GENEPOOL_TRY(const auto raw, take(sizeof(Number), what));
    Number value;
    std::memcpy(&value, raw.data(), sizeof value);
    return value;
  }
  [[nodiscard]] Result<std::string> text(std::uint64_t most, std::string_view what) {
    GENEPOOL_TRY(const auto length, number<std::uint64_t>(what));
    if (length > most) return reject(fmt::format("{} has {} bytes, at most {} are accepted", what, length, most));
    GENEPOOL_TRY(const auto raw, take(length, what));
    return std::string(reinterpret_cast<const char*>(raw.data()), raw.size());
  }

 private:
  std::span<const std::byte> bytes_;
  std::uint64_t position_ = 0;
};

template <class From, class To>
Result<GgufValue> scalar(Cursor& cursor) {
  GENEPOOL_TRY(const From value, cursor.number<From>("a value"));
  return GgufValue(static_cast<To>(value));
}

Result<GgufValue> read_array(Cursor& cursor) {
  GgufArray array;
  GENEPOOL_TRY(array.element_type, cursor.number<std::uint32_t>("an array's type"));
  GENEPOOL_TRY(array.count, cursor.number<std::uint64_t>("an array's length"));
  if (const std::uint64_t size = size_of_kv(array.element_type); size != 0) {
    if (array.count > cursor.left() / size) return reject("an array is longer than the file");
    GENEPOOL_TRY(array.bytes, cursor.take(array.count * size, "an array"));
    return array;
  }
  // A base's vocabulary, an adapter's tags: nobody looks inside.
  if (array.element_type != kString) return reject("an array of this type is not accepted");
  for (std::uint64_t i = 0; i < array.count; ++i) {
    GENEPOOL_TRY(const auto length, cursor.number<std::uint64_t>("a string"));
    GENEPOOL_TRY([[maybe_unused]] const auto skipped, cursor.take(length, "a string"));
  }
  return array;
}

Result<GgufValue> read_value(Cursor& cursor, std::uint32_t type, const GgufLimits& limits) {
  switch (type) {
    case kU8: return scalar<std::uint8_t, std::uint64_t>(cursor);
    case kU16: return scalar<std::uint16_t, std::uint64_t>(cursor);
    case kU32: return scalar<std::uint32_t, std::uint64_t>(cursor);
    case kU64: return scalar<std::uint64_t, std::uint64_t>(cursor);
    case kI8: return scalar<std::int8_t, std::int64_t>(cursor);
    case kI16: return scalar<std::int16_t, std::int64_t>(cursor);
    case kI32: return scalar<std::int32_t, std::int64_t>(cursor);
    case kI64: return scalar<std::int64_t, std::int64_t>(cursor);
    case kFloat32: return scalar<float, float>(cursor);
    case kFloat64: return scalar<double, double>(cursor);
    case kBool: {
      GENEPOOL_TRY(const auto raw, cursor.number<std::uint8_t>("a flag"));
      if (raw > 1) return reject("a flag is neither 0 nor 1");
      return GgufValue(raw == 1);
    }
    case kString: {
      GENEPOOL_TRY(std::string text, cursor.text(limits.max_text, "a text"));
      return GgufValue(std::move(text));
    }
    case kArray: return read_array(cursor);
    default: return reject(fmt::format("unknown value type {}", type));
  }
}

Result<std::map<std::string, GgufKv, std::less<>>> read_kvs(Cursor& cursor, std::uint64_t count, const GgufLimits& limits) {
  std::map<std::string, GgufKv, std::less<>> kvs;
  for (std::uint64_t i = 0; i < count; ++i) {
    GENEPOOL_TRY(std::string key, cursor.text(kMaxKeyName, "a key"));
    GgufKv kv;
    GENEPOOL_TRY(kv.raw_type, cursor.number<std::uint32_t>("a value's type"));
    auto value = read_value(cursor, kv.raw_type, limits);
    if (!value) return reject(fmt::format("key \"{}\": {}", key, value.error().message));
    kv.value = std::move(*value);
    if (!kvs.emplace(key, std::move(kv)).second) return reject(fmt::format("key \"{}\" stands twice", key));
  }
  return kvs;
}

Result<GgufTensor> read_tensor(Cursor& cursor, const GgufLimits& limits) {
  GgufTensor tensor;
  GENEPOOL_TRY(tensor.name, cursor.text(kMaxTensorName, "a tensor's name"));
  GENEPOOL_TRY(const auto dimensions, cursor.number<std::uint32_t>("a tensor's dimensions"));
  if (dimensions < 1 || dimensions > 4) return reject(fmt::format("tensor {} has {} dimensions", tensor.name, dimensions));
  std::uint64_t elements = 1;
  for (std::uint32_t d = 0; d < dimensions; ++d) {
    GENEPOOL_TRY(tensor.ne.at(d), cursor.number<std::uint64_t>("a tensor's shape"));
    if (tensor.ne.at(d) == 0) return reject(fmt::format("tensor {} is empty", tensor.name));
    if (tensor.ne.at(d) > std::numeric_limits<std::int64_t>::max() / elements) {
      return reject(fmt::format("tensor {} overflows", tensor.name));
    }
    elements *= tensor.ne.at(d);
  }
  GENEPOOL_TRY(tensor.raw_type, cursor.number<std::uint32_t>("a tensor's type"));
  GENEPOOL_TRY(tensor.offset, cursor.number<std::uint64_t>("a tensor's offset"));
  tensor.byte_size = elements > std::numeric_limits<std::uint64_t>::max() / 4 ? 0 : tensor_bytes(tensor.raw_type, elements);
  if (tensor.byte_size == 0 && !limits.is_base) {
    return reject(fmt::format("tensor {} has type {}: only f32, f16, bf16 and q8_0 are accepted (a whole model is no layer)", tensor.name, tensor.raw_type));
  }
  if (tensor.type() == TensorType::kQ8_0 && tensor.ne[0] % 32 != 0) {
    return reject(fmt::format("tensor {} is q8_0 with rows of {}: no multiple of 32", tensor.name, tensor.ne[0]));
  }
  return tensor;
}

std::uint64_t round_up(std::uint64_t value, std::uint64_t alignment) { return (value + alignment - 1) / alignment * alignment; }

// Offsets become absolute. In an adapter they are exactly contiguous, and nothing stands behind the last tensor.
Result<void> place_tensors(std::vector<GgufTensor>& tensors, std::uint64_t data_start, std::uint64_t alignment,
                           std::uint64_t file_size, bool is_base) {
  std::uint64_t expected = 0;
  for (GgufTensor& tensor : tensors) {
    if (!is_base && tensor.offset != expected) {
      return reject(fmt::format("tensor {} is at offset {}, wanted {}", tensor.name, tensor.offset, expected));
    }
    // No type packs less than one bit a value: a base's matrix is never larger than the file could hold, whatever its type.
    const std::uint64_t least_bytes = tensor.byte_size != 0 ? tensor.byte_size : tensor.element_count() / 8;
    if (tensor.offset % alignment != 0 || tensor.offset > file_size || data_start > file_size - tensor.offset ||
        least_bytes > file_size - tensor.offset - data_start) {
      return reject(fmt::format("tensor {} lies outside the file", tensor.name));
    }
    expected = round_up(tensor.offset + tensor.byte_size, alignment);
    tensor.offset += data_start;
  }
  // The last tensor's padding may be missing: writers differ.
  if (is_base || tensors.empty()) return {};
  const std::uint64_t end = tensors.back().offset + tensors.back().byte_size;
  if (file_size != end && file_size != data_start + expected) {
    return reject(fmt::format("{} bytes stand after the last tensor", file_size - end));
  }
  return {};
}

Result<std::uint64_t> alignment_of(const std::map<std::string, GgufKv, std::less<>>& kvs) {
  const auto found = kvs.find("general.alignment");
  if (found == kvs.end()) return GgufLayout::kAlignment;
  const auto* value = std::get_if<std::uint64_t>(&found->second.value);
  if (found->second.raw_type != kU32 || value == nullptr || !std::has_single_bit(*value) || *value < 8 || *value > 4096) {
    return reject("general.alignment is not a power of two from 8 to 4096");
  }
  return *value;
}

}  // namespace

std::uint64_t tensor_bytes(std::uint32_t raw_type, std::uint64_t elements) {
  switch (static_cast<TensorType>(raw_type)) {
    case TensorType::kF32: return elements * 4;
    case TensorType::kF16:
    case TensorType::kBF16: return elements * 2;
    case TensorType::kQ8_0: return elements / 32 * 34;
  }
  return 0;
}

Result<GgufView> GgufView::parse(std::span<const std::byte> bytes, const GgufLimits& limits) {
  Cursor cursor(bytes);
  GENEPOOL_TRY(const auto magic, cursor.number<std::uint32_t>("the magic"));
  GENEPOOL_TRY(const auto version, cursor.number<std::uint32_t>("the version"));
  if (magic != kMagic) return reject("it does not begin with GGUF");
  if (version != 2 && version != 3) return reject(fmt::format("version {}, wanted 2 or 3", version));
  GENEPOOL_TRY(const auto tensor_count, cursor.number<std::uint64_t>("the tensor count"));
  GENEPOOL_TRY(const auto kv_count, cursor.number<std::uint64_t>("the key count"));
  if (tensor_count > limits.max_tensors) return reject(fmt::format("{} tensors, at most {}", tensor_count, limits.max_tensors));
  if (kv_count > limits.max_kvs) return reject(fmt::format("{} keys, at most {}", kv_count, limits.max_kvs));

  GgufView view;
  view.bytes_ = bytes;
  GENEPOOL_TRY(view.kvs_, read_kvs(cursor, kv_count, limits));
  for (std::uint64_t i = 0; i < tensor_count; ++i) {
    GENEPOOL_TRY(GgufTensor tensor, read_tensor(cursor, limits));
    if (!view.by_name_.emplace(tensor.name, i).second) return reject(fmt::format("tensor {} stands twice", tensor.name));
    view.tensors_.push_back(std::move(tensor));
  }
  GENEPOOL_TRY(const std::uint64_t alignment, alignment_of(view.kvs_));
  GENEPOOL_TRY_VOID(place_tensors(view.tensors_, round_up(cursor.position(), alignment), alignment, bytes.size(), limits.is_base));
  return view;
}

const GgufTensor* GgufView::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &tensors_[found->second];
}

std::span<const std::byte> GgufView::data(const GgufTensor& tensor) const {
  return bytes_.subspan(tensor.offset, tensor.byte_size);
}

namespace {

template <class Value>
Result<Value> typed(const std::map<std::string, GgufKv, std::less<>>& kvs, std::string_view key, std::string_view wanted) {
  const auto found = kvs.find(key);
  if (found == kvs.end()) return reject(fmt::format("key {} is missing", key));
  const auto* value = std::get_if<Value>(&found->second.value);
  if (value == nullptr) return reject(fmt::format("key {} is not {}", key, wanted));
  return *value;
}

}  // namespace

Result<std::string> GgufView::text(std::string_view key) const { return typed<std::string>(kvs_, key, "a text"); }
Result<std::uint64_t> GgufView::count(std::string_view key) const { return typed<std::uint64_t>(kvs_, key, "an unsigned number"); }
Result<float> GgufView::real(std::string_view key) const { return typed<float>(kvs_, key, "a 32 bit float"); }

Result<std::vector<float>> GgufView::reals(std::string_view key) const {
  GENEPOOL_TRY(const GgufArray array, typed<GgufArray>(kvs_, key, "an array"));
  if (array.element_type != kFloat32) return reject(fmt::format("key {} is not an array of 32 bit floats", key));
  std::vector<float> values(array.count);
  if (!values.empty()) std::memcpy(values.data(), array.bytes.data(), array.bytes.size());
  return values;
}

}  // namespace genepool
