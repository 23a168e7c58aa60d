// What the matrix's files do not show of PEFT folders: one thing spoiled or changed at a time.
#include "import/peft.h"

#include <gtest/gtest.h>

#include <functional>

#include "genome/layer_file.h"
#include "genome/values.h"
#include "import/import.h"
#include "import/import_fixture.h"

namespace genepool {
namespace {

using Change = std::function<void(PeftFolder&, BaseModel&)>;

Result<ImportedLayer> import_changed(const Change& change) {
  PeftFolder folder;
  BaseModel base = tiny_base();
  change(folder, base);
  folder.write();
  return import_layer(folder.path, base);
}

void expect_refused(const Change& change, const std::string& reason) {
  const auto layer = import_changed(change);
  ASSERT_FALSE(layer) << reason;
  EXPECT_EQ(layer.error().code, Code::kLayerRejected) << layer.error().message;
  EXPECT_NE(layer.error().message.find(reason), std::string::npos) << layer.error().message;
}

void expect_taken(const Change& change) {
  const auto layer = import_changed(change);
  EXPECT_TRUE(layer) << layer.error().message;
}

void untie(BaseModel& base) {
  base.has_output = true;
  base.linears["output.weight"] = {8, 32};
}

void add_embedding(PeftFolder& folder, std::uint64_t vocabulary = 32) {
  folder.tensors["base_model.model.model.embed_tokens.lora_embedding_A"] = {"F32", {2, vocabulary}, PeftFolder::ramp(2 * vocabulary)};
  folder.tensors["base_model.model.model.embed_tokens.lora_embedding_B"] = {"F32", {8, 2}, PeftFolder::ramp(16)};
}

void add_head(PeftFolder& folder, std::uint64_t vocabulary = 32) {
  folder.tensors["base_model.model.lm_head.lora_A.weight"] = {"F32", {2, 8}, PeftFolder::ramp(16)};
  folder.tensors["base_model.model.lm_head.lora_B.weight"] = {"F32", {vocabulary, 2}, PeftFolder::ramp(2 * vocabulary)};
}

void rename(PeftFolder& folder, const std::string& from, const std::string& to) {
  std::map<std::string, TestTensor> renamed;
  for (auto& [name, tensor] : folder.tensors) {
    std::string changed = name;
    if (const auto at = changed.find(from); at != std::string::npos) changed.replace(at, from.size(), to);
    renamed[changed] = std::move(tensor);
  }
  folder.tensors = std::move(renamed);
}

TEST(Peft, other_architectures_are_refused_by_name) {
  expect_refused([](PeftFolder&, BaseModel& base) { base.architecture = "gemma2"; }, "PEFT layers for gemma2 bases are not supported");
}

TEST(Peft, the_text_model_of_a_model_with_vision_has_one_more_level) {
  for (const char* level : {"model.model.language_model.layers", "model.language_model.model.layers"}) {
    expect_taken([&](PeftFolder& folder, BaseModel&) { rename(folder, "model.model.layers", level); });
  }
  expect_refused([](PeftFolder& folder, BaseModel&) { rename(folder, "model.model.layers", "model.layers"); }, "is no module");
  expect_refused([](PeftFolder& folder, BaseModel&) { rename(folder, "model.model.layers", "model.model.vision_tower.layers"); }, "is no module");
  // Two names of one module: neither silently wins.
  expect_refused(
      [](PeftFolder& folder, BaseModel&) {
        const auto tensors = folder.tensors;
        rename(folder, "model.model.layers", "model.language_model.model.layers");
        folder.tensors.insert(tensors.begin(), tensors.end());
      },
      "a second time");
}

TEST(Peft, embeddings_and_output_need_an_untied_base) {
  expect_taken([](PeftFolder& folder, BaseModel& base) { untie(base), add_embedding(folder), add_head(folder); });
  expect_refused([](PeftFolder& folder, BaseModel&) { add_embedding(folder); }, "tied");
  expect_refused([](PeftFolder& folder, BaseModel&) { add_head(folder); }, "tied");
  expect_refused([](PeftFolder& folder, BaseModel& base) { untie(base), add_embedding(folder, 33); }, "vocabulary has grown");
  expect_refused([](PeftFolder& folder, BaseModel& base) { untie(base), add_head(folder, 33); }, "vocabulary has grown");
  expect_refused([](PeftFolder& folder, BaseModel& base) { untie(base), add_embedding(folder), base.architecture = "gemma3"; }, "gemma3 scales");
}

TEST(Peft, an_embeddings_a_is_stored_transposed) {
  const auto layer = import_changed([](PeftFolder& folder, BaseModel& base) { untie(base), add_embedding(folder); });
  ASSERT_TRUE(layer) << layer.error().message;
  const auto view = LayerView::parse(layer->bytes, true);
  const LayerPair& embedding = view->pairs().back();
  ASSERT_EQ(embedding.base_tensor, "token_embd.weight");
  EXPECT_EQ(embedding.shape, (PairShape{32, 2, 8}));
  std::vector<float> a(64);
  read_values(embedding.a.type(), view->data(embedding.a), 0, a);
  EXPECT_EQ(a[1], 33.0F / 16) << "token 0: the first value of the second row of PEFT's A";
  EXPECT_EQ(layer->targets, (std::vector<std::string>{"attn_k", "attn_q", "ffn_up", "token_embd"}));
}

TEST(Peft, the_names_of_embedding_and_linear_halves_are_not_mixed) {
  expect_refused([](PeftFolder& folder, BaseModel& base) { untie(base), add_head(folder), rename(folder, "lm_head", "model.embed_tokens"); },
                 "lora_embedding");
}

TEST(Peft, a_copy_of_the_bases_weight_is_skipped_when_it_fits) {
  const auto with_copy = [](std::uint64_t vocabulary) {
    return [=](PeftFolder& folder, BaseModel& base) {
      untie(base), add_embedding(folder);
      folder.tensors["base_model.model.model.embed_tokens.base_layer.weight"] = {"F32", {vocabulary, 8}, PeftFolder::ramp(8 * vocabulary)};
    };
  };
  expect_taken(with_copy(32));
  expect_refused(with_copy(40), "its vocabulary has grown");
}

TEST(Peft, tensors_that_peft_would_ignore_are_refused) {
  const auto targets = [](nlohmann::json list) { return [=](PeftFolder& f, BaseModel&) { f.config["target_modules"] = list; }; };
  expect_taken(targets({"q_proj", "k_proj", "up_proj"}));
  expect_taken(targets({"self_attn.q_proj", "model.layers.0.self_attn.k_proj", "up_proj"}));
  expect_taken(targets(".*_proj"));
  expect_taken(targets(R"(.*\.(?:q|k)_proj|.*\.up_proj)"));
  expect_refused(targets(R"(.*\.q_proj)"), "PEFT would ignore");
  expect_refused(targets("q_proj|k_proj|up_proj"), "PEFT would ignore");  // a whole name is asked for
  expect_taken(targets("all-linear"));
  expect_taken(targets("(?!x).*_proj"));  // look-ahead is not read: the tensors decide
  expect_refused(targets({"q_proj", "k_proj"}), "PEFT would ignore");
  expect_refused(targets({"q_proj", "k_proj", "p_proj"}), "PEFT would ignore");
  const auto blocks = [](nlohmann::json list) {
    return [=](PeftFolder& f, BaseModel&) {
      f.config["target_modules"] = {"q_proj", "k_proj", "up_proj"};
      f.config["layers_to_transform"] = list;
    };
  };
  expect_taken(blocks({0, 3}));
  expect_taken(blocks(0));
  expect_taken(blocks(nlohmann::json::array()));
  expect_refused(blocks({1}), "PEFT would ignore");
  expect_refused(blocks(1), "PEFT would ignore");
}

TEST(Peft, a_key_that_stands_twice_is_refused) {
  PeftFolder folder;
  folder.write();
  std::string config = folder.config.dump();
  config.insert(config.size() - 1, R"(,"lora_alpha":64)");
  std::ofstream(folder.path + "/adapter_config.json") << config;
  const auto layer = import_layer(folder.path, tiny_base());
  ASSERT_FALSE(layer);
  EXPECT_NE(layer.error().message.find("lora_alpha stands twice"), std::string::npos) << layer.error().message;
}

TEST(Peft, many_slow_patterns_are_refused) {
  expect_refused(
      [](PeftFolder& folder, BaseModel&) {
        for (int i = 0; i < 65; ++i) folder.config["alpha_pattern"][fmt::format(".*x{}", i)] = 4;
      },
      "more than 64");
}

// ---- a base that holds q, k and v as one matrix: rows 0-7 q (2 heads), 8-11 k, 12-15 v (1 head each)

void fuse_qkv(BaseModel& base) {
  for (const char* name : {"blk.0.attn_q.weight", "blk.0.attn_k.weight", "blk.0.attn_v.weight"}) base.linears.erase(name);
  base.linears["blk.0.attn_qkv.weight"] = {8, 16};
  base.architecture = "qwen2";
}

TEST(Peft, q_k_and_v_join_into_one_pair) {
  const auto layer = import_changed([](PeftFolder& folder, BaseModel& base) {
    fuse_qkv(base);
    folder.tensors.erase(PeftFolder::tensor_name("self_attn.k_proj", 'A'));
    folder.tensors.erase(PeftFolder::tensor_name("self_attn.k_proj", 'B'));
    folder.add("self_attn.v_proj", 8, 4);
  });
  ASSERT_TRUE(layer) << layer.error().message;
  const auto view = LayerView::parse(layer->bytes, true);
  const LayerPair& pair = view->pairs().front();
  ASSERT_EQ(pair.base_tensor, "blk.0.attn_qkv.weight");
  EXPECT_EQ(pair.shape, (PairShape{8, 4, 16}));
  std::vector<float> b(64);
  read_values(pair.b.type(), view->data(pair.b), 0, b);
  const auto row = [&](std::size_t i) { return std::vector<float>(b.begin() + static_cast<std::ptrdiff_t>(4 * i), b.begin() + static_cast<std::ptrdiff_t>(4 * i + 4)); };
  EXPECT_EQ(row(1), (std::vector<float>{3.0F / 16, 4.0F / 16, 0, 0}));   // q's second row, in q's columns
  EXPECT_EQ(row(9), (std::vector<float>{0, 0, 0, 0}));                   // k is not adapted
  EXPECT_EQ(row(12), (std::vector<float>{0, 0, 1.0F / 16, 2.0F / 16}));  // v's first row
}

TEST(Peft, q_k_and_v_that_cannot_be_joined_are_refused) {
  expect_refused([](PeftFolder& folder, BaseModel& base) { fuse_qkv(base), folder.config["alpha_pattern"] = {{"q_proj", 9}}; }, "cannot be joined");
  expect_refused([](PeftFolder&, BaseModel& base) { fuse_qkv(base), base.linears["blk.0.attn_qkv.weight"] = {8, 18}; }, "do not divide");
  expect_refused([](PeftFolder&, BaseModel& base) { fuse_qkv(base), base.linears["blk.0.attn_qkv.weight"] = {8, 32}; }, "another base");
}

// ---- shards

class Shards : public testing::Test {
 protected:
  Shards() {
    folder_.write();
    std::filesystem::remove(folder_.path + "/adapter_model.safetensors");
    PeftFolder part;
    std::size_t count = 0;
    for (const auto& [name, tensor] : folder_.tensors) {
      part.tensors = {{name, tensor}};
      const std::string file = fmt::format("part-{}.safetensors", ++count);
      write(file, part.safetensors());
      index_["weight_map"][name] = file;
    }
  }
  void write(const std::string& file, const std::string& bytes) { std::ofstream(folder_.path + "/" + file, std::ios::binary) << bytes; }
  Result<ImportedLayer> import() {
    write("adapter_model.safetensors.index.json", index_.dump());
    return import_layer(folder_.path, tiny_base());
  }
  void expect_refused(const std::string& reason) {
    const auto layer = import();
    ASSERT_FALSE(layer) << reason;
    EXPECT_EQ(layer.error().code, Code::kLayerRejected);
    EXPECT_NE(layer.error().message.find(reason), std::string::npos) << layer.error().message;
  }
  nlohmann::json& file_of_first() { return index_["weight_map"].begin().value(); }

