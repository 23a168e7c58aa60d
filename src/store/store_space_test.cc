// What fills the store: verify, garbage collection, the quota, and the figures of info().
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>
#include <limits>

#include "genome/layer_file.h"
#include "store/store_fixture.h"

namespace genepool {
namespace {

using testing::HasSubstr;

// One that is a layer to LayerView also.
ImportedLayer true_layer(float value = 0.5F) {
  LayerPairData pair{.base_tensor = "blk.0.attn_q.weight", .type_a = TensorType::kF32, .type_b = TensorType::kF32,
                     .in = 8, .rank = 2, .out = 8};
  std::vector<float> values(16, value);
  const auto bytes = std::as_bytes(std::span(values));
  pair.a.assign(bytes.begin(), bytes.end());
  pair.b = pair.a;
  return layer_of(write_layer("llama", {pair}));
}

class StoreSpace : public StoreTest {
 protected:
  StoreSpace() { open(); }
  void add(const std::string& name, const ImportedLayer& layer) { ASSERT_TRUE(store_->add_layer(name, layer)); }
  void damage(const LayerId& id, std::streamoff offset) {
    ::chmod(file_of(id).c_str(), 0644);
    std::fstream file(file_of(id), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(offset);
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(offset);
    file.put(byte);
  }
};

TEST_F(StoreSpace, verify_reads_every_bit) {
  const ImportedLayer layer = true_layer();
  add("pirate", layer);
  EXPECT_EQ(store_->verify_layer("pirate")->id, layer.id);
  for (std::streamoff at = 0; at < static_cast<std::streamoff>(layer.bytes.size()); at += 37) {
    damage(layer.id, at);
    const auto bad = store_->verify_layer("pirate");
    ASSERT_FALSE(bad) << at;
    EXPECT_EQ(bad.error().code, Code::kLayerCorrupt);
    EXPECT_THAT(bad.error().message, HasSubstr(file_of(layer.id)));
    damage(layer.id, at);
  }
  EXPECT_TRUE(store_->verify_layer("pirate"));
  EXPECT_EQ(store_->verify_layer("nobody").error().code, Code::kLayerNotFound);
}

TEST_F(StoreSpace, verify_looks_into_the_layer) {
  add("noise", made_layer(1));
  EXPECT_THAT(store_->verify_layer("noise").error().message, HasSubstr("is no layer"));
  add("nan", true_layer(std::numeric_limits<float>::quiet_NaN()));
  EXPECT_EQ(store_->verify_layer("nan").error().code, Code::kLayerCorrupt);
}

TEST_F(StoreSpace, garbage_is_what_no_genome_uses) {
  add("used", made_layer(1, 1000));
  add("alias", made_layer(1, 1000));
  add("unused", made_layer(2, 3000));
  ASSERT_TRUE(store_->create_genome({.name = "g", .base = kBase, .stack = {{"used", 1}}}));
  const auto told = store_->collect_garbage(true);
  ASSERT_EQ(told->layers.size(), 2u);  // "alias" too: its file stays
  EXPECT_EQ(told->bytes, 3000u);
  EXPECT_EQ(store_->list_layers({})->size(), 3u);
  const auto gone = store_->collect_garbage(false);
  EXPECT_EQ(gone->layers.size(), 2u);
  EXPECT_EQ(gone->files.size(), 1u);
  EXPECT_EQ(gone->bytes, 3000u);
  EXPECT_EQ(store_->list_layers({})->at(0).name, "used");
  EXPECT_EQ(count_files("layers"), 1u);
  EXPECT_TRUE(store_->load_layer(made_layer(1, 1000).id));
  EXPECT_TRUE(store_->collect_garbage(false)->layers.empty());
}

TEST_F(StoreSpace, info_counts_shared_layers_once) {
  add("one", made_layer(1, 1000));
  add("two", made_layer(2, 500));
  add("alias", made_layer(1, 1000));
  ASSERT_TRUE(store_->create_genome({.name = "a", .base = kBase, .stack = {{"one", 1}}}));
  ASSERT_TRUE(store_->create_genome({.name = "b", .base = kBase, .stack = {{"one", 1}}}));
  ASSERT_TRUE(store_->create_genome({.name = "b", .base = kBase, .stack = {{"one", 0.5F}}, .replace = true}));
  const auto info = store_->info();
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->layer_names, 3u);
  EXPECT_EQ(info->layers, 2u);
  EXPECT_EQ(info->layer_bytes, 1500u);
  EXPECT_EQ(info->unshared_bytes, 2000u);
  EXPECT_EQ(info->unused_layer_names, 2u);
  EXPECT_EQ(info->unused_bytes, 500u);
  EXPECT_EQ(info->genomes, 2u);
  EXPECT_EQ(info->versions, 2u);
  EXPECT_EQ(info->moves, 3u);
  EXPECT_GT(info->catalog_bytes, 4096u);
}

TEST_F(StoreSpace, the_quota_bounds_the_layers) {
  add("kept", made_layer(1, 6000));
  add("unused", made_layer(2, 3000));
  ASSERT_TRUE(store_->create_genome({.name = "g", .base = kBase, .stack = {{"kept", 1}}}));
  store_->set_quota(10'000);
  const auto refused = store_->add_layer("big", made_layer(3, 2000));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kStoreFull);
  EXPECT_THAT(refused.error().message, HasSubstr("9000 of the 10000 bytes of store.quota are used"));
  EXPECT_THAT(refused.error().message, HasSubstr("would free 3000"));
  EXPECT_EQ(count_files("layers") + count_files("tmp"), 2u);
  EXPECT_TRUE(store_->add_layer("fits", made_layer(4, 1000)));
  EXPECT_TRUE(store_->add_layer("alias", made_layer(1, 6000))) << "no new bytes";
  ASSERT_TRUE(store_->collect_garbage(false));
  EXPECT_TRUE(store_->add_layer("big", made_layer(3, 2000)));
  store_->set_quota(0);
  EXPECT_TRUE(store_->add_layer("huge", made_layer(5, 50'000)));
}

}  // namespace
}  // namespace genepool
