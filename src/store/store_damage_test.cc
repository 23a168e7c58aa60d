// What can be wrong around the store: damaged files, a full disk, a second process, a catalog of another time.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "store/sqlite.h"
#include "store/store_fixture.h"

namespace genepool {
namespace {

using testing::HasSubstr;

class StoreDamage : public StoreTest {
 protected:
  StoreDamage() {
    open();
    EXPECT_TRUE(store_->add_layer("pirate", layer_));
    EXPECT_TRUE(store_->add_layer("other", made_layer(2)));
    ::chmod(file_.c_str(), 0644);
  }
  void expect_corrupt(std::string_view reason) {
    const auto loaded = store_->load_layer(layer_.id);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, Code::kLayerCorrupt);
    EXPECT_THAT(loaded.error().message, HasSubstr(file_));
    EXPECT_THAT(loaded.error().message, HasSubstr(reason));
    EXPECT_TRUE(store_->load_layer(made_layer(2).id));  // the others go on
  }
  const ImportedLayer layer_ = made_layer(1, 600'000);
  const std::string file_ = file_of(layer_.id);
};

TEST_F(StoreDamage, a_flipped_bit_is_found_and_names_the_file) {
  std::fstream file(file_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(400'000);
  file.put(static_cast<char>(layer_.bytes[400'000] ^ std::byte{1}));
  file.close();
  expect_corrupt("is damaged");
}

TEST_F(StoreDamage, a_truncated_or_grown_file_is_found) {
  ASSERT_EQ(::truncate(file_.c_str(), 599'999), 0);
  expect_corrupt("599999 bytes");
  ASSERT_EQ(::truncate(file_.c_str(), 600'001), 0);
  expect_corrupt("600001 bytes");
  ASSERT_EQ(::truncate(file_.c_str(), 0), 0);
  expect_corrupt("0 bytes");
}

TEST_F(StoreDamage, a_fifo_in_a_layers_place_makes_nobody_wait) {
  ASSERT_EQ(::unlink(file_.c_str()), 0);
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  expect_corrupt("not a regular file");
}

TEST_F(StoreDamage, a_missing_file_is_found_also_after_reopening) {
  ASSERT_EQ(::unlink(file_.c_str()), 0);
  expect_corrupt("is missing");
  open();
  expect_corrupt("is missing");
}

TEST_F(StoreDamage, adding_the_layer_again_mends_its_file) {
  ASSERT_EQ(::truncate(file_.c_str(), 1000), 0);
  ASSERT_TRUE(store_->add_layer("pirate", layer_));
  EXPECT_TRUE(store_->load_layer(layer_.id));
}

TEST_F(StoreDamage, opening_removes_orphans_and_unfinished_writes_only) {
  std::ofstream(file_of(kBase)) << "no row knows me";
  std::ofstream(dir_ + "/tmp/half") << "written";
  std::ofstream(dir_ + "/layers/README") << "a person's";
  open();
  EXPECT_EQ(count_files("layers"), 3u);
  EXPECT_EQ(count_files("tmp"), 0u);
  EXPECT_TRUE(store_->load_layer(layer_.id));
}

TEST_F(StoreDamage, a_second_process_is_refused_with_the_owners_pid) {
  const auto second = Store::open(dir_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kConflict);
  store_.reset();
  int ready[2];
  int go[2];
  ASSERT_EQ(::pipe(ready) + ::pipe(go), 0);
  const pid_t owner = ::fork();
  if (owner == 0) {
    ::close(go[1]);
    const auto store = Store::open(dir_);
    char byte = store ? 'y' : 'n';
    static_cast<void>(!::write(ready[1], &byte, 1));
    static_cast<void>(!::read(go[0], &byte, 1));  // ends when the parent closes its side
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  const auto refused = Store::open(dir_);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr(fmt::format("process {}", owner)));
  ::kill(owner, SIGKILL);
  ::waitpid(owner, nullptr, 0);
  EXPECT_TRUE(Store::open(dir_));
  for (const int fd : {ready[0], ready[1], go[0], go[1]}) ::close(fd);
}

TEST_F(StoreDamage, a_catalog_of_a_newer_genepool_is_left_alone) {
  store_.reset();
  ASSERT_TRUE(Database::open(dir_ + "/catalog.sqlite")->execute("PRAGMA user_version = 99"));
  const auto opened = Store::open(dir_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kNotSupported);
  EXPECT_EQ(count_files("layers"), 2u);
}

TEST_F(StoreDamage, a_catalog_of_the_first_release_is_brought_up_to_date) {
  ASSERT_TRUE(store_->create_genome({.name = "captain", .base = kBase, .stack = {{"pirate", 1}}}));
  store_.reset();
  const auto made_old = Database::open(dir_ + "/catalog.sqlite")->execute(R"(
      CREATE TABLE genome_entries (
        genome TEXT NOT NULL REFERENCES genomes(name) ON DELETE CASCADE, position INTEGER NOT NULL,
        layer_name TEXT NOT NULL REFERENCES layer_names(name), PRIMARY KEY (genome, position)) STRICT, WITHOUT ROWID;
      CREATE INDEX genome_entries_by_layer_name ON genome_entries(layer_name);
      INSERT INTO genome_entries SELECT genome, position, layer_name FROM move_entries;
      DROP TRIGGER version_goes_with_its_last_move;
      DROP TABLE move_entries;
      DROP TABLE moves;
      ALTER TABLE genomes DROP COLUMN move;
      DROP INDEX versions_by_identity;
      DROP TABLE golden_prompts;
      DROP TABLE base_candidates;
      DROP TABLE prepared_bases;
      ALTER TABLE layers DROP COLUMN effect_kl;
      ALTER TABLE layers DROP COLUMN effect_top1_changed;
      ALTER TABLE layers DROP COLUMN effect_prompts;
      ALTER TABLE layers DROP COLUMN effect_is_none;
      ALTER TABLE layers ADD COLUMN source_kind TEXT NOT NULL DEFAULT 'gguf';
      ALTER TABLE layers ADD COLUMN source_hash BLOB NOT NULL DEFAULT x'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';
      ALTER TABLE layers ADD COLUMN declared_base TEXT NOT NULL DEFAULT 'OldLM';
      ALTER TABLE layer_names DROP COLUMN source_kind;
      ALTER TABLE layer_names DROP COLUMN source_hash;
      ALTER TABLE layer_names DROP COLUMN declared_base;
      PRAGMA user_version = 1)");
  ASSERT_TRUE(made_old) << made_old.error().message;
  open();
  const auto captain = store_->genome("captain");
  ASSERT_TRUE(captain) << captain.error().message;
  EXPECT_EQ(*store_->name_of(captain->identity), "captain");
  EXPECT_EQ(captain->stack, (std::vector<NamedEntry>{{"pirate", 1}}));
  EXPECT_EQ(captain->moved_by, "create");
  EXPECT_EQ(store_->history("captain", 9, 0)->size(), 1u);
  const auto pirate = store_->layer("pirate");
  ASSERT_TRUE(pirate) << pirate.error().message;
  EXPECT_EQ(pirate->source_kind, "gguf");
  EXPECT_EQ(pirate->declared_base, "OldLM");
  EXPECT_EQ(pirate->source_hash.brief(), "000102030405");
  EXPECT_FALSE(store_->remove_layer("pirate"));
  ASSERT_TRUE(store_->remove_genome("captain"));
  EXPECT_TRUE(store_->remove_layer("pirate"));
}

TEST_F(StoreDamage, a_catalog_that_is_none_is_named) {
  store_.reset();
  std::ofstream(dir_ + "/catalog.sqlite") << std::string(8192, 'x');
  const auto opened = Store::open(dir_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kIo);
  EXPECT_THAT(opened.error().message, HasSubstr("catalog.sqlite"));
  EXPECT_EQ(count_files("layers"), 2u);
}

TEST_F(StoreDamage, a_file_size_limit_is_an_error_and_leaves_nothing_behind) {
  // EFBIG, which is what an embedding program with RLIMIT_FSIZE sees.
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const rlimit small{200'000, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto added = store_->add_layer("big", made_layer(3, 300'000));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, Code::kIo);
  EXPECT_THAT(added.error().message, HasSubstr("File too large"));
  EXPECT_EQ(count_files("tmp") + count_files("layers"), 2u);
  EXPECT_FALSE(store_->layer("big"));
  EXPECT_TRUE(store_->add_layer("big", made_layer(3, 300'000)));
}

// A disk of one MiB. Needs root.
class StoreFullDisk : public StoreTest {
 protected:
  void SetUp() override {
    if (::mount("tmpfs", dir_.c_str(), "tmpfs", 0, "size=1m") != 0) GTEST_SKIP() << "mounting a small disk needs root";
    open();
  }
  void TearDown() override {
    store_.reset();
    ::umount2(dir_.c_str(), MNT_DETACH);
  }
};

TEST_F(StoreFullDisk, a_layer_that_does_not_fit_leaves_nothing_behind) {
  ASSERT_TRUE(store_->add_layer("small", made_layer(1, 100'000)));
  const auto added = store_->add_layer("big", made_layer(2, 2'000'000));
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, Code::kStoreFull);
  EXPECT_EQ(count_files("tmp"), 0u);
  EXPECT_EQ(count_files("layers"), 1u);
  EXPECT_EQ(store_->list_layers({})->size(), 1u);
  EXPECT_TRUE(store_->add_layer("fits", made_layer(3, 100'000)));
}

TEST_F(StoreFullDisk, a_full_catalog_is_told_and_stays_usable) {
  ASSERT_TRUE(store_->add_layer("small", made_layer(1, 1000)));
  {
    std::ofstream filler(dir_ + "/filler", std::ios::binary);
    const std::string block(4096, 'x');
    while (filler << block << std::flush) {
    }
  }
  Result<GenomeRow> made;
  for (int i = 0; i < 100 && made; ++i) {
    made = store_->create_genome(
        {.name = fmt::format("g{}", i), .base = kBase, .stack = {{"small", 1}}, .system_prompt = std::string(9000, 'x')});
  }
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::kStoreFull);
  const std::uint64_t before = *store_->count_genomes();
  EXPECT_EQ(store_->layer("small")->genomes, before);
  ASSERT_EQ(::unlink((dir_ + "/filler").c_str()), 0);
  EXPECT_TRUE(store_->create_genome({.name = "later", .base = kBase, .stack = {{"small", 1}}}));
  open();
  EXPECT_EQ(*store_->count_genomes(), before + 1);
}

}  // namespace
}  // namespace genepool
