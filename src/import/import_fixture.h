// A folder with a PEFT adapter that a test can spoil in one place, and the base it was made for.
#pragma once

#include <cstring>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/temporary_dir.h"
#include "genome/base_model.h"

namespace genepool {

inline BaseModel tiny_base() {
  BaseModel base;
  base.architecture = "llama";
  base.block_count = 1;
  base.head_count = 2;
  base.head_count_kv = 1;
  base.context_length = 64;
  base.linears = {{"blk.0.attn_q.weight", {8, 8}}, {"blk.0.attn_k.weight", {8, 4}},   {"blk.0.attn_v.weight", {8, 4}},
                  {"blk.0.ffn_up.weight", {8, 12}}, {"blk.0.ffn_down.weight", {12, 8}}, {"token_embd.weight", {8, 32}}};
  return base;
}

struct TestTensor {
  std::string dtype;
  std::vector<std::uint64_t> shape;
  std::vector<float> values;  // written as f32 whatever the dtype says
};

class PeftFolder {
 public:
  PeftFolder() {
    config = {{"peft_type", "LORA"}, {"r", 2}, {"lora_alpha", 4}, {"bias", "none"}, {"base_model_name_or_path", "tiny"}};
    add("self_attn.q_proj", 8, 8);
    add("self_attn.k_proj", 8, 4);
    add("mlp.up_proj", 8, 12);
  }

  static std::string tensor_name(const std::string& module, char half) {
    return "base_model.model.model.layers.0." + module + ".lora_" + half + ".weight";
  }

  void add(const std::string& module, std::uint64_t in, std::uint64_t out, std::uint64_t rank = 2) {
    tensors[tensor_name(module, 'A')] = {"F32", {rank, in}, ramp(rank * in)};
    tensors[tensor_name(module, 'B')] = {"F32", {out, rank}, ramp(out * rank)};
  }

  static std::vector<float> ramp(std::size_t count) {
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i + 1) / 16;
    return values;
  }

  [[nodiscard]] std::string safetensors() const {
    nlohmann::json header = nlohmann::json::object();
    std::string data;
    for (const auto& [name, tensor] : tensors) {
      const std::size_t begin = data.size();
      data.append(reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size() * sizeof(float));
      header[name] = {{"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {begin, data.size()}}};
    }
    return file(header.dump(), data);
  }

  static std::string file(const std::string& header, const std::string& data) {
    const std::uint64_t size = header.size();
    return std::string(reinterpret_cast<const char*>(&size), sizeof size) + header + data;
  }

  void write() const {
    std::ofstream(path + "/adapter_config.json") << config.dump();
    std::ofstream(path + "/adapter_model.safetensors", std::ios::binary) << safetensors();
  }

  const TemporaryDir temporary = TemporaryDir::make().value();
  const std::string path = temporary.path();
  nlohmann::json config;
  std::map<std::string, TestTensor> tensors;
};

}  // namespace genepool
