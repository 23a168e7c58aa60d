#include "store/store.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <thread>

#include "store/store_fixture.h"

namespace genepool {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class StoreLayers : public StoreTest {
 protected:
  StoreLayers() { open(); }
  std::vector<std::string> names(const ListOptions& options) {
    std::vector<std::string> out;
    const auto rows = store_->list_layers(options);
    for (const LayerRow& row : *rows) out.push_back(row.name);
    return out;
  }
};

TEST_F(StoreLayers, an_added_layer_is_found_with_all_its_fields_after_reopening) {
  const ImportedLayer layer = made_layer(1);
  ASSERT_TRUE(store_->add_layer("pirate", layer));
  open();
  const auto row = store_->layer("pirate");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->name, "pirate");
  EXPECT_EQ(row->id, layer.id);
  EXPECT_EQ(row->bytes, layer.bytes.size());
  EXPECT_EQ(row->checksum, xxh3(layer.bytes));
  EXPECT_EQ(row->source_kind, "peft");
  EXPECT_EQ(row->declared_base, "SmolLM2");
  EXPECT_EQ(row->architecture, "llama");
  EXPECT_EQ(row->source_hash, layer.source_hash);
  EXPECT_EQ(row->rank_min, 4u);
  EXPECT_EQ(row->rank_max, 16u);
  EXPECT_EQ(row->parameter_count, 12345u);
  EXPECT_THAT(row->targets, ElementsAre("attn_q", "attn_v"));
  EXPECT_GT(row->created_ms, 1'600'000'000'000);
  EXPECT_EQ(store_->layer_by_id(layer.id)->name, "pirate");
}

TEST_F(StoreLayers, the_file_holds_the_bytes_read_only) {
  const ImportedLayer layer = made_layer(1);
  ASSERT_TRUE(store_->add_layer("pirate", layer));
  struct stat info {};
  ASSERT_EQ(::stat(file_of(layer.id).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0444u);
  EXPECT_EQ(count_files("tmp"), 0u);
  const auto loaded = store_->load_layer(layer.id);
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(is_sealed_fd(loaded->fd()));
  ASSERT_EQ(loaded->size(), layer.bytes.size());
  EXPECT_EQ(std::memcmp(loaded->bytes().data(), layer.bytes.data(), layer.bytes.size()), 0);
}

TEST_F(StoreLayers, the_same_bytes_under_two_names_are_one_file) {
  const ImportedLayer layer = made_layer(1);
  ASSERT_TRUE(store_->add_layer("pirate", layer));
  ASSERT_TRUE(store_->add_layer("buccaneer", layer));
  ASSERT_TRUE(store_->add_layer("buccaneer", layer));  // again: nothing to do
  EXPECT_EQ(count_files("layers"), 1u);
  EXPECT_THAT(names({}), ElementsAre("buccaneer", "pirate"));
  ASSERT_TRUE(store_->remove_layer("pirate"));
  EXPECT_TRUE(store_->load_layer(layer.id));
  EXPECT_EQ(*store_->remove_layer("buccaneer"), layer.id);
  EXPECT_EQ(count_files("layers"), 0u);
  EXPECT_EQ(store_->layer_by_id(layer.id).error().code, Code::kLayerNotFound);
}

TEST_F(StoreLayers, each_name_says_where_it_came_from) {
  ImportedLayer other = made_layer(1);
  other.declared_base = "Qwen2.5";
  other.source_kind = "gguf";
  other.source_hash = sha256(other.bytes);
  ASSERT_TRUE(store_->add_layer("first", made_layer(1)));
  ASSERT_TRUE(store_->add_layer("second", other));
  EXPECT_EQ(store_->layer("first")->declared_base, "SmolLM2");
  EXPECT_EQ(store_->layer("second")->declared_base, "Qwen2.5");
  EXPECT_EQ(store_->layer("second")->source_kind, "gguf");
  EXPECT_EQ(store_->layer("second")->source_hash, other.source_hash);
}

TEST_F(StoreLayers, a_name_with_other_bytes_is_a_conflict) {
  ASSERT_TRUE(store_->add_layer("pirate", made_layer(1)));
  const auto added = store_->add_layer("pirate", made_layer(2));
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, Code::kConflict);
  EXPECT_EQ(added.error().param, "name");
  EXPECT_EQ(count_files("layers"), 1u);
}