  PeftFolder folder_;
  nlohmann::json index_;
};

TEST_F(Shards, shards_give_the_layer_of_the_whole) {
  const auto sharded = import();
  ASSERT_TRUE(sharded) << sharded.error().message;
  std::filesystem::remove(folder_.path + "/adapter_model.safetensors.index.json");
  folder_.write();
  const auto whole = import_layer(folder_.path, tiny_base());
  EXPECT_EQ(sharded->id, whole->id);
  EXPECT_NE(sharded->source_hash, whole->source_hash);
}

TEST_F(Shards, only_plain_names_of_the_folder_are_opened) {
  for (const char* name : {"../part-1.safetensors", "/etc/passwd", "sub/part-1.safetensors", ".part.safetensors", "", "part-1.bin"}) {
    file_of_first() = name;
    expect_refused("no plain file name");
  }
  file_of_first() = 7;
  expect_refused("no plain file name");
}

TEST_F(Shards, index_and_shards_agree_on_every_tensor) {
  index_["weight_map"]["base_model.model.more"] = "part-1.safetensors";
  expect_refused("tensor base_model.model.more is missing");
  index_["weight_map"].erase("base_model.model.more");
  write("part-1.safetensors", folder_.safetensors());  // all tensors, of which the index names one here
  expect_refused("the index does not say that tensor");
}

TEST_F(Shards, an_index_beside_the_whole_is_refused) {
  folder_.write();
  expect_refused("which one counts");
}

TEST_F(Shards, an_index_of_something_else_is_refused) {
  index_["weight_map"] = nlohmann::json::array();
  expect_refused("no weight_map");
  index_ = nlohmann::json::object();
  expect_refused("no weight_map");
}

}  // namespace
}  // namespace genepool
