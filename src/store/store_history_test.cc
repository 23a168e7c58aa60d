// Names that move: compare-and-swap, history, rollback, copies, and what a history keeps in the store.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "store/store_fixture.h"

namespace genepool {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class StoreHistory : public StoreTest {
 protected:
  StoreHistory() {
    open();
    for (unsigned i = 0; i < layers_.size(); ++i) EXPECT_TRUE(store_->add_layer(layers_[i], made_layer(i)));
  }
  GenomeRow move_to(const std::string& layer, const std::string& if_version = "") {
    const auto made = store_->create_genome(
        {.name = "captain", .base = kBase, .stack = {{layer, 1}}, .replace = true, .if_version = if_version});
    EXPECT_TRUE(made) << made.error().message;
    return made.value_or(GenomeRow());
  }
  // "one<two": the layers of the history, newest first.
  std::string told(const std::string& name = "captain") {
    std::string text;
    const auto rows = store_->history(name, 100, 0);
    for (const GenomeRow& row : *rows) text += (text.empty() ? "" : "<") + row.stack.at(0).layer;
    return text;
  }
  const std::vector<std::string> layers_{"one", "two", "three"};
};

TEST_F(StoreHistory, every_move_is_kept_with_its_parent) {
  const GenomeRow first = move_to("one");
  const GenomeRow second = move_to("two");
  open();
  const auto rows = store_->history("captain", 100, 0);
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_EQ(rows->at(0).version, second.version);
  EXPECT_EQ(rows->at(0).parent, first.version);
  EXPECT_EQ(rows->at(0).moved_by, "replace");
  EXPECT_EQ(rows->at(0).move, 2u);
  EXPECT_EQ(rows->at(1).parent, std::nullopt);
  EXPECT_EQ(rows->at(1).moved_by, "create");
  EXPECT_EQ(rows->at(1).stack[0].layer, "one");
  EXPECT_EQ(rows->at(1).entries[0].layer, made_layer(0).id);
  EXPECT_EQ(rows->at(1).created_ms, rows->at(0).created_ms);
  EXPECT_EQ(store_->genome("captain")->parent, first.version);
  EXPECT_EQ(store_->history("captain", 1, 0)->size(), 1u);
  EXPECT_EQ(store_->history("captain", 9, 2)->at(0).move, 1u);
  EXPECT_EQ(store_->history("nobody", 9, 0).error().code, Code::kGenomeNotFound);
}

TEST_F(StoreHistory, a_move_says_which_stack_it_left) {
  const GenomeRow first = move_to("one");
  EXPECT_EQ(first.left, std::nullopt);
  EXPECT_EQ(move_to("two").left, (Genome{first.base, first.entries}));
  const auto same_stack = store_->create_genome(
      {.name = "captain", .base = kBase, .stack = {{"two", 1}}, .system_prompt = "Be brief.", .replace = true});
  EXPECT_EQ(same_stack->left, std::nullopt);
  EXPECT_EQ(told(), "two<two<one");
}

TEST_F(StoreHistory, a_preview_says_where_a_name_would_go_and_moves_nothing) {
  const GenomeRow first = move_to("one");
  const GenomeRow second = move_to("two");
  const Store::NewGenome wanted{.name = "captain", .base = kBase, .stack = {{"three", 1}}, .replace = true};
  const auto would = store_->preview(wanted);
  EXPECT_EQ(would->move, 3u);
  EXPECT_EQ(store_->preview(Store::Rollback{.name = "captain"})->version, first.version);
  EXPECT_EQ(store_->preview(Store::CopyGenome{.from = "captain", .name = "bosun"})->version, second.version);
  EXPECT_EQ(store_->preview(Store::NewGenome{.name = "captain", .base = kBase, .stack = {{"three", 1}}}).error().code, Code::kConflict);
  EXPECT_EQ(told(), "two<one");
  EXPECT_EQ(store_->genome("bosun").error().code, Code::kGenomeNotFound);
  EXPECT_EQ(store_->layer("three")->genomes, 0u);
  EXPECT_EQ(store_->create_genome(wanted)->version, would->version);
}

TEST_F(StoreHistory, a_move_tied_to_a_version_goes_nowhere_else) {
  (void)move_to("one");
  Store::NewGenome wanted{.name = "captain", .base = kBase, .stack = {{"two", 1}}, .replace = true};
  wanted.only_to = store_->preview(wanted)->version;
  ASSERT_TRUE(store_->remove_layer("two"));
  ASSERT_TRUE(store_->add_layer("two", made_layer(77)));
  EXPECT_EQ(store_->create_genome(wanted).error().code, Code::kConflict);
  EXPECT_EQ(told(), "one");
}

TEST_F(StoreHistory, golden_prompts_live_and_go_with_their_name) {
  EXPECT_EQ(store_->set_golden_prompts("captain", "[1]").error().code, Code::kGenomeNotFound);
  (void)move_to("one");
  EXPECT_EQ(store_->golden_prompts("captain").value(), "");
  ASSERT_TRUE(store_->set_golden_prompts("captain", "[1]"));
  (void)move_to("two");
  open();
  EXPECT_EQ(store_->golden_prompts("captain").value(), "[1]");
  ASSERT_TRUE(store_->set_golden_prompts("captain", "[2]"));
  EXPECT_EQ(store_->golden_prompts("captain").value(), "[2]");
  ASSERT_TRUE(store_->remove_genome("captain"));
  (void)move_to("one");
  EXPECT_EQ(store_->golden_prompts("captain").value(), "") << "the new name inherits nothing";
  ASSERT_TRUE(store_->set_golden_prompts("captain", "[3]"));
  ASSERT_TRUE(store_->set_golden_prompts("captain", ""));
  EXPECT_EQ(store_->golden_prompts("captain").value(), "");
}

TEST_F(StoreHistory, a_move_to_where_the_name_is_is_none) {
  (void)move_to("one");
  EXPECT_EQ(move_to("one").move, 1u);
  EXPECT_EQ(store_->roll_back({.name = "captain", .to = store_->genome("captain")->version.hex()})->move, 1u);
  EXPECT_EQ(told(), "one");
}

TEST_F(StoreHistory, compare_and_swap_moves_only_from_the_version_expected) {
  const GenomeRow first = move_to("one");
  Store::NewGenome wanted{.name = "captain", .base = kBase, .stack = {{"two", 1}}, .if_version = first.version.hex()};
  const auto second = store_->create_genome(wanted);
  ASSERT_TRUE(second) << second.error().message;
  const auto late = store_->create_genome(wanted);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::kConflict);
  EXPECT_EQ(late.error().param, "if_version");
  EXPECT_THAT(late.error().message, HasSubstr(second->version.hex()));
  wanted.if_version = second->version.brief();
  wanted.stack[0].layer = "three";
  EXPECT_TRUE(store_->create_genome(wanted)) << "the digits that people see are enough";
  for (const char* bad : {"12ab", "XYZ", "not a version"}) {
    wanted.if_version = bad;
    EXPECT_EQ(store_->create_genome(wanted).error().code, Code::kBadRequest) << bad;
  }
  wanted.name = "nobody";
  wanted.if_version = first.version.hex();
  EXPECT_EQ(store_->create_genome(wanted).error().code, Code::kConflict);
  EXPECT_EQ(store_->roll_back({.name = "captain", .if_version = first.version.hex()}).error().code, Code::kConflict);
  EXPECT_EQ(told(), "three<two<one");
}