TEST_F(StoreLayers, a_bad_name_or_a_wrong_id_is_refused) {
  EXPECT_EQ(store_->add_layer("Pirate!", made_layer(1)).error().code, Code::kBadRequest);
  ImportedLayer layer = made_layer(1);
  layer.bytes[0] ^= std::byte{1};
  EXPECT_EQ(store_->add_layer("pirate", layer).error().code, Code::kInternal);
  EXPECT_EQ(count_files("layers"), 0u);
}

TEST_F(StoreLayers, an_unknown_layer_names_the_nearest) {
  ASSERT_TRUE(store_->add_layer("pirate", made_layer(1)));
  const auto missing = store_->layer("pirates");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kLayerNotFound);
  EXPECT_EQ(missing.error().message, "there is no layer \"pirates\"; did you mean \"pirate\"?");
  EXPECT_EQ(store_->remove_layer("xyz").error().message, "there is no layer \"xyz\"");
  EXPECT_EQ(store_->load_layer(kBase).error().code, Code::kLayerNotFound);
}

TEST_F(StoreLayers, lists_are_paged_and_searched_literally) {
  for (unsigned i = 0; i < 5; ++i) ASSERT_TRUE(store_->add_layer(fmt::format("layer-{}", i), made_layer(i)));
  ASSERT_TRUE(store_->add_layer("a_b", made_layer(7)));
  EXPECT_THAT(names({.limit = 2}), ElementsAre("a_b", "layer-0"));
  EXPECT_THAT(names({.limit = 2, .after = "layer-0"}), ElementsAre("layer-1", "layer-2"));
  EXPECT_THAT(names({.search = "R-3"}), ElementsAre("layer-3"));
  EXPECT_THAT(names({.search = "_"}), ElementsAre("a_b"));
  EXPECT_THAT(names({.search = "%"}), ElementsAre());
  EXPECT_THAT(names({.limit = UINT64_MAX}).size(), 6u);
}

class StoreGenomes : public StoreTest {
 protected:
  StoreGenomes() {
    open();
    EXPECT_TRUE(store_->add_layer("pirate", pirate_));
    EXPECT_TRUE(store_->add_layer("short", short_));
  }
  const ImportedLayer pirate_ = made_layer(1), short_ = made_layer(2);
};

TEST_F(StoreGenomes, a_genome_round_trips_in_order_with_exact_weights) {
  const Store::NewGenome wanted{.name = "captain",
                                .base = kBase,
                                .stack = {{"short", 0.1F}, {"pirate", -0.0F}},
                                .system_prompt = "Be brief.",
                                .default_parameters = R"({"top_p":0.9})"};
  const auto made = store_->create_genome(wanted);
  ASSERT_TRUE(made) << made.error().message;
  open();
  const auto row = store_->genome("captain");
  ASSERT_TRUE(row);
  const std::vector<StackEntry> entries{{short_.id, 0.1F}, {pirate_.id, 0.0F}};
  EXPECT_EQ(row->entries, entries);
  EXPECT_EQ(row->stack, (std::vector<NamedEntry>{{"short", 0.1F}, {"pirate", 0.0F}}));
  EXPECT_FALSE(std::signbit(row->entries[1].weight));
  EXPECT_EQ(row->base, kBase);
  EXPECT_EQ(row->identity, identity_of({kBase, entries}));
  EXPECT_EQ(row->version, version_of(row->identity, "Be brief.", R"({"top_p":0.9})"));
  EXPECT_EQ(row->system_prompt, "Be brief.");
  EXPECT_EQ(row->default_parameters, R"({"top_p":0.9})");
  EXPECT_EQ(row->created_ms, made->created_ms);
}

