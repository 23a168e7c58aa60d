#include "hostile/lying_files.h"

#include <algorithm>
#include <fstream>

namespace genepool::hostile {
namespace {

constexpr std::uint64_t kAlignment = 32;
constexpr std::uint64_t kWidth = 32, kKvWidth = 16, kInner = 64, kVocabulary = 40, kRank = 2;

std::string counted(std::string_view text) { return raw(static_cast<std::uint64_t>(text.size())) + std::string(text); }

void pad(std::string& bytes) { bytes.resize((bytes.size() + kAlignment - 1) / kAlignment * kAlignment, '\0'); }

struct Target {
  const char* gguf;
  const char* peft;
  std::uint64_t in, out;
};
constexpr Target kTargets[] = {{"attn_k", "self_attn.k_proj", kWidth, kKvWidth},
                               {"attn_q", "self_attn.q_proj", kWidth, kWidth},
                               {"ffn_up", "mlp.up_proj", kWidth, kInner}};

}  // namespace

std::string floats(std::size_t count) {
  std::string bytes;
  for (std::size_t i = 1; i <= count; ++i) bytes += raw(static_cast<float>(i) / 16.0F);
  return bytes;
}

std::string floats(std::size_t count, float value) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) bytes += raw(value);
  return bytes;
}

void write_file(const std::string& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  GENEPOOL_CHECK(file.flush().good(), "write {}", path);
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  GENEPOOL_CHECK(at != std::string::npos, "\"{}\" is not in {}", from, text);
  return text.replace(at, from.size(), to);
}

// ---------------------------------------------------------------------------------------------------------------- GGUF

namespace kv {
namespace {
enum : std::uint32_t { kU8 = 0, kU32 = 4, kF32 = 6, kBool = 7, kString = 8, kArray = 9, kU64 = 10, kF64 = 12 };
}
std::string u8(std::uint8_t value) { return raw<std::uint32_t>(kU8) + raw(value); }
std::string u32(std::uint32_t value) { return raw<std::uint32_t>(kU32) + raw(value); }
std::string u64(std::uint64_t value) { return raw<std::uint32_t>(kU64) + raw(value); }
std::string f32(float value) { return raw<std::uint32_t>(kF32) + raw(value); }
std::string f64(double value) { return raw<std::uint32_t>(kF64) + raw(value); }
std::string flag(std::uint8_t value) { return raw<std::uint32_t>(kBool) + raw(value); }
std::string text(std::string_view value) { return raw<std::uint32_t>(kString) + counted(value); }
std::string array(std::uint32_t element_type, std::uint64_t count, std::string_view elements) {
  return raw<std::uint32_t>(kArray) + raw(element_type) + raw(count) + std::string(elements);
}
}  // namespace kv

void Gguf::set(const std::string& key, std::string value) {
  const auto found = std::ranges::find(kvs, key, &std::pair<std::string, std::string>::first);
  if (found != kvs.end()) {
    found->second = std::move(value);
  } else {
    kvs.emplace_back(key, std::move(value));
  }
}

void Gguf::unset(const std::string& key) {
  std::erase_if(kvs, [&](const auto& entry) { return entry.first == key; });
}

Gguf::Tensor& Gguf::tensor(const std::string& name) {
  const auto found = std::ranges::find(tensors, name, &Tensor::name);
  GENEPOOL_CHECK(found != tensors.end(), "{}", name);
  return *found;
}

std::string Gguf::bytes() const {
  std::string file = magic + raw(version) + raw(claimed_tensors.value_or(tensors.size())) + raw(claimed_kvs.value_or(kvs.size()));
  for (const auto& [key, value] : kvs) file += counted(key) + value;
  std::string data;
  for (const Tensor& tensor : tensors) {
    pad(data);
    file += counted(tensor.name) + raw(static_cast<std::uint32_t>(tensor.ne.size()));
    for (const std::uint64_t n : tensor.ne) file += raw(n);
    file += raw(tensor.type) + raw(tensor.offset.value_or(data.size()));
    data += tensor.data;
  }
  pad(file);
  return file + data + tail;
}