TEST_F(StoreHistory, of_many_who_swap_at_once_one_wins) {
  const std::string from = move_to("one").version.hex();
  std::atomic<int> won = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      const auto moved = store_->create_genome({.name = "captain", .base = kBase, .stack = {{"two", 0.1F * static_cast<float>(t + 1)}},
                                                .if_version = from});
      won += moved ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(told(), "two<one");
}

TEST_F(StoreHistory, rollback_goes_by_steps_or_to_a_version) {
  const GenomeRow first = move_to("one");
  const GenomeRow second = move_to("two");
  (void)move_to("three");
  const auto back = store_->roll_back({.name = "captain"});
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->version, second.version);
  EXPECT_EQ(back->moved_by, "rollback");
  EXPECT_EQ(back->left, (Genome{kBase, store_->genome_at("captain@" + back->parent->hex())->entries}));
  EXPECT_EQ(store_->roll_back({.name = "captain"})->stack[0].layer, "three") << "a rollback is a move, and undone by another";
  EXPECT_EQ(store_->roll_back({.name = "captain", .to = first.version.brief()})->version, first.version);
  EXPECT_EQ(told(), "one<three<two<three<two<one");
  EXPECT_EQ(store_->layer("one")->genomes, 1u);
  EXPECT_EQ(store_->layer("three")->genomes, 0u);
  const auto far = store_->roll_back({.name = "captain", .steps = 6});
  EXPECT_EQ(far.error().code, Code::kNotFound);
  EXPECT_THAT(far.error().message, HasSubstr("goes back 5 moves"));
  EXPECT_EQ(store_->roll_back({.name = "captain", .to = "00000000"}).error().code, Code::kNotFound);
  EXPECT_EQ(store_->roll_back({.name = "captain", .to = "1"}).error().code, Code::kBadRequest);
  EXPECT_EQ(store_->roll_back({.name = "nobody"}).error().code, Code::kGenomeNotFound);
}

