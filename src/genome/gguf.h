// A strict reader and a small writer for GGUF (version 3; the reader also takes 2, which has the same layout; ggml-org/ggml
// docs/gguf.md), the one container of base files, imported adapters, stored layers and pages. The reader accepts less than libllama's does: nothing reaches the engine
// that has not passed here.
// Thread: any, pure. Memory: bounded by `limits`, whatever the bytes claim.
// Use:   GENEPOOL_TRY(GgufView file, GgufView::parse(mapping.bytes(), GgufLimits{}));
//        const GgufTensor* a = file.find("blk.0.attn_q.weight.lora_a");
// Not here: what a tensor means (layer_file.h, page.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"

namespace genepool {

// ggml's numbers. Only types that a layer may have are computed with; a base may have others (kOther).
enum class TensorType : std::uint32_t { kF32 = 0, kF16 = 1, kQ8_0 = 8, kBF16 = 30 };

struct GgufTensor {
  std::string name;
  std::uint32_t raw_type = 0;              // ggml_type, as in the file
  std::array<std::uint64_t, 4> ne{1, 1, 1, 1};  // ne[0] varies fastest
  std::uint64_t offset = 0;                // of its bytes, from the start of the file
  std::uint64_t byte_size = 0;             // 0 where raw_type is unknown to us (allowed in a base only)
  [[nodiscard]] TensorType type() const { return static_cast<TensorType>(raw_type); }
  [[nodiscard]] std::uint64_t element_count() const { return ne[0] * ne[1] * ne[2] * ne[3]; }
};

struct GgufArray {  // kept as raw bytes for numbers; strings are skipped, only their count is known
  std::uint32_t element_type = 0;
  std::uint64_t count = 0;
  std::span<const std::byte> bytes;  // of the numbers, little-endian; into the parsed bytes
};
using GgufValue = std::variant<bool, std::uint64_t, std::int64_t, float, double, std::string, GgufArray>;
// (u8..u64 -> uint64_t, i8..i64 -> int64_t, f32 -> float, f64 -> double; the exact type is in GgufKv::raw_type)
struct GgufKv {
  std::uint32_t raw_type = 0;  // gguf_type
  GgufValue value;
};

struct GgufLimits {
  std::uint64_t max_tensors = 4096;
  std::uint64_t max_kvs = 256;
  std::uint64_t max_text = 1 << 20;  // bytes of one string value
  bool is_base = false;  // a base may have unknown tensor types, gaps and bytes after the last tensor
};

class GgufView {
 public:
  // The view points into `bytes`, which must outlive it. kLayerRejected with the reason: magic, version, counts, lengths
  // past the end, names over 63 bytes or twice, alignment, offsets not exactly contiguous, trailing bytes, unknown types.
  [[nodiscard]] static Result<GgufView> parse(std::span<const std::byte> bytes, const GgufLimits& limits);

  [[nodiscard]] const std::vector<GgufTensor>& tensors() const { return tensors_; }
  [[nodiscard]] const std::map<std::string, GgufKv, std::less<>>& kvs() const { return kvs_; }
  [[nodiscard]] const GgufTensor* find(std::string_view name) const;
  [[nodiscard]] std::span<const std::byte> data(const GgufTensor& tensor) const;  // its bytes

  // Typed access: kLayerRejected when absent or of another type.
  [[nodiscard]] Result<std::string> text(std::string_view key) const;
  [[nodiscard]] Result<std::uint64_t> count(std::string_view key) const;  // u32 or u64
  [[nodiscard]] Result<float> real(std::string_view key) const;           // f32
  [[nodiscard]] Result<std::vector<float>> reals(std::string_view key) const;  // f32[]

 private:
  std::span<const std::byte> bytes_;
  std::vector<GgufTensor> tensors_;
  std::map<std::string, GgufKv, std::less<>> kvs_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
};

// Lays a GGUF file out before its data exists, so that the data can be produced in place (in a memory file).
// Use:   GgufLayout layout; layout.add_text(...); auto i = layout.add_tensor(...);
//        file = create(layout.finish()); layout.write_header(file.writable()); fill(layout.place(i, file.writable()));
class GgufLayout {
 public:
  static constexpr std::uint64_t kAlignment = 32;  // what ggml_backend_cpu_buffer_from_ptr demands of tensor addresses

  void add_text(std::string_view key, std::string_view value);
  void add_u32(std::string_view key, std::uint32_t value);
  void add_f32(std::string_view key, float value);
  void add_f32s(std::string_view key, std::span<const float> values);
  std::size_t add_tensor(std::string name, TensorType type, std::uint64_t ne0, std::uint64_t ne1);  // -> its index

  [[nodiscard]] std::uint64_t finish();  // bytes of the whole file; nothing may be added afterwards
  void write_header(std::span<std::byte> file) const;                             // and zeroes the padding
  [[nodiscard]] std::span<std::byte> place(std::size_t index, std::span<std::byte> file) const;

 private:
  struct Tensor {
    std::string name;
    TensorType type;
    std::uint64_t ne0, ne1, offset, byte_size;  // offset from the start of the file, once finish() was called
  };
  void add_key(std::string_view key, std::uint32_t raw_type);

  std::vector<std::byte> kv_bytes_;
  std::uint64_t kv_count_ = 0;
  std::vector<Tensor> tensors_;
  std::vector<std::byte> header_;
  std::uint64_t total_ = 0;
};

// Bytes of `elements` values of that type (Q8_0: blocks of 32 = 34 bytes); 0 when the type is unknown.
[[nodiscard]] std::uint64_t tensor_bytes(std::uint32_t raw_type, std::uint64_t elements);

}  // namespace genepool
