#include "import/import.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "genome/layer_file.h"
#include "genome/values.h"
#include "import/import_fixture.h"
#include "import/peft.h"

namespace genepool {
namespace {

struct Imported {
  ImportedLayer layer;
  LayerView view;
};

Imported import_good(const PeftFolder& folder) {
  folder.write();
  auto layer = import_layer(folder.path, tiny_base());
  EXPECT_TRUE(layer) << layer.error().message;
  Imported imported{std::move(*layer), {}};
  imported.view = *LayerView::parse(imported.layer.bytes, true);
  return imported;
}

std::vector<float> values(const LayerView& view, const GgufTensor& tensor) {
  std::vector<float> v(tensor.element_count());
  read_values(tensor.type(), view.data(tensor), 0, v);
  return v;
}

void expect_refused(const std::function<void(PeftFolder&)>& spoil, const std::string& reason) {
  PeftFolder folder;
  spoil(folder);
  folder.write();
  const auto layer = import_layer(folder.path, tiny_base());
  ASSERT_FALSE(layer) << reason;
  EXPECT_EQ(layer.error().code, Code::kLayerRejected) << layer.error().message;
  EXPECT_NE(layer.error().message.find(reason), std::string::npos) << layer.error().message;
}

TEST(Import, a_peft_folder_becomes_sorted_pairs_with_its_scale) {
  const PeftFolder folder;
  const Imported imported = import_good(folder);
  EXPECT_EQ(imported.layer.source_kind, "peft");
  EXPECT_EQ(imported.layer.declared_base, "tiny");
  EXPECT_EQ(imported.layer.rank_max, 2u);
  EXPECT_EQ(imported.layer.targets, (std::vector<std::string>{"attn_k", "attn_q", "ffn_up"}));
  ASSERT_EQ(imported.view.pairs().size(), 3u);
  const LayerPair& up = imported.view.pairs()[2];
  EXPECT_EQ(up.base_tensor, "blk.0.ffn_up.weight");
  EXPECT_EQ(up.scale, 2.0F);  // alpha 4 / rank 2
  EXPECT_EQ(values(imported.view, up.b), PeftFolder::ramp(24));
  EXPECT_EQ(import_good(folder).layer.id, imported.layer.id);
}

TEST(Import, q_and_k_rows_of_b_are_permuted_and_a_stays) {
  const Imported imported = import_good(PeftFolder());
  const LayerPair& q = imported.view.pairs()[1];
  EXPECT_EQ(values(imported.view, q.a), PeftFolder::ramp(16));
  const auto before = PeftFolder::ramp(16);
  const auto after = values(imported.view, q.b);
  // Two heads of d = 4 rows of rank 2: row i*4 + 2j + p comes from row i*4 + p*2 + j.
  const int source_row[] = {0, 2, 1, 3, 4, 6, 5, 7};
  for (std::size_t row = 0; row < 8; ++row) {
    EXPECT_EQ(after[2 * row], before[2 * static_cast<std::size_t>(source_row[row])]) << row;
  }
}

TEST(Import, rslora_and_patterns_decide_the_scale) {
  PeftFolder folder;
  folder.add("mlp.down_proj", 12, 8, 4);
  folder.config["use_rslora"] = true;
  folder.config["rank_pattern"] = {{"mlp.down_proj", 4}};
  folder.config["alpha_pattern"] = {{"down_proj", 6}};
  const Imported imported = import_good(folder);
  ASSERT_EQ(imported.view.pairs()[2].base_tensor, "blk.0.ffn_down.weight");
  EXPECT_EQ(imported.view.pairs()[2].scale, 3.0F);  // 6 / sqrt(4)
  EXPECT_FLOAT_EQ(imported.view.pairs()[0].scale, 4.0F / std::sqrt(2.0F));
}

TEST(Import, what_is_no_plain_lora_is_refused_with_the_reason) {
  const auto set = [](const char* key, nlohmann::json value) {
    return [=](PeftFolder& f) { f.config[key] = value; };
  };
  expect_refused(set("use_dora", true), "DoRA");
  expect_refused(set("modules_to_save", {"lm_head"}), "modules_to_save");
  expect_refused(set("bias", "all"), "bias");
  expect_refused(set("peft_type", "LOHA"), "LOHA");
  expect_refused(set("lora_alpha", 0), "lora_alpha");
  expect_refused(set("lora_alpha", "x"), "lora_alpha");
  expect_refused(set("r", -1), "r is");
  expect_refused(set("alora_invocation_tokens", {1, 2}), "activated");
  expect_refused(set("rank_pattern", {{"(q|k)_proj", 2}}), "regular expression");
  expect_refused(set("rank_pattern", {{"q_proj", 3}}), "rank 2");
  expect_refused(set("init_lora_weights", "pissa"), "pissa");
  expect_refused(set("target_parameters", {"x"}), "target_parameters");
  expect_refused(set("use_rslora", "false"), "use_rslora");
}

TEST(Import, tensors_that_do_not_fit_are_refused_by_name) {
  expect_refused([](PeftFolder& f) { f.tensors.erase(PeftFolder::tensor_name("self_attn.q_proj", 'B')); }, "q_proj has no lora_B");
  expect_refused([](PeftFolder& f) { f.add("mlp.gate_proj", 8, 12); }, "the base has no blk.0.ffn_gate.weight");
  expect_refused([](PeftFolder& f) { f.add("mlp.unknown", 8, 8); }, "mlp.unknown is no module");
  expect_refused([](PeftFolder& f) { f.add("mlp.up_proj", 8, 16); }, "another base");
  expect_refused([](PeftFolder& f) { f.tensors["other.weight"] = {"F32", {1}, {0}}; }, "other.weight");
  expect_refused([](PeftFolder& f) { f.tensors["base_model.model.model.layers.0.mlp.up_proj.lora_magnitude_vector"] = {"F32", {1}, {0}}; },
                 "DoRA");
  expect_refused([](PeftFolder& f) { f.tensors["base_model.model.lm_head.lora_A.weight"] = {"F32", {1, 1}, {0}}; }, "lm_head");
  expect_refused(
      [](PeftFolder& f) { f.tensors[PeftFolder::tensor_name("mlp.up_proj", 'A')].values[3] = std::numeric_limits<float>::infinity(); },
      "not finite");
}

TEST(Import, heads_that_do_not_divide_the_rows_are_refused) {
  PeftFolder folder;
  folder.write();
  for (const std::uint64_t heads : {0, 3, 4, 8}) {  // k has 4 rows
    BaseModel base = tiny_base();
    base.head_count_kv = heads;
    const auto layer = import_layer(folder.path, base);
    ASSERT_FALSE(layer) << heads;
    EXPECT_NE(layer.error().message.find("heads"), std::string::npos) << layer.error().message;
  }
}

TEST(Import, a_block_has_one_name) {
  expect_refused(
      [](PeftFolder& f) { f.tensors["base_model.model.model.layers.00.mlp.up_proj.lora_A.weight"] = {"F32", {2, 8}, PeftFolder::ramp(16)}; },
      "layers.00.mlp.up_proj is no module");
}

TEST(Import, a_pickle_is_never_opened) {
  PeftFolder folder;
  folder.write();
  std::filesystem::rename(folder.path + "/adapter_model.safetensors", folder.path + "/adapter_model.bin");
  const auto layer = import_layer(folder.path, tiny_base());
  ASSERT_FALSE(layer);
  EXPECT_NE(layer.error().message.find("pickle"), std::string::npos);
}

TEST(Import, a_layer_file_of_ours_imports_as_itself) {
  PeftFolder folder;
  const Imported imported = import_good(folder);
  const std::string path = folder.path + "/layer.gguf";
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(imported.layer.bytes.data()),
                                              static_cast<std::streamsize>(imported.layer.bytes.size()));
  const auto again = import_layer(path, tiny_base());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->id, imported.layer.id);
}

