#include <cstring>

#include "genome/gguf.h"

namespace genepool {
namespace {

constexpr std::uint32_t kU32 = 4, kFloat32 = 6, kString = 8, kArray = 9;  // gguf_type of the specification

template <class Number>
void append(std::vector<std::byte>& out, Number value) {
  const auto* raw = reinterpret_cast<const std::byte*>(&value);
  out.insert(out.end(), raw, raw + sizeof value);
}

void append_text(std::vector<std::byte>& out, std::string_view text) {
  append(out, static_cast<std::uint64_t>(text.size()));
  const auto* raw = reinterpret_cast<const std::byte*>(text.data());
  out.insert(out.end(), raw, raw + text.size());
}

std::uint64_t round_up(std::uint64_t value) {
  return (value + GgufLayout::kAlignment - 1) / GgufLayout::kAlignment * GgufLayout::kAlignment;
}

}  // namespace

void GgufLayout::add_key(std::string_view key, std::uint32_t raw_type) {
  GENEPOOL_CHECK(total_ == 0, "a finished layout takes nothing more");
  append_text(kv_bytes_, key);
  append(kv_bytes_, raw_type);
  ++kv_count_;
}

void GgufLayout::add_text(std::string_view key, std::string_view value) {
  add_key(key, kString);
  append_text(kv_bytes_, value);
}

void GgufLayout::add_u32(std::string_view key, std::uint32_t value) {
  add_key(key, kU32);
  append(kv_bytes_, value);
}

void GgufLayout::add_f32(std::string_view key, float value) {
  add_key(key, kFloat32);
  append(kv_bytes_, value);
}

void GgufLayout::add_f32s(std::string_view key, std::span<const float> values) {
  add_key(key, kArray);
  append(kv_bytes_, kFloat32);
  append(kv_bytes_, static_cast<std::uint64_t>(values.size()));
  for (const float value : values) append(kv_bytes_, value);
}

std::size_t GgufLayout::add_tensor(std::string name, TensorType type, std::uint64_t ne0, std::uint64_t ne1) {
  GENEPOOL_CHECK(total_ == 0, "a finished layout takes nothing more");
  const std::uint64_t byte_size = tensor_bytes(static_cast<std::uint32_t>(type), ne0 * ne1);
  tensors_.push_back({std::move(name), type, ne0, ne1, 0, byte_size});
  return tensors_.size() - 1;
}

std::uint64_t GgufLayout::finish() {
  append(header_, std::uint32_t{0x46554747});  // "GGUF"
  append(header_, std::uint32_t{3});
  append(header_, static_cast<std::uint64_t>(tensors_.size()));
  append(header_, kv_count_);
  header_.insert(header_.end(), kv_bytes_.begin(), kv_bytes_.end());
  std::uint64_t offset = 0;
  for (Tensor& tensor : tensors_) {
    append_text(header_, tensor.name);
    append(header_, std::uint32_t{2});
    append(header_, tensor.ne0);
    append(header_, tensor.ne1);
    append(header_, static_cast<std::uint32_t>(tensor.type));
    append(header_, offset);
    tensor.offset = offset;
    offset = round_up(offset + tensor.byte_size);
  }
  header_.resize(round_up(header_.size()));
  for (Tensor& tensor : tensors_) tensor.offset += header_.size();
  total_ = header_.size() + offset;
  return total_;
}

void GgufLayout::write_header(std::span<std::byte> file) const {
  GENEPOOL_CHECK(file.size() == total_, "the layout has {} bytes, the file {}", total_, file.size());
  std::memcpy(file.data(), header_.data(), header_.size());
  for (const Tensor& tensor : tensors_) {
    const std::uint64_t end = tensor.offset + tensor.byte_size;
    std::memset(file.data() + end, 0, round_up(end) - end);
  }
}

std::span<std::byte> GgufLayout::place(std::size_t index, std::span<std::byte> file) const {
  const Tensor& tensor = tensors_.at(index);
  return file.subspan(tensor.offset, tensor.byte_size);
}

}  // namespace genepool