Gguf valid_base() {
  Gguf base;
  base.kvs = {{"general.architecture", kv::text("llama")},     {"general.name", kv::text("tiny")},
              {"llama.block_count", kv::u32(1)},               {"llama.context_length", kv::u32(512)},
              {"llama.attention.head_count", kv::u32(2)},      {"llama.attention.head_count_kv", kv::u32(1)},
              {"llama.embedding_length", kv::u32(kWidth)},     {"llama.feed_forward_length", kv::u32(kInner)}};
  const auto add = [&](const std::string& name, std::vector<std::uint64_t> ne) {
    std::uint64_t count = 1;
    for (const std::uint64_t n : ne) count *= n;
    base.tensors.push_back({name, std::move(ne), 0, floats(count, 0.5F), std::nullopt});
  };
  add("token_embd.weight", {kWidth, kVocabulary});
  add("blk.0.attn_norm.weight", {kWidth});
  for (const Target& target : kTargets) add(std::string("blk.0.") + target.gguf + ".weight", {target.in, target.out});
  add("blk.0.ffn_down.weight", {kInner, kWidth});
  return base;
}

BaseModel base_model() {
  const std::string bytes = valid_base().bytes();
  const auto view = GgufView::parse(std::as_bytes(std::span(bytes)), GgufLimits{.is_base = true});
  GENEPOOL_CHECK(view.has_value(), "{}", view.error().message);
  auto base = read_base_model(*view);
  GENEPOOL_CHECK(base.has_value(), "{}", base.error().message);
  return *base;
}

Gguf valid_gguf_layer() {
  Gguf layer;
  layer.kvs = {{"general.type", kv::text("adapter")},
               {"general.architecture", kv::text("llama")},
               {"adapter.type", kv::text("lora")},
               {"adapter.lora.alpha", kv::f32(4)}};
  for (const Target& target : kTargets) {
    const std::string name = std::string("blk.0.") + target.gguf + ".weight";
    layer.tensors.push_back({name + ".lora_a", {target.in, kRank}, 0, floats(target.in * kRank), std::nullopt});
    layer.tensors.push_back({name + ".lora_b", {kRank, target.out}, 0, floats(kRank * target.out), std::nullopt});
  }
  return layer;
}

// ---------------------------------------------------------------------------------------------------------------- PEFT

Safetensors::Tensor& Safetensors::tensor(const std::string& name) {
  const auto found = std::ranges::find(tensors, name, &Tensor::name);
  GENEPOOL_CHECK(found != tensors.end(), "{}", name);
  return *found;
}

std::string Safetensors::true_header() const {
  nlohmann::ordered_json entries = nlohmann::ordered_json::object();
  std::size_t begin = 0;
  for (const Tensor& tensor : tensors) {
    const std::size_t end = begin + tensor.data.size();
    entries[tensor.name] = {{"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}};
    begin = end;
  }
  return entries.dump();
}

std::string Safetensors::bytes() const {
  const std::string text = header.value_or(true_header());
  std::string file = raw(claimed_header.value_or(text.size())) + text;
  for (const Tensor& tensor : tensors) file += tensor.data;
  return file + tail;
}

std::string Peft::name(const std::string& module, char half) {
  return "base_model.model.model.layers.0." + module + ".lora_" + half + ".weight";
}

void Peft::write(const std::string& folder) const {
  write_file(folder + "/adapter_config.json", config_text.value_or(config.dump()));
  write_file(folder + "/adapter_model.safetensors", model.bytes());
}

Peft valid_peft() {
  Peft peft;
  peft.config = {{"peft_type", "LORA"}, {"r", kRank}, {"lora_alpha", 4}, {"bias", "none"}, {"base_model_name_or_path", "tiny"}};
  for (const Target& target : kTargets) {
    peft.model.tensors.push_back({Peft::name(target.peft, 'A'), {kRank, target.in}, floats(kRank * target.in)});
    peft.model.tensors.push_back({Peft::name(target.peft, 'B'), {target.out, kRank}, floats(target.out * kRank)});
  }
  return peft;
}

}  // namespace genepool::hostile
