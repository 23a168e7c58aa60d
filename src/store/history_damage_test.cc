// A history that cannot be used, and disks that cannot be written: found, set aside, counted, and fatal to nobody.
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "store/history_fixture.h"
#include "store/sqlite.h"

namespace genepool {
namespace {

using testing::HasSubstr;

class HistoryDamage : public HistoryTest {
 protected:
  HistoryDamage() {
    open();
    append(1, 200);
    history_.reset();
  }
  void sql(const std::string& text) {
    const auto done = Database::open(path())->execute(text);
    ASSERT_TRUE(done) << done.error().message;
  }
  [[nodiscard]] std::string kept(unsigned number) const { return path() + ".damaged-" + std::to_string(number); }

  // Opened again: the old file is out of the way for this reason, the new one is empty and works.
  void expect_set_aside(const std::string& why, unsigned number = 1) {
    open();
    const History::State state = history_->state();
    EXPECT_THAT(state.set_aside, HasSubstr(why));
    EXPECT_THAT(state.set_aside, HasSubstr(kept(number)));
    EXPECT_EQ(state.error, "");
    EXPECT_TRUE(std::filesystem::exists(kept(number)));
    EXPECT_EQ(ids(), "");
    open();
    EXPECT_GT(history_->next_id(), 1'600'000'000U) << "ids are not used twice, a restart without a decision in between or not";
    const std::uint64_t id = history_->next_id();
    append(id, id);
    open();
    EXPECT_EQ(history_->state().set_aside, "");
    EXPECT_EQ(history_->next_id(), id + 1);
  }
};

TEST_F(HistoryDamage, a_sound_file_stays) {
  open();
  EXPECT_EQ(history_->state().set_aside, "");
  EXPECT_EQ(history_->list({.limit = 1000})->size(), 200U);
}

TEST_F(HistoryDamage, a_file_that_is_no_database) {
  std::ofstream(path()) << std::string(8192, 'x');
  expect_set_aside("not a database");
}

TEST_F(HistoryDamage, a_file_with_a_broken_page) {
  const auto size = std::filesystem::file_size(path());
  ASSERT_GT(size, 5U * 4096U);
  std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(size / 2 / 4096 * 4096));
  file << std::string(4096, '\xee');
  file.close();
  expect_set_aside("");
}

TEST_F(HistoryDamage, a_file_that_was_cut_off) {
  ASSERT_EQ(::truncate(path().c_str(), 3 * 4096), 0);
  expect_set_aside("malformed");
}

TEST_F(HistoryDamage, a_newer_format) {
  sql("PRAGMA user_version = 2");
  expect_set_aside("format 2");
}

TEST_F(HistoryDamage, other_tables_than_ours) {
  sql("CREATE TABLE notes (text TEXT)");
  expect_set_aside("tables");
}

TEST_F(HistoryDamage, a_trigger_that_is_not_ours) {
  sql("CREATE TRIGGER t AFTER INSERT ON decisions BEGIN DELETE FROM decision_numbers; END");
  expect_set_aside("tables");
}

TEST_F(HistoryDamage, a_kind_that_nobody_knows) {
  sql("UPDATE decisions SET kind = 'omen' WHERE id = 100");
  expect_set_aside("\"omen\"");
}

TEST_F(HistoryDamage, a_row_that_no_history_would_write) {
  sql("PRAGMA ignore_check_constraints = ON; UPDATE decisions SET is_advice = 7 WHERE id = 100");
  expect_set_aside("CHECK constraint");
}

TEST_F(HistoryDamage, a_folder_or_a_fifo_in_its_place) {
  ASSERT_EQ(::unlink(path().c_str()), 0);
  ASSERT_EQ(::mkdir(path().c_str(), 0700), 0);
  expect_set_aside("not a regular file");
  history_.reset();
  ASSERT_EQ(::unlink(path().c_str()), 0);
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  expect_set_aside("not a regular file", 2);
}

TEST_F(HistoryDamage, an_empty_file_is_a_new_one) {
  ASSERT_EQ(::truncate(path().c_str(), 0), 0);
  open();
  EXPECT_EQ(history_->state().set_aside + history_->state().error, "");
  EXPECT_EQ(history_->next_id(), 1U);
}

TEST_F(HistoryDamage, three_damaged_ones_are_kept) {
  std::ofstream(path() + ".damaged-notes") << "a person's";
  for (unsigned i = 1; i <= 5; ++i) {
    history_.reset();
    std::ofstream(path()) << std::string(8192, 'x');
    std::ofstream(path() + "-wal") << "its log";
    expect_set_aside("not a database", i);
  }
  for (unsigned i = 1; i <= 5; ++i) {
    EXPECT_EQ(std::filesystem::exists(kept(i)), i > 2) << i;
    EXPECT_EQ(std::filesystem::exists(kept(i) + "-wal"), i > 2) << i;
  }
  EXPECT_TRUE(std::filesystem::exists(path() + ".damaged-notes"));
}

TEST_F(HistoryDamage, without_its_folder_nothing_is_kept_and_nothing_breaks) {
  history_ = History::open(dir_ + "/none/history.sqlite");
  EXPECT_THAT(history_->state().error, HasSubstr("none/history.sqlite"));
  history_->append(decision(1));
  history_->settle(1, 1, "");
  EXPECT_EQ(history_->flush().error().code, Code::kIo);
  EXPECT_EQ(history_->state().lost, 2U);
  EXPECT_EQ(history_->list({}).error().code, Code::kUnavailable);
  EXPECT_EQ(history_->find(1).error().code, Code::kUnavailable);
}

// A disk of one MiB. Needs root.
class HistoryFullDisk : public HistoryTest {
 protected:
  void SetUp() override {
    if (::mount("tmpfs", dir_.c_str(), "tmpfs", 0, "size=1m") != 0) GTEST_SKIP() << "mounting a small disk needs root";
  }
  void TearDown() override {
    history_.reset();
    ::umount2(dir_.c_str(), MNT_DETACH);
  }
  void fill() {
    std::ofstream filler(dir_ + "/filler", std::ios::binary);
    const std::string block(4096, 'x');
    while (filler << block << std::flush) {
    }
  }
};

TEST_F(HistoryFullDisk, decisions_are_lost_until_there_is_room_again) {
  open();
  append(1, 3);
  fill();
  for (std::uint64_t id = 4; id < 104; ++id) history_->append(decision(id));
  const auto flushed = history_->flush();
  ASSERT_FALSE(flushed);
  EXPECT_THAT(flushed.error().message, HasSubstr("full"));
  const std::uint64_t lost = history_->state().lost;
  EXPECT_GT(lost, 0U);
  EXPECT_EQ(ids({.before = 4}), "3 2 1 ") << "what was written stays readable";
  ASSERT_EQ(::unlink((dir_ + "/filler").c_str()), 0);
  append(200, 200);
  EXPECT_EQ(history_->state().error, "");
  EXPECT_EQ(history_->state().lost, lost);
  open();
  EXPECT_EQ(history_->state().set_aside, "");
  EXPECT_EQ(ids({.limit = 1}), "200 ");
}

TEST_F(HistoryFullDisk, a_good_file_on_a_full_disk_is_not_set_aside) {
  open();
  append(1, 3);
  history_.reset();
  fill();
  open();
  EXPECT_EQ(history_->state().set_aside, "");
  EXPECT_FALSE(std::filesystem::exists(path() + ".damaged-1"));
  history_.reset();
  ASSERT_EQ(::unlink((dir_ + "/filler").c_str()), 0);
  open();
  EXPECT_EQ(ids(), "3 2 1 ");
}

TEST_F(HistoryFullDisk, a_disk_that_turned_read_only_loses_what_is_decided) {
  open();
  append(1, 3);
  history_.reset();
  ASSERT_EQ(::mount(nullptr, dir_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
  open();
  history_->append(decision(4));
  EXPECT_FALSE(history_->flush());
  EXPECT_EQ(history_->state().lost, 1U);
  EXPECT_EQ(history_->state().set_aside, "");
  EXPECT_FALSE(history_->state().error.empty());
}

}  // namespace
}  // namespace genepool