TEST_F(StoreGenomes, a_genome_may_be_the_base_with_a_prompt) {
  ASSERT_TRUE(store_->create_genome({.name = "plain", .base = kBase, .system_prompt = "x"}));
  EXPECT_TRUE(store_->genome("plain")->entries.empty());
}

TEST_F(StoreGenomes, a_name_moves_only_when_told_to) {
  ASSERT_TRUE(store_->create_genome({.name = "captain", .base = kBase, .stack = {{"pirate", 1}}}));
  const auto again = store_->create_genome({.name = "captain", .base = kBase, .stack = {{"pirate", 1}}});
  EXPECT_TRUE(again);
  Store::NewGenome other{.name = "captain", .base = kBase, .stack = {{"short", 1}}};
  EXPECT_EQ(store_->create_genome(other).error().code, Code::kConflict);
  EXPECT_EQ(store_->genome("captain")->version, again->version);
  other.replace = true;
  ASSERT_TRUE(store_->create_genome(other));
  EXPECT_EQ(store_->genome("captain")->entries[0].layer, short_.id);
  EXPECT_EQ(*store_->count_genomes(), 1u);
}

TEST_F(StoreGenomes, a_layers_effect_is_kept_and_may_come_later) {
  EXPECT_FALSE(store_->layer("pirate")->effect);
  ImportedLayer measured = pirate_;
  measured.effect = LayerEffect{0.25, 3, 4, false};
  ASSERT_TRUE(store_->add_layer("pirate", measured));
  ASSERT_TRUE(store_->add_layer("twin", pirate_));  // not measured: what is known stays
  for (const char* name : {"pirate", "twin"}) {
    const auto effect = store_->layer(name)->effect;
    ASSERT_TRUE(effect) << name;
    EXPECT_EQ(effect->kl, 0.25);
    EXPECT_EQ(effect->top1_changed, 3u);
    EXPECT_EQ(effect->prompts, 4u);
    EXPECT_FALSE(effect->is_none);
  }
}

TEST_F(StoreGenomes, two_names_may_share_a_version) {
  ASSERT_TRUE(store_->add_layer("buccaneer", pirate_));
  ASSERT_TRUE(store_->create_genome({.name = "one", .base = kBase, .stack = {{"pirate", 0.5F}}}));
  ASSERT_TRUE(store_->create_genome({.name = "two", .base = kBase, .stack = {{"buccaneer", 0.5F}}}));
  EXPECT_EQ(store_->genome("one")->version, store_->genome("two")->version);
  EXPECT_EQ(store_->genome("two")->stack[0].layer, "buccaneer");
  const Identity shared = store_->genome("two")->identity;
  EXPECT_EQ(*store_->name_of(shared), "one");
  ASSERT_TRUE(store_->remove_genome("one"));
  EXPECT_EQ(store_->genome("two")->entries[0].layer, pirate_.id);
  EXPECT_EQ(*store_->name_of(shared), "two");
  ASSERT_TRUE(store_->create_genome({.name = "two", .base = kBase, .stack = {{"short", 1}}, .replace = true}));
  EXPECT_EQ(*store_->name_of(shared), std::nullopt);
}

TEST_F(StoreGenomes, layers_count_the_genomes_that_use_them) {
  ASSERT_TRUE(store_->create_genome({.name = "one", .base = kBase, .stack = {{"pirate", 1}, {"pirate", 0.5F}}}));
  ASSERT_TRUE(store_->create_genome({.name = "two", .base = kBase, .stack = {{"pirate", 1}, {"short", 1}}}));
  EXPECT_EQ(store_->layer("pirate")->genomes, 2u);
  ASSERT_TRUE(store_->create_genome({.name = "two", .base = kBase, .stack = {{"short", 1}}, .replace = true}));
  EXPECT_EQ(store_->layer("pirate")->genomes, 1u);
  EXPECT_EQ(store_->list_layers({})->at(1).genomes, 1u);
  ASSERT_TRUE(store_->remove_genome("one"));
  EXPECT_EQ(store_->layer("pirate")->genomes, 0u);
}