TEST_F(StoreHistory, rollback_restores_prompt_and_parameters) {
  ASSERT_TRUE(store_->create_genome({.name = "captain", .base = kBase, .stack = {{"one", 0.5F}}, .system_prompt = "Old.",
                                     .default_parameters = R"({"top_p":0.5})"}));
  (void)move_to("one");
  const auto back = store_->roll_back({.name = "captain"});
  EXPECT_EQ(back->system_prompt, "Old.");
  EXPECT_EQ(back->default_parameters, R"({"top_p":0.5})");
  EXPECT_EQ(back->stack[0].weight, 0.5F);
  EXPECT_EQ(store_->genome("captain")->entries, back->entries);
}

TEST_F(StoreHistory, a_copy_points_to_the_same_version_and_knows_where_it_came_from) {
  const GenomeRow first = move_to("one");
  const GenomeRow second = move_to("two");
  const auto copy = store_->copy_genome({.from = "captain", .name = "bosun"});
  ASSERT_TRUE(copy) << copy.error().message;
  EXPECT_EQ(copy->version, second.version);
  EXPECT_EQ(copy->parent, std::nullopt);
  EXPECT_EQ(copy->moved_by, "cp");
  EXPECT_EQ(copy->moved_from, "captain");
  EXPECT_EQ(copy->move, 1u);
  EXPECT_EQ(store_->layer("two")->genomes, 2u);
  EXPECT_EQ(store_->copy_genome({.from = "captain@" + first.version.brief(), .name = "bosun"}).error().code, Code::kConflict);
  ASSERT_TRUE(store_->copy_genome({.from = "captain@" + first.version.brief(), .name = "bosun", .replace = true}));
  EXPECT_EQ(told("bosun"), "one<two");
  ASSERT_TRUE(store_->remove_genome("captain"));
  EXPECT_EQ(store_->genome("bosun")->version, first.version);
  EXPECT_EQ(told("bosun"), "one<two");
  EXPECT_EQ(store_->copy_genome({.from = "captain", .name = "x"}).error().code, Code::kGenomeNotFound);
  EXPECT_EQ(store_->copy_genome({.from = "bosun", .name = "X"}).error().param, "name");
}