TEST(Import, a_missing_path_says_so) { EXPECT_EQ(import_layer("/no/such/layer", tiny_base()).error().code, Code::kLayerNotFound); }

TEST(RandomLayer, the_seed_decides) {
  const auto make = [](std::uint64_t seed) { return random_layer({.rank = 3, .targets = {"attn_q", "ffn_up"}, .seed = seed}, tiny_base()); };
  ASSERT_TRUE(make(1));
  EXPECT_EQ(make(1)->id, make(1)->id);
  EXPECT_NE(make(1)->id, make(2)->id);
  EXPECT_EQ(make(1)->targets, (std::vector<std::string>{"attn_q", "ffn_up"}));
  EXPECT_FALSE(random_layer({.rank = 3, .targets = {"nothing"}}, tiny_base()));
  EXPECT_FALSE(random_layer({.rank = 300}, tiny_base())) << "beyond kMaxRank";
  EXPECT_FALSE(random_layer({.targets = {"token_embd"}}, tiny_base())) << "the base is tied";
}

// The demo's layers against the shapes of the real base, whose file a unit test does not have.
TEST(Import, every_demo_layer_fits_smollm2) {
  BaseModel base;
  base.architecture = "llama";
  base.block_count = 30;
  base.head_count = 9;
  base.head_count_kv = 3;
  for (int block = 0; block < 30; ++block) {
    const auto add = [&](const char* kind, std::uint64_t in, std::uint64_t out) {
      base.linears[fmt::format("blk.{}.{}.weight", block, kind)] = {in, out};
    };
    add("attn_q", 576, 576), add("attn_k", 576, 192), add("attn_v", 576, 192), add("attn_output", 576, 576);
    add("ffn_gate", 576, 1536), add("ffn_up", 576, 1536), add("ffn_down", 1536, 576);
  }
  int layers = 0;
  for (const auto& folder : std::filesystem::directory_iterator("demo/layers")) {
    if (!folder.is_directory()) continue;
    const auto layer = import_layer(folder.path().string(), base);
    EXPECT_TRUE(layer) << layer.error().message;
    ++layers;
  }
  EXPECT_GE(layers, 8);
}

}  // namespace
}  // namespace genepool