TEST_F(StoreGenomes, a_layer_in_use_is_not_removed) {
  ASSERT_TRUE(store_->create_genome({.name = "captain", .base = kBase, .stack = {{"pirate", 1}}}));
  const auto removed = store_->remove_layer("pirate");
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, Code::kConflict);
  EXPECT_THAT(removed.error().message, HasSubstr("captain"));
  EXPECT_TRUE(store_->load_layer(pirate_.id));
  ASSERT_TRUE(store_->remove_genome("captain"));
  EXPECT_TRUE(store_->remove_layer("pirate"));
}

TEST_F(StoreGenomes, what_cannot_be_a_genome_is_refused_by_field) {
  EXPECT_EQ(store_->create_genome({.name = "base", .base = kBase}).error().param, "name");
  const auto missing = store_->create_genome({.name = "x", .base = kBase, .stack = {{"pirat", 1}}});
  EXPECT_EQ(missing.error().code, Code::kLayerNotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("\"pirate\""));
  for (const float weight : {std::numeric_limits<float>::quiet_NaN(), 101.0F}) {
    const auto bad = store_->create_genome({.name = "x", .base = kBase, .stack = {{"pirate", weight}}});
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().code, Code::kBadRequest);
    EXPECT_EQ(bad.error().param, "stack");
  }
  const std::vector<NamedEntry> nine(9, NamedEntry{"pirate", 1});
  EXPECT_EQ(store_->create_genome({.name = "x", .base = kBase, .stack = nine}).error().code, Code::kBadRequest);
  EXPECT_EQ(*store_->count_genomes(), 0u);
}

TEST_F(StoreGenomes, an_unknown_genome_names_the_nearest) {
  ASSERT_TRUE(store_->create_genome({.name = "captain", .base = kBase, .stack = {{"pirate", 1}}}));
  EXPECT_EQ(store_->genome("captian").error().code, Code::kGenomeNotFound);
  EXPECT_EQ(store_->genome("captian").error().message, "there is no genome \"captian\"; did you mean \"captain\"?");
  EXPECT_EQ(store_->remove_genome("zzz").error().code, Code::kGenomeNotFound);
  EXPECT_FALSE(store_->genome(std::string(100'000, 'c')));
}

TEST_F(StoreGenomes, lists_are_paged_and_searched) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(store_->create_genome({.name = fmt::format("g{}", i), .base = kBase, .stack = {{"short", 1}, {"pirate", 1}}}));
  }
  const auto page = store_->list_genomes({.search = "g", .limit = 2, .after = "g1"});
  ASSERT_EQ(page->size(), 2u);
  EXPECT_EQ(page->at(0).name, "g2");
  EXPECT_EQ(page->at(1).stack[1].layer, "pirate");
}

TEST_F(StoreGenomes, threads_may_read_and_write_at_once) {
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 3; ++t) {
    threads.emplace_back([this, t] {
      const std::string name = fmt::format("t{}", t);
      for (unsigned i = 0; i < 5; ++i) {
        EXPECT_TRUE(store_->add_layer(name, made_layer(t + 10)));
        EXPECT_TRUE(store_->create_genome({.name = name, .base = kBase, .stack = {{name, 1}, {"pirate", 1}}}));
        EXPECT_TRUE(store_->genome(name));
        EXPECT_TRUE(store_->load_layer(pirate_.id));
        EXPECT_TRUE(store_->remove_genome(name));
        EXPECT_TRUE(store_->remove_layer(name));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store_->layer("pirate")->genomes, 0u);
  EXPECT_EQ(count_files("layers"), 2u);
}

}  // namespace
}  // namespace genepool
