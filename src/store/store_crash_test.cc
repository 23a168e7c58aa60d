// kill -9 at every point where an operation changes the disk. This program has its own version of the calls that do
// (ours and SQLite's go through them): the n-th one never returns.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <functional>

#include "store/store_fixture.h"

namespace {

std::atomic<int> g_calls = 0;  // atomic: other tests of this program have threads
int g_die_at = 0;              // 0 = never

void count_change() {
  if (++g_calls == g_die_at) ::raise(SIGKILL);
}

}  // namespace

extern "C" {
int fsync(int fd) {
  count_change();
  return static_cast<int>(::syscall(SYS_fsync, fd));
}
int fdatasync(int fd) {
  count_change();
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}
int rename(const char* from, const char* to) noexcept {
  count_change();
  return static_cast<int>(::syscall(SYS_rename, from, to));
}
int unlink(const char* path) noexcept {
  count_change();
  return static_cast<int>(::syscall(SYS_unlink, path));
}
int fchmod(int fd, mode_t mode) noexcept {
  count_change();
  return static_cast<int>(::syscall(SYS_fchmod, fd, mode));
}
ssize_t write(int fd, const void* data, size_t size) {
  count_change();
  return ::syscall(SYS_write, fd, data, size);
}
ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  count_change();
  return ::syscall(SYS_pwrite64, fd, data, size, offset);
}
}

namespace genepool {
namespace {

class StoreCrash : public StoreTest {
 protected:
  using Operation = std::function<void(Store&)>;

  // Runs the operation (none: opening itself) in a process that dies before its n-th change of the disk. False: it came
  // to its end before.
  bool dies_at(int n, const Operation& operation) {
    const pid_t child = ::fork();
    if (child == 0) {
      g_calls = 0;
      g_die_at = operation ? 0 : n;
      auto store = Store::open(dir_);
      g_calls = 0;
      g_die_at = n;
      if (store && operation) operation(**store);
      ::_exit(store ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
  }

  // Every row has its whole file, and there is no file besides.
  void expect_consistent() {
    open();
    const auto rows = store_->list_layers({});
    ASSERT_TRUE(rows);
    for (const LayerRow& row : *rows) {
      const auto loaded = store_->load_layer(row.id);
      EXPECT_TRUE(loaded) << loaded.error().message;
    }
    EXPECT_EQ(count_files("layers"), rows->size());
    EXPECT_EQ(count_files("tmp"), 0u);
  }
};

TEST_F(StoreCrash, add_layer_is_all_or_nothing) {
  int points = 0;
  bool died = true;
  while (died) {
    died = dies_at(++points, [](Store& store) { static_cast<void>(store.add_layer("pirate", made_layer(1, 200'000))); });
    expect_consistent();
    EXPECT_TRUE(died || store_->layer("pirate"));
    static_cast<void>(store_->remove_layer("pirate"));
    store_.reset();
  }
  EXPECT_GT(points, 6);
}

TEST_F(StoreCrash, remove_layer_is_all_or_nothing) {
  int points = 0;
  bool died = true;
  while (died) {
    open();
    ASSERT_TRUE(store_->add_layer("pirate", made_layer(1, 200'000)));
    store_.reset();
    died = dies_at(++points, [](Store& store) { static_cast<void>(store.remove_layer("pirate")); });
    expect_consistent();
    EXPECT_TRUE(died || !store_->layer("pirate"));
    store_.reset();
  }
  EXPECT_GT(points, 3);
}

TEST_F(StoreCrash, replacing_a_genome_keeps_the_old_or_the_new) {
  open();
  ASSERT_TRUE(store_->add_layer("one", made_layer(1)));
  ASSERT_TRUE(store_->add_layer("two", made_layer(2)));
  int points = 0;
  bool died = true;
  while (died) {
    ASSERT_TRUE(store_->create_genome({.name = "g", .base = kBase, .stack = {{"one", 1}}, .replace = true}));
    store_.reset();
    died = dies_at(++points, [](Store& store) {
      static_cast<void>(store.create_genome({.name = "g", .base = kBase, .stack = {{"two", 1}}, .replace = true}));
    });
    expect_consistent();
    const auto row = store_->genome("g");
    ASSERT_TRUE(row);
    EXPECT_EQ(row->entries.size(), 1u);
    EXPECT_EQ(store_->layer("one")->genomes + store_->layer("two")->genomes, 1u);
    EXPECT_EQ(store_->layer(row->stack[0].layer)->genomes, 1u);
  }
  EXPECT_GT(points, 2);
}

TEST_F(StoreCrash, making_the_store_can_be_tried_again) {
  int points = 0;
  bool died = true;
  while (died) {
    std::filesystem::remove_all(dir_);
    died = dies_at(++points, nullptr);
    expect_consistent();
    store_.reset();
  }
  EXPECT_GT(points, 5);
}

}  // namespace
}  // namespace genepool