TEST_F(StoreHistory, a_version_is_looked_up_by_its_first_digits) {
  const GenomeRow first = move_to("one");
  (void)move_to("two");
  EXPECT_EQ(store_->genome_at("captain@" + first.version.hex().substr(0, 6))->stack[0].layer, "one");
  EXPECT_EQ(store_->genome_at("captain")->stack[0].layer, "two");
  EXPECT_EQ(store_->genome_at("captain@%").error().code, Code::kBadRequest);
  EXPECT_EQ(store_->genome_at("nobody@12345678").error().code, Code::kGenomeNotFound);
}

TEST_F(StoreHistory, what_a_history_tells_of_stays) {
  (void)move_to("one");
  (void)move_to("two");
  const auto removed = store_->remove_layer("one");
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, Code::kConflict);
  EXPECT_THAT(removed.error().message, HasSubstr("the history of captain: `genepool genome history captain --keep 1`"));
  EXPECT_THAT(store_->remove_layer("two").error().message, HasSubstr("used by captain: change or remove"));
  const auto garbage = store_->collect_garbage(false);
  ASSERT_EQ(garbage->layers.size(), 1u);
  EXPECT_EQ(garbage->layers[0].name, "three");
  EXPECT_TRUE(store_->load_layer(made_layer(0).id));
  EXPECT_TRUE(store_->roll_back({.name = "captain"}));
}

TEST_F(StoreHistory, trimming_forgets_the_oldest_and_frees_their_layers) {
  (void)move_to("one");
  (void)move_to("two");
  (void)move_to("three");
  EXPECT_EQ(*store_->trim_history("captain", 5), 0u);
  EXPECT_EQ(*store_->trim_history("captain", 2), 1u);
  EXPECT_EQ(told(), "three<two");
  EXPECT_EQ(store_->info()->versions, 2u);
  EXPECT_TRUE(store_->remove_layer("one"));
  EXPECT_FALSE(store_->remove_layer("two"));
  EXPECT_EQ(store_->roll_back({.name = "captain", .steps = 2}).error().code, Code::kNotFound);
  EXPECT_EQ(move_to("two").move, 4u) << "numbers are not used again";
  EXPECT_EQ(store_->trim_history("captain", 0).error().param, "keep");
  EXPECT_EQ(store_->trim_history("nobody", 1).error().code, Code::kGenomeNotFound);
}

TEST_F(StoreHistory, a_removed_genome_takes_its_history_with_it) {
  (void)move_to("one");
  (void)move_to("two");
  ASSERT_TRUE(store_->remove_genome("captain"));
  EXPECT_EQ(store_->info()->versions, 0u);
  EXPECT_EQ(store_->info()->moves, 0u);
  EXPECT_TRUE(store_->remove_layer("one"));
  EXPECT_EQ(store_->layer("two")->genomes, 0u);
  EXPECT_EQ(move_to("two").move, 1u);
}

TEST_F(StoreHistory, many_genomes_are_made_together_or_not_at_all) {
  std::vector<Store::NewGenome> wanted;
  for (int i = 0; i < 50; ++i) wanted.push_back({.name = fmt::format("g{}", i), .base = kBase, .stack = {{"one", 0.1F * static_cast<float>(i)}}});
  wanted.push_back({.name = "bad", .base = kBase, .stack = {{"nothing", 1}}});
  const auto refused = store_->create_genomes(wanted);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kLayerNotFound);
  EXPECT_THAT(refused.error().message, HasSubstr("\"bad\""));
  EXPECT_EQ(*store_->count_genomes(), 0u);
  EXPECT_EQ(store_->layer("one")->genomes, 0u);
  wanted.pop_back();
  EXPECT_EQ(store_->create_genomes(wanted)->size(), 50u);
  EXPECT_EQ(*store_->count_genomes(), 50u);
  EXPECT_TRUE(store_->create_genomes(wanted)) << "again: all are there";
  EXPECT_EQ(store_->info()->moves, 50u);
}

}  // namespace
}  // namespace genepool
