// adapter_config.json, and the tensors of a PEFT layer.
#include <cmath>
#include <limits>

#include "hostile/cases.h"

namespace genepool::hostile {
namespace {

using Json = nlohmann::json;

std::function<void(Peft&)> set(const char* key, Json value) {
  return [=](Peft& f) { f.config[key] = value; };
}

std::function<void(Peft&)> config_is(std::string text) {
  return [=](Peft& f) { f.config_text = text; };
}

std::function<void(Peft&)> renamed(const std::string& from, const std::string& to) {
  return [=](Peft& f) { f.model.tensor(from).name = to; };
}

std::function<void(Peft&)> added(const std::string& name, std::vector<std::uint64_t> shape) {
  return [=](Peft& f) {
    std::uint64_t count = 1;
    for (const std::uint64_t n : shape) count *= n;
    f.model.tensors.push_back({name, shape, floats(count)});
  };
}

const std::string kUpA = Peft::name("mlp.up_proj", 'A');
const std::string kUpB = Peft::name("mlp.up_proj", 'B');

// The third value of up_proj's B, in each type.
std::function<void(Peft&)> value_in_b(float value) {
  return [=](Peft& f) { f.model.tensor(kUpB).data.replace(8, 4, raw(value)); };
}
std::function<void(Peft&)> half_in_b(const char* dtype, std::uint16_t value) {
  return [=](Peft& f) {
    Safetensors::Tensor& b = f.model.tensor(kUpB);
    b.dtype = dtype;
    b.data = std::string(b.data.size() / 2, '\0').replace(4, 2, raw(value));
  };
}

std::function<void(Peft&)> rank_of_up(std::uint64_t rank) {
  return [=](Peft& f) {
    f.config["rank_pattern"] = {{"up_proj", rank}};
    f.model.tensor(kUpA) = {kUpA, {rank, 32}, floats(rank * 32)};
    f.model.tensor(kUpB) = {kUpB, {64, rank}, floats(64 * rank)};
  };
}

Json many_patterns(std::size_t count) {
  Json patterns = Json::object();
  for (std::size_t i = 0; i < count; ++i) patterns[fmt::format("module_{}", i)] = 2;
  return patterns;
}

// An ordered table is searched key by key: 100,000 keys would be 5,000,000,000 comparisons.
std::string crowded_config() {
  std::string text = "{";
  for (int i = 0; i < 100'000; ++i) text += fmt::format("\"{:x}\":0,", i);
  return text + R"("peft_type":"LORA","r":2,"lora_alpha":4})";
}

// Backtracking matchers need 2^30 steps to learn that it does not fit, or recurse until the stack ends. Whoever does match
// it finds rank 3 promised to tensors of rank 2.
constexpr const char* kExplodes = R"(((((.*)*)*)*)*(a|a|a|a|a|a|a|a)*.*\.(q_proj|k_proj|up_proj))";

}  // namespace

std::vector<Case> peft_config_cases() {
  const std::string deep = "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  std::vector<Case> cases = {
      peft_case("config_is_no_json", "JSON", config_is("peft_type: LORA")),
      peft_case("config_is_an_array", "JSON", config_is("[]")),
      peft_case("config_is_empty", "JSON", config_is("")),
      peft_case("config_is_nested_100000_deep", "nested", config_is(deep)),
      peft_case("config_is_not_utf8", "JSON", [](Peft& f) { f.config_text = replaced(f.config.dump(), "tiny", "\xFF\xFE"); }),
      peft_case("config_hides_bytes_behind_a_nul", "JSON",
                [](Peft& f) { f.config_text = f.config.dump() + std::string("\0{}", 3); }),
      peft_case("config_has_100000_keys", "keys", config_is(crowded_config())),
      peft_case("config_says_nan", "JSON", config_is(R"({"peft_type":"LORA","r":NaN,"lora_alpha":4})")),
      peft_case("config_number_is_infinite", "JSON", config_is(R"({"peft_type":"LORA","r":1e999,"lora_alpha":4})")),
      peft_case("peft_type_missing", "peft_type", [](Peft& f) { f.config.erase("peft_type"); }),
      peft_case("peft_type_is_another", "LOHA", set("peft_type", "LOHA")),
      peft_case("peft_type_is_a_list", "peft_type", set("peft_type", {"LORA"})),
      peft_case("r_missing", "r is", [](Peft& f) { f.config.erase("r"); }),
      peft_case("r_as_text", "r is", set("r", "2")),
      peft_case("r_is_zero", "r is", set("r", 0)),
      peft_case("r_is_negative", "r is", set("r", -2)),
      peft_case("r_is_2_to_58", "rank", set("r", std::uint64_t{1} << 58)),
      peft_case("r_is_a_fraction", "rank", set("r", 2.5)),
      peft_case("alpha_as_text", "lora_alpha", set("lora_alpha", "4")),
      peft_case("alpha_is_zero", "lora_alpha", set("lora_alpha", 0)),
      peft_case("alpha_is_negative", "lora_alpha", set("lora_alpha", -4)),
      peft_case("alpha_makes_the_scale_infinite", "scale", set("lora_alpha", 1e300)),
      peft_case("alpha_makes_the_scale_nothing", "scale", set("lora_alpha", 1e-300)),
      peft_case("alpha_takes_b_beyond_f32", "scale", set("lora_alpha", 1e38)),
      peft_case("use_rslora_as_text", "use_rslora", set("use_rslora", "false")),
      peft_case("rank_pattern_explodes", "rank", set("rank_pattern", {{kExplodes, 3}})),
      peft_case("rank_pattern_is_a_list", "rank_pattern", set("rank_pattern", {"q_proj", "k_proj", 2})),
      peft_case("rank_pattern_of_4097_modules", "rank_pattern", set("rank_pattern", many_patterns(4097))),
      peft_case("rank_pattern_is_not_finite", "JSON", config_is(R"({"peft_type":"LORA","r":2,"lora_alpha":4,"rank_pattern":{"a":1e999}})")),
      peft_case("alpha_pattern_as_text", "alpha_pattern", set("alpha_pattern", {{"q_proj", "4"}})),
      peft_case("alpha_pattern_is_zero", "alpha_pattern", set("alpha_pattern", {{"q_proj", 0}})),
      peft_case("base_name_rewrites_the_terminal", "base", set("base_model_name_or_path", "tiny\x1b[2J\x1b[H\r\n")),
      peft_case("base_name_of_half_a_megabyte", "base", set("base_model_name_or_path", std::string(500'000, 'x'))),
      peft_case("modules_to_save", "modules_to_save", set("modules_to_save", {"lm_head"})),
      peft_case("dora", "DoRA", set("use_dora", true)),
      peft_case("bias_is_trained", "bias", set("bias", "lora_only")),
      peft_case("pissa_changes_the_base", "pissa", set("init_lora_weights", "pissa")),
      peft_case("blocks_are_replicated", "layer_replication", set("layer_replication", {{0, 1}, {0, 1}})),
  };
  cases.push_back({"config_over_a_megabyte", {Code::kTooLarge}, "bytes", [](const std::string& folder) {
                     Peft peft = valid_peft();
                     peft.config["note"] = std::string(2 << 20, 'x');
                     peft.write(folder);
                     return folder;
                   }});
  return cases;
}

std::vector<Case> peft_tensor_cases() {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::string block = "base_model.model.model.layers.";
  return {
      peft_case("tensors_none", "tensors", [](Peft& f) { f.model.tensors.clear(); }),
      peft_case("tensors_are_only_copies_of_the_base", "tensors",
                [](Peft& f) { f.model.tensors = {{"base_model.model.model.layers.0.mlp.up_proj.base_layer.weight", {1}, floats(1)}}; }),
      peft_case("half_missing", "lora_B", [](Peft& f) { std::erase_if(f.model.tensors, [](const auto& t) { return t.name == kUpB; }); }),
      peft_case("tensor_name_empty", "tensor", renamed(kUpA, "")),
      peft_case("tensor_name_has_a_nul", "tensor", renamed(kUpA, kUpA + std::string("\0x", 2))),
      peft_case("tensor_name_rewrites_the_terminal", "tensor", renamed(kUpA, "\x1b]0;owned\a\x1b[31m")),
      peft_case("tensor_name_of_a_megabyte", "tensor", renamed(kUpA, "base_model.model." + std::string(1 << 20, 'x'))),
      peft_case("tensor_name_is_a_path", "no module", renamed(kUpA, "base_model.model.../../../etc/passwd.lora_A.weight")),
      peft_case("tensor_of_an_unknown_module", "no module", renamed(kUpA, block + "0.mlp.router.lora_A.weight")),
      peft_case("tensor_of_block_00", "no module", renamed(kUpA, block + "00.mlp.up_proj.lora_A.weight")),
      peft_case("tensor_of_block_minus_1", "no module", renamed(kUpA, block + "-1.mlp.up_proj.lora_A.weight")),
      peft_case("tensor_of_block_2_to_64", "no module", renamed(kUpA, block + "18446744073709551616.mlp.up_proj.lora_A.weight")),
      peft_case("tensor_of_a_block_the_base_lacks", "base has no", [](Peft& f) {
        for (const char half : {'A', 'B'}) {
          f.model.tensor(Peft::name("mlp.up_proj", half)).name = fmt::format("base_model.model.model.layers.7.mlp.up_proj.lora_{}.weight", half);
        }
      }),
      peft_case("tensor_of_a_linear_the_base_lacks", "base has no", [](Peft& f) {
        for (const char half : {'A', 'B'}) f.model.tensor(Peft::name("mlp.up_proj", half)).name = Peft::name("mlp.gate_proj", half);
      }),
      peft_case("tensor_with_a_trained_bias", "tensor", added(block + "0.mlp.up_proj.lora_B.bias", {64})),
      peft_case("tensor_of_dora", "DoRA", added(block + "0.mlp.up_proj.lora_magnitude_vector", {64})),
      peft_case("tensor_of_a_saved_module", "tensor", added("base_model.model.lm_head.weight", {40, 32})),
      peft_case("tensor_of_tied_embeddings", "embed", [](Peft& f) {
        added("base_model.model.model.embed_tokens.lora_embedding_A", {2, 40})(f);
        added("base_model.model.model.embed_tokens.lora_embedding_B", {32, 2})(f);
      }),
      peft_case("a_is_a_vector", "matrices", [](Peft& f) { f.model.tensor(kUpA).shape = {64}; }),
      peft_case("a_is_a_scalar", "matrices", [](Peft& f) { f.model.tensor(kUpA) = {kUpA, {}, floats(1)}; }),
      peft_case("b_has_three_dimensions", "matrices", [](Peft& f) { f.model.tensor(kUpB).shape = {64, 2, 1}; }),
      peft_case("a_and_b_disagree_on_the_rank", "another base", [](Peft& f) { f.model.tensor(kUpB) = {kUpB, {64, 3}, floats(192)}; }),
      peft_case("made_for_a_wider_base", "another base", [](Peft& f) { f.model.tensor(kUpA) = {kUpA, {2, 48}, floats(96)}; }),
      peft_case("transposed", "another base", [](Peft& f) {
        f.model.tensor(kUpA).shape = {32, 2};
        f.model.tensor(kUpB).shape = {2, 64};
      }),
      peft_case("rank_zero", "rank", [](Peft& f) {
        f.model.tensor(kUpA) = {kUpA, {0, 32}, ""};
        f.model.tensor(kUpB) = {kUpB, {64, 0}, ""};
      }),
      // Nothing times anything is nothing: the shape needs no bytes and overflows nowhere.
      peft_case("rank_2_to_58_of_nothing", "another base", [](Peft& f) {
        f.model.tensor(kUpA) = {kUpA, {std::uint64_t{1} << 58, 0}, ""};
        f.model.tensor(kUpB) = {kUpB, {0, std::uint64_t{1} << 58}, ""};
      }),
      peft_case("rank_above_256", "rank 257", rank_of_up(257)),
      peft_case("value_nan", "finite", value_in_b(std::nanf(""))),
      peft_case("value_infinite", "finite", value_in_b(-kInfinity)),
      peft_case("value_infinite_in_f16", "finite", half_in_b("F16", 0x7C00)),
      peft_case("value_nan_in_bf16", "finite", half_in_b("BF16", 0xFFC1)),
  };
}

}  // namespace genepool::hostile
