#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "genome/gguf.h"
#include "store/store_fixture.h"

namespace genepool {
namespace {

std::string base_bytes(const std::string& name) {
  GgufLayout layout;
  layout.add_text("general.architecture", "llama");
  layout.add_text("general.name", name);
  layout.add_u32("llama.block_count", 1);
  layout.add_u32("llama.attention.head_count", 2);
  layout.add_u32("llama.attention.head_count_kv", 1);
  layout.add_u32("llama.context_length", 2048);
  layout.add_u32("llama.embedding_length", 64);
  layout.add_tensor("blk.0.attn_q.weight", TensorType::kF32, 64, 64);
  std::string bytes(layout.finish(), '\0');
  layout.write_header(std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

class StoreBase : public StoreTest {
 protected:
  StoreBase() { open(); }
  void write(const std::string& name) { std::ofstream(path_, std::ios::binary) << base_bytes(name); }
  const std::string path_ = dir_ + "/base.gguf";
};

TEST_F(StoreBase, none_is_known_at_first) {
  const auto used = store_->use_base("");
  ASSERT_FALSE(used);
  EXPECT_EQ(used.error().code, Code::kNotFound);
  EXPECT_THAT(used.error().message, testing::HasSubstr("--base"));
  EXPECT_EQ(store_->use_base(path_).error().code, Code::kNotFound);
}

TEST_F(StoreBase, the_last_base_is_remembered_by_its_absolute_path) {
  write("one");
  const auto used = store_->use_base(std::filesystem::relative(path_).string());
  ASSERT_TRUE(used) << used.error().message;
  EXPECT_EQ(used->first, path_);
  EXPECT_EQ(used->second.name, "one");
  EXPECT_EQ(used->second.head_count, 2u);
  EXPECT_EQ(used->second.id, *sha256_of_file(path_));
  open();
  const auto again = store_->use_base("");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->first, path_);
  EXPECT_EQ(again->second.id, used->second.id);
}

TEST_F(StoreBase, a_changed_file_is_hashed_again) {
  const auto now = std::filesystem::file_time_type::clock::now();
  for (const auto& time : {now, now - std::chrono::hours(1)}) {
    write("one");
    std::filesystem::last_write_time(path_, time);
    const BaseId first = store_->use_base(path_)->second.id;
    write("two");  // as many bytes
    std::filesystem::last_write_time(path_, time == now ? time : time + std::chrono::seconds(1));
    const BaseId second = store_->use_base(path_)->second.id;
    EXPECT_NE(first, second);
    EXPECT_EQ(second, *sha256_of_file(path_));
  }
}

TEST_F(StoreBase, an_equal_stamp_of_a_settled_file_is_not_hashed_again) {
  const auto time = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
  write("one");
  std::filesystem::last_write_time(path_, time);
  const BaseId known = store_->use_base(path_)->second.id;
  std::fstream(path_, std::ios::in | std::ios::out | std::ios::binary).seekp(-1, std::ios::end).put('x');
  std::filesystem::last_write_time(path_, time);
  EXPECT_EQ(store_->use_base(path_)->second.id, known);
}

TEST_F(StoreBase, what_is_no_gguf_is_refused_and_not_remembered) {
  std::ofstream(path_) << "hello";
  EXPECT_FALSE(store_->use_base(path_));
  EXPECT_EQ(store_->use_base("").error().code, Code::kNotFound);
}

// ---- prepared bases

class StorePrepared : public StoreBase {
 protected:
  StorePrepared() {
    write("one");
    source_ = store_->use_base(path_)->second;
  }

  PreparedBase verdict() const {
    return {.source = source_.id,
            .type = "q8_0",
            .bytes = 12,
            .machine = "this one",
            .candidates = {{.type = "q8_0", .bytes = 12, .prompt_rate = 2, .answer_rate = 3, .source_prompt_rate = 1,
                            .source_answer_rate = 1.5, .kl = 0.25, .top1_changed = 1, .positions = 7, .verdict = "kept"}}};
  }

  PreparedBase prepare(const std::string& bytes = "twelve bytes") {
    const std::string file = store_->candidate_file("q8_0");
    std::ofstream(file, std::ios::binary) << bytes;
    const auto kept = store_->keep_base(verdict(), file);
    EXPECT_TRUE(kept) << kept.error().message;
    return *kept;
  }

  std::string prepared_path(const PreparedBase& base) const { return dir_ + "/bases/" + base.prepared->hex() + ".gguf"; }

  BaseModel source_;
};

TEST_F(StorePrepared, a_base_computes_with_its_prepared_file_and_keeps_its_own_id) {
  EXPECT_EQ(source_.weights, source_.id);
  EXPECT_EQ(*store_->weights_file(path_, source_), path_);
  const PreparedBase kept = prepare();
  const BaseModel base = store_->use_base("")->second;
  EXPECT_EQ(base.id, source_.id);
  EXPECT_EQ(base.weights, *kept.prepared);
  EXPECT_EQ(base.weights, *sha256_of_file(prepared_path(kept)));
  EXPECT_EQ(*store_->weights_file(path_, base), prepared_path(kept));
  EXPECT_FALSE(std::filesystem::exists(store_->candidate_file("q8_0")));
}

TEST_F(StorePrepared, what_was_found_is_kept_whole) {
  prepare();
  open();
  const auto bases = store_->prepared_bases();
  ASSERT_EQ(bases->size(), 1u);
  const PreparedBase& base = bases->front();
  EXPECT_EQ(base.source, source_.id);
  EXPECT_EQ(base.machine, "this one");
  ASSERT_EQ(base.candidates.size(), 1u);
  EXPECT_EQ(base.candidates[0].type, "q8_0");
  EXPECT_EQ(base.candidates[0].source_answer_rate, 1.5);
  EXPECT_EQ(base.candidates[0].kl, 0.25);
  EXPECT_EQ(base.candidates[0].positions, 7u);
  EXPECT_EQ(base.candidates[0].gain(), 2.0);
  EXPECT_EQ(store_->info()->prepared_bases, 1u);
  EXPECT_EQ(store_->info()->prepared_bytes, 12u);
}

TEST_F(StorePrepared, genomes_get_another_identity_and_keep_their_version) {
  ASSERT_TRUE(store_->add_layer("pirate", made_layer(1)));
  const Store::NewGenome wanted{.name = "captain", .base = source_.id, .stack = {{"pirate", 1}}};
  const GenomeRow before = *store_->create_genome(wanted);
  const PreparedBase kept = prepare();
  const GenomeRow after = *store_->genome("captain");
  EXPECT_EQ(after.version, before.version);
  EXPECT_EQ(after.base, source_.id);
  EXPECT_EQ(after.weights, *kept.prepared);
  EXPECT_EQ(after.identity, identity_of({*kept.prepared, after.entries}));
  EXPECT_EQ(store_->create_genome(wanted)->move, 1u) << "it is there already";
  EXPECT_EQ(store_->list_genomes({})->front().identity, after.identity);
  EXPECT_EQ(store_->history("captain", 9, 0)->front().identity, after.identity);
  const GenomeRow second = *store_->create_genome({.name = "poet", .base = source_.id, .stack = {{"pirate", 0.5F}}});
  EXPECT_EQ(second.identity, identity_of({*kept.prepared, second.entries}));
  EXPECT_EQ(second.version, version_of(identity_of({source_.id, second.entries}), "", ""));
  EXPECT_EQ(*store_->name_of(identity_of({source_.id, second.entries})), "poet");
  open(Store::Prepared::kIgnore);
  EXPECT_EQ(store_->genome("captain")->identity, before.identity);
  EXPECT_EQ(store_->use_base("")->second.weights, source_.id);
  open();
  ASSERT_TRUE(store_->forget_base(source_.id));
  EXPECT_EQ(store_->genome("poet")->identity, identity_of({source_.id, second.entries}));
}

TEST_F(StorePrepared, a_source_that_is_kept_stays_as_it_is) {
  ASSERT_TRUE(store_->keep_base(verdict(), ""));
  EXPECT_EQ(store_->use_base("")->second.weights, source_.id);
  EXPECT_EQ(store_->info()->prepared_bases, 0u);
  EXPECT_EQ(store_->prepared_bases()->size(), 1u);
}

TEST_F(StorePrepared, a_new_verdict_takes_the_old_ones_file) {
  const PreparedBase first = prepare();
  const PreparedBase second = prepare("other bytes!");
  EXPECT_FALSE(std::filesystem::exists(prepared_path(first)));
  EXPECT_TRUE(std::filesystem::exists(prepared_path(second)));
  EXPECT_EQ(store_->prepared_bases()->size(), 1u);
  ASSERT_TRUE(store_->forget_base(source_.id));
  EXPECT_FALSE(std::filesystem::exists(prepared_path(second)));
  EXPECT_EQ(store_->forget_base(source_.id).error().code, Code::kNotFound);
}

TEST_F(StorePrepared, the_same_file_again_stays) {
  prepare();
  EXPECT_TRUE(std::filesystem::exists(prepared_path(prepare())));
}

TEST_F(StorePrepared, a_damaged_or_missing_file_is_refused_with_the_way_out) {
  const PreparedBase kept = prepare();
  const BaseModel base = store_->use_base("")->second;
  std::filesystem::remove(prepared_path(kept));
  const auto missing = store_->weights_file(path_, base);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kConflict);
  EXPECT_THAT(missing.error().message, testing::HasSubstr("genepool base forget"));
  std::ofstream(prepared_path(kept), std::ios::binary) << "twelve bytez";
  const auto damaged = store_->weights_file(path_, base);
  ASSERT_FALSE(damaged);
  EXPECT_THAT(damaged.error().message, testing::HasSubstr("is damaged"));
}

TEST_F(StorePrepared, opening_removes_files_that_no_base_has) {
  const PreparedBase kept = prepare();
  const std::string orphan = dir_ + "/bases/" + std::string(64, 'a') + ".gguf";
  std::ofstream(orphan) << "x";
  open();
  EXPECT_FALSE(std::filesystem::exists(orphan));
  EXPECT_TRUE(std::filesystem::exists(prepared_path(kept)));
}

}  // namespace
}  // namespace genepool
