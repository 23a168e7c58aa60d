// A valid layer in each container, and a valid base, as plain values: a case breaks exactly one thing of them and writes
// what comes out, whatever it claims. Thread: values.
// Use:   Gguf layer = valid_gguf_layer();
//        layer.tensors[0].ne[0] = 0;
//        write_file(path, layer.bytes());
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "genome/base_model.h"

namespace genepool::hostile {

// `count` values of 1/16, 2/16, ... as the bytes of f32.
[[nodiscard]] std::string floats(std::size_t count);
// One value over and over.
[[nodiscard]] std::string floats(std::size_t count, float value);

// The bytes of a number, little-endian.
template <class Number>
[[nodiscard]] std::string raw(Number value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

void write_file(const std::string& path, std::string_view bytes);

// ---- GGUF (ggml-org/ggml docs/gguf.md)

namespace kv {  // a value behind its type
[[nodiscard]] std::string u8(std::uint8_t value);
[[nodiscard]] std::string u32(std::uint32_t value);
[[nodiscard]] std::string u64(std::uint64_t value);
[[nodiscard]] std::string f32(float value);
[[nodiscard]] std::string f64(double value);
[[nodiscard]] std::string flag(std::uint8_t value);
[[nodiscard]] std::string text(std::string_view value);
[[nodiscard]] std::string array(std::uint32_t element_type, std::uint64_t count, std::string_view elements);
}  // namespace kv

struct Gguf {
  struct Tensor {
    std::string name;
    std::vector<std::uint64_t> ne;
    std::uint32_t type = 0;  // f32
    std::string data;
    std::optional<std::uint64_t> offset;  // instead of the true one
  };
  std::string magic = "GGUF";
  std::uint32_t version = 3;
  std::optional<std::uint64_t> claimed_tensors, claimed_kvs;
  std::vector<std::pair<std::string, std::string>> kvs;  // key, value behind its type
  std::vector<Tensor> tensors;
  std::string tail;  // behind the last tensor

  void set(const std::string& key, std::string value);  // replaces or appends
  void unset(const std::string& key);
  [[nodiscard]] Tensor& tensor(const std::string& name);
  [[nodiscard]] std::string bytes() const;
};

// Architecture llama, one block, 32 wide, tied embeddings, no gate: ranks up to 16 fit everywhere.
[[nodiscard]] Gguf valid_base();
// attn_q, attn_k and ffn_up at rank 2, alpha 4.
[[nodiscard]] Gguf valid_gguf_layer();
// What the server knows of valid_base().
[[nodiscard]] BaseModel base_model();

// ---- PEFT (huggingface/peft) over safetensors (huggingface/safetensors, README "Format")

struct Safetensors {
  struct Tensor {
    std::string name;
    std::vector<std::uint64_t> shape;
    std::string data;
    std::string dtype = "F32";
  };
  std::vector<Tensor> tensors;
  std::optional<std::string> header;  // instead of the true one
  std::optional<std::uint64_t> claimed_header;
  std::string tail;

  [[nodiscard]] Tensor& tensor(const std::string& name);
  [[nodiscard]] std::string true_header() const;
  [[nodiscard]] std::string bytes() const;
};

struct Peft {
  nlohmann::json config;
  std::optional<std::string> config_text;  // instead of `config`
  Safetensors model;

  // "mlp.up_proj", 'A' -> the tensor's name in block 0
  [[nodiscard]] static std::string name(const std::string& module, char half);
  void write(const std::string& folder) const;  // which exists
};

// The same layer as valid_gguf_layer().
[[nodiscard]] Peft valid_peft();

// `text` with its first `from` made `to`. Requires: it is there.
[[nodiscard]] std::string replaced(std::string text, std::string_view from, std::string_view to);

}  // namespace genepool::hostile
