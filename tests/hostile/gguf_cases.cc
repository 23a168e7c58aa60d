// The GGUF container, and a LoRA inside it.
#include <algorithm>
#include <cmath>
#include <limits>

#include "genome/layer_file.h"
#include "hostile/cases.h"

namespace genepool::hostile {
namespace {

constexpr std::uint64_t kHuge = std::uint64_t{1} << 62;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

const std::string kUpA = "blk.0.ffn_up.weight.lora_a";
const std::string kUpB = "blk.0.ffn_up.weight.lora_b";

std::function<void(Gguf&)> set(std::string key, std::string value) {
  return [=](Gguf& f) { f.set(key, value); };
}
std::function<void(Gguf&)> unset(std::string key) {
  return [=](Gguf& f) { f.unset(key); };
}

// A text or an array behind its type: what stands at byte 4 (or 8) is its length.
std::string claiming(std::string value, std::size_t at, std::uint64_t length) { return value.replace(at, 8, raw(length)); }

std::function<void(Gguf&)> shape_of_a(std::vector<std::uint64_t> ne) {
  return [=](Gguf& f) { f.tensor(kUpA).ne = ne; };
}
std::function<void(Gguf&)> type_of_b(std::uint32_t ggml_type) {
  return [=](Gguf& f) { f.tensor(kUpB).type = ggml_type; };
}
std::function<void(Gguf&)> offset_of_b(std::uint64_t offset) {
  return [=](Gguf& f) { f.tensor(kUpB).offset = offset; };
}

std::function<void(Gguf&)> values_in_b(std::uint32_t ggml_type, std::string data) {
  return [=](Gguf& f) {
    f.tensor(kUpB).type = ggml_type;
    f.tensor(kUpB).data = data;
  };
}

std::function<void(Gguf&)> target_renamed(const std::string& base_tensor) {
  return [=](Gguf& f) {
    f.tensor(kUpA).name = base_tensor + ".lora_a";
    f.tensor(kUpB).name = base_tensor + ".lora_b";
  };
}

// A layer for another target of these dimensions.
std::function<void(Gguf&)> target_is(const std::string& base_tensor, std::uint64_t in, std::uint64_t out, std::uint64_t rank) {
  return [=](Gguf& f) {
    f.tensor(kUpA) = {base_tensor + ".lora_a", {in, rank}, 0, floats(in * rank), std::nullopt};
    f.tensor(kUpB) = {base_tensor + ".lora_b", {rank, out}, 0, floats(rank * out), std::nullopt};
  };
}

// The normalised form that the store writes, in which scales stand beside the pairs.
std::function<void(Gguf&)> ours(std::string scales, const std::function<void(Gguf&)>& edit = [](Gguf&) {}) {
  return [=](Gguf& f) {
    f.unset("adapter.lora.alpha");
    f.set("genepool.layer.format", kv::u32(kLayerFormat));
    f.set("genepool.layer.importer", kv::u32(kImporterVersion));
    f.set("genepool.layer.scales", scales);
    edit(f);
  };
}
std::string scales_of(std::vector<float> scales) {
  std::string bytes;
  for (const float scale : scales) bytes += raw(scale);
  return kv::array(6, scales.size(), bytes);
}

std::string q8_0(std::uint16_t half_scale, std::size_t blocks) {
  std::string data;
  for (std::size_t i = 0; i < blocks; ++i) data += raw(half_scale) + std::string(32, '\1');
  return data;
}

}  // namespace

std::vector<Case> gguf_container_cases() {
  const auto clipped = [](std::size_t size) {
    return [size](const std::string& folder) {
      write_file(folder + "/layer.gguf", valid_gguf_layer().bytes().substr(0, size));
      return folder + "/layer.gguf";
    };
  };
  std::vector<Case> cases = {
      gguf_case("magic_is_another", "GGUF", [](Gguf& f) { f.magic = "GGML"; }),
      gguf_case("version_is_old", "version", [](Gguf& f) { f.version = 1; }),
      gguf_case("version_is_big_endian", "version", [](Gguf& f) { f.version = 0x03000000; }),
      gguf_case("tensors_2_to_62", "tensors", [](Gguf& f) { f.claimed_tensors = kHuge; }),
      gguf_case("tensors_more_than_there_are", "name has", [](Gguf& f) { f.claimed_tensors = 4096; }),
      gguf_case("keys_2_to_62", "keys", [](Gguf& f) { f.claimed_kvs = kHuge; }),
      gguf_case("keys_more_than_there_are", "acceptable", [](Gguf& f) { f.claimed_kvs = f.kvs.size() + 1; }),
      gguf_case("key_twice", "twice", [](Gguf& f) { f.kvs.emplace_back("general.type", kv::text("adapter")); }),
      gguf_case("key_of_300_bytes", "key", [](Gguf& f) { f.set(std::string(300, 'k'), kv::u32(1)); }),
      gguf_case("text_claims_2_to_62", "text", set("x", claiming(kv::text("x"), 4, kHuge))),
      gguf_case("text_of_two_megabytes", "text", set("x", kv::text(std::string(2 << 20, 'x')))),
      gguf_case("array_claims_2_to_62", "array", set("x", claiming(kv::array(4, 1, raw(1)), 8, kHuge))),
      gguf_case("array_wraps_to_nothing", "array", set("x", claiming(kv::array(10, 1, raw(kHuge)), 8, std::uint64_t{1} << 61))),
      gguf_case("array_of_texts_claims_2_to_62", "string", set("x", claiming(kv::array(8, 0, ""), 8, kHuge))),
      gguf_case("array_of_arrays", "array", set("x", kv::array(9, 1, kv::array(9, 1, "")))),
      gguf_case("value_type_is_unknown", "type", set("x", raw(std::uint32_t{99}) + raw(kHuge))),
      gguf_case("flag_is_two", "flag", set("x", kv::flag(2))),
      gguf_case("alignment_is_zero", "alignment", set("general.alignment", kv::u32(0))),
      gguf_case("alignment_is_three", "alignment", set("general.alignment", kv::u32(3))),
      gguf_case("alignment_is_2_to_31", "alignment", set("general.alignment", kv::u32(1U << 31))),
      gguf_case("alignment_is_a_text", "alignment", set("general.alignment", kv::text("32"))),
      gguf_case("dimensions_none", "dimensions", shape_of_a({})),
      gguf_case("dimensions_five", "dimensions", shape_of_a({32, 2, 1, 1, 1})),
      gguf_case("dimension_zero", "empty", shape_of_a({32, 0})),
      gguf_case("shape_overflows", "overflows", shape_of_a({kHuge, 4})),
      gguf_case("rank_2_to_58", "", shape_of_a({32, std::uint64_t{1} << 58})),  // x 32 = 2^63: just too much
      gguf_case("rank_2_to_50", "outside", shape_of_a({32, std::uint64_t{1} << 50})),
      gguf_case("tensor_name_of_64_bytes", "name", [](Gguf& f) { f.tensor(kUpA).name = std::string(57, 'x') + ".lora_a"; }),
      gguf_case("tensor_twice", "twice", [](Gguf& f) { f.tensor(kUpB).name = kUpA; }),
      gguf_case("type_i8", "type 24", type_of_b(24)),
      gguf_case("type_i32", "type 26", type_of_b(26)),
      gguf_case("type_f64", "type 28", type_of_b(28)),
      gguf_case("type_q4_k", "type 12", type_of_b(12)),
      gguf_case("type_that_nobody_has", "type 4294967295", type_of_b(~0U)),
      gguf_case("offset_leaves_a_gap", "offset", offset_of_b(1U << 20)),
      gguf_case("offset_overlaps", "offset", offset_of_b(0)),
      gguf_case("offset_wraps", "offset", offset_of_b(~std::uint64_t{31})),
      gguf_case("bytes_after_the_last_tensor", "after the last", [](Gguf& f) { f.tail = std::string(32, '\0'); }),
  };
  cases.push_back({"gguf_empty", {Code::kLayerRejected}, "magic", clipped(0)});
  cases.push_back({"gguf_ends_inside_its_counts", {Code::kLayerRejected}, "count", clipped(20)});
  return cases;
}

std::vector<Case> gguf_layer_cases() {
  const std::string one = scales_of({1, 1, 1});
  return {
      gguf_case("type_key_missing", "general.type", unset("general.type")),
      gguf_case("type_key_is_a_number", "general.type", set("general.type", kv::u32(1))),  // aborts llama.cpp's loader
      gguf_case("it_is_a_whole_model", "model", set("general.type", kv::text("model"))),
      gguf_case("adapter_type_is_an_array", "adapter.type", set("adapter.type", kv::array(4, 1, raw(1)))),
      gguf_case("adapter_type_is_a_control_vector", "control", set("adapter.type", kv::text("control_vector"))),
      gguf_case("architecture_is_another", "qwen2", set("general.architecture", kv::text("qwen2"))),
      gguf_case("architecture_rewrites_the_terminal", "was made for", set("general.architecture", kv::text("\x1b[2Jllama\r"))),
      gguf_case("architecture_of_a_megabyte", "was made for", set("general.architecture", kv::text(std::string(1 << 20, 'x')))),
      gguf_case("base_name_is_not_utf8", "base", set("general.base_model.0.name", kv::text("tiny\xC3\x28"))),
      gguf_case("alpha_is_a_whole_number", "alpha", set("adapter.lora.alpha", kv::u32(4))),  // aborts llama.cpp's loader
      gguf_case("alpha_is_f64", "alpha", set("adapter.lora.alpha", kv::f64(4))),
      gguf_case("alpha_is_nan", "alpha", set("adapter.lora.alpha", kv::f32(std::nanf("")))),
      gguf_case("alpha_is_infinite", "alpha", set("adapter.lora.alpha", kv::f32(kInfinity))),
      gguf_case("alpha_is_negative", "alpha", set("adapter.lora.alpha", kv::f32(-4))),
      gguf_case("alpha_is_zero", "alpha", set("adapter.lora.alpha", kv::f32(0))),
      gguf_case("alpha_takes_b_beyond_f32", "scale", set("adapter.lora.alpha", kv::f32(3e38F))),
      gguf_case("activated_lora", "activated", set("adapter.alora.invocation_tokens", kv::array(4, 1, raw(7)))),
      gguf_case("tensors_none", "tensors", [](Gguf& f) { f.tensors.clear(); }),
      gguf_case("half_missing", "lora_b", [](Gguf& f) { f.tensors.pop_back(); }),
      gguf_case("suffix_unknown", "lora_a", [](Gguf& f) { f.tensor(kUpA).name = "blk.0.ffn_up.weight.lora_c"; }),
      gguf_case("suffix_alone", "base", target_renamed("")),
      gguf_case("suffix_twice", "base", target_renamed("blk.0.ffn_up.weight.lora_a")),
      gguf_case("target_unknown", "base", target_renamed("blk.0.ffn_gate.weight")),
      gguf_case("target_has_a_nul", "base", target_renamed(std::string("blk.0.ffn_up.weight\0", 20))),
      gguf_case("target_rewrites_the_terminal", "base", target_renamed("\x1b[31m\x07")),
      gguf_case("target_is_a_path", "base", target_renamed("../../etc/passwd")),
      gguf_case("target_is_a_norm", "base", target_is("blk.0.attn_norm.weight", 32, 1, 1)),  // llama.cpp loads it, without effect
      gguf_case("target_is_the_tied_embedding", "token_embd", target_is("token_embd.weight", 2, 32, 40)),
      gguf_case("target_is_the_output_of_a_tied_base", "output", target_is("output.weight", 32, 40, 2)),
      gguf_case("a_and_b_disagree_on_the_rank", "do not match", [](Gguf& f) { f.tensor(kUpB) = {kUpB, {3, 64}, 0, floats(192), {}}; }),
      gguf_case("transposed", "do not match", [](Gguf& f) {
        f.tensor(kUpA).ne = {2, 32};
        f.tensor(kUpB).ne = {64, 2};
      }),
      gguf_case("made_for_a_wider_base", "another base", target_is("blk.0.ffn_up.weight", 48, 64, 2)),
      gguf_case("a_has_three_dimensions", "do not match", shape_of_a({32, 1, 2})),
      gguf_case("b_has_four_dimensions", "do not match", [](Gguf& f) { f.tensor(kUpB).ne = {2, 8, 4, 2}; }),
      gguf_case("rank_above_256", "rank 257", target_is("blk.0.ffn_up.weight", 32, 64, 257)),
      gguf_case("value_nan", "finite", values_in_b(0, floats(128, std::nanf("")))),
      gguf_case("value_infinite", "finite", values_in_b(0, floats(128, kInfinity))),
      gguf_case("value_infinite_in_f16", "finite", values_in_b(1, std::string(254, '\0') + raw(std::uint16_t{0xFC00}))),
      gguf_case("value_nan_in_bf16", "finite", values_in_b(30, std::string(254, '\0') + raw(std::uint16_t{0x7FFF}))),
      gguf_case("value_infinite_in_q8_0", "finite", [](Gguf& f) {
        f.tensor(kUpA).type = 8;
        f.tensor(kUpA).data = q8_0(0x7C00, 2);
      }),
      gguf_case("rows_are_no_whole_q8_0_blocks", "32", values_in_b(8, q8_0(0x3C00, 4))),
      gguf_case("ours_of_another_format", "format", ours(one, set("genepool.layer.format", kv::u32(kLayerFormat + 1000)))),
      gguf_case("ours_with_too_few_scales", "scales", ours(scales_of({1, 1}))),
      gguf_case("ours_with_no_scales_at_all", "scales", ours(scales_of({}))),
      gguf_case("ours_with_whole_scales", "scales", ours(kv::array(4, 3, std::string(12, '\1')))),
      gguf_case("ours_with_a_scale_that_is_nan", "scale", ours(scales_of({1, std::nanf(""), 1}))),
      gguf_case("ours_with_a_scale_of_zero", "scale", ours(scales_of({1, 0, 1}))),
      gguf_case("ours_with_a_negative_scale", "scale", ours(scales_of({1, -1, 1}))),
      // Sorted by name they would get each other's scales.
      gguf_case("ours_in_another_order", "order", ours(scales_of({1, 2, 3}), [](Gguf& f) {
                  std::rotate(f.tensors.begin(), f.tensors.begin() + 2, f.tensors.end());
                })),
  };
}

}  // namespace genepool::hostile
