// kill -9 at every point where an operation changes the disk. This program has its own version of the calls that do
// (ours and SQLite's go through them): the n-th one never returns.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <functional>
#include <map>
#include <set>

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

  // Kills `operation` at its first change of the disk, its second, and so on until it comes to its end. Each time `prepare`
  // makes the state before, and `check` looks at what is left: `is_done` says whether the operation had ended.
  void kill_everywhere(int fewest, const std::function<void()>& prepare, const Operation& operation,
                       const std::function<void(bool is_done)>& check) {
    int points = 0;
    bool died = true;
    while (died) {
      prepare();
      store_.reset();
      died = dies_at(++points, operation);
      expect_consistent();
      check(!died);
      store_.reset();
    }
    EXPECT_GT(points, fewest);
    points_ += points - 1;  // the last one did not die
  }
  static void TearDownTestSuite() { std::printf("killed at %d points\n", points_); }

  // Every row has its whole file, there is no file besides, and whatever a name or its history tells of is there.
  void expect_consistent() {
    open();
    const auto rows = store_->list_layers({});
    ASSERT_TRUE(rows);
    std::map<LayerId, std::uint64_t> users;
    for (const LayerRow& row : *rows) {
      users[row.id] = 0;
      const auto loaded = store_->load_layer(row.id);
      EXPECT_TRUE(loaded) << loaded.error().message;
    }
    EXPECT_EQ(count_files("layers"), users.size());
    EXPECT_EQ(count_files("tmp"), 0u);
    const auto genomes = store_->list_genomes({});
    ASSERT_TRUE(genomes);
    std::set<VersionId> versions;
    std::uint64_t moves = 0;
    for (const GenomeRow& genome : *genomes) {
      const auto history = store_->history(genome.name, 1000, 0);
      ASSERT_TRUE(history && !history->empty());
      EXPECT_EQ(history->front().move, genome.move);
      EXPECT_EQ(history->front().version, genome.version);
      moves += history->size();
      for (const GenomeRow& row : *history) {
        versions.insert(row.version);
        EXPECT_EQ(row.version, version_of(identity_of({row.base, row.entries}), row.system_prompt, row.default_parameters));
        for (const StackEntry& entry : row.entries) EXPECT_TRUE(users.contains(entry.layer));
      }
      std::set<LayerId> used;
      for (const StackEntry& entry : genome.entries) used.insert(entry.layer);
      for (const LayerId& id : used) ++users[id];
    }
    for (const LayerRow& row : *rows) EXPECT_EQ(row.genomes, users[row.id]) << row.name;
    EXPECT_EQ(store_->info()->moves, moves);
    EXPECT_EQ(store_->info()->versions, versions.size());
  }

  // A genome with a history of three moves over layers of its own, anew.
  void make_captain() {
    open();
    static_cast<void>(store_->remove_genome("captain"));
    for (unsigned i = 0; i < 3; ++i) {
      const std::string layer = fmt::format("l{}", i);
      ASSERT_TRUE(store_->add_layer(layer, made_layer(i)));
      ASSERT_TRUE(store_->create_genome({.name = "captain", .base = kBase, .stack = {{layer, 1}}, .replace = true}));
    }
  }

  static inline int points_ = 0;
};

TEST_F(StoreCrash, add_layer_is_all_or_nothing) {
  const auto prepare = [&] {
    open();
    static_cast<void>(store_->remove_layer("pirate"));
  };
  kill_everywhere(6, prepare, [](Store& store) { static_cast<void>(store.add_layer("pirate", made_layer(1, 200'000))); },
                  [&](bool is_done) { EXPECT_TRUE(!is_done || store_->layer("pirate")); });
}

TEST_F(StoreCrash, remove_layer_is_all_or_nothing) {
  const auto prepare = [&] {
    open();
    ASSERT_TRUE(store_->add_layer("pirate", made_layer(1, 200'000)));
  };
  kill_everywhere(3, prepare, [](Store& store) { static_cast<void>(store.remove_layer("pirate")); },
                  [&](bool is_done) { EXPECT_TRUE(!is_done || !store_->layer("pirate")); });
}

TEST_F(StoreCrash, replacing_a_genome_keeps_the_old_or_the_new) {
  const auto replace = [](Store& store) {
    static_cast<void>(store.create_genome({.name = "captain", .base = kBase, .stack = {{"l0", 1}, {"l1", 1}}, .replace = true}));
  };
  kill_everywhere(2, [&] { make_captain(); }, replace, [&](bool is_done) {
    const auto row = store_->genome("captain");
    ASSERT_TRUE(row);
    EXPECT_EQ(row->entries.size(), row->move == 4 ? 2u : 1u);
    EXPECT_TRUE(!is_done || row->move == 4);
  });
}

TEST_F(StoreCrash, making_many_genomes_is_all_or_nothing) {
  const auto prepare = [&] {
    make_captain();
    for (int i = 0; i < 40; ++i) static_cast<void>(store_->remove_genome(fmt::format("g{}", i)));
  };
  const auto make = [](Store& store) {
    std::vector<Store::NewGenome> wanted;
    for (int i = 0; i < 40; ++i) {
      wanted.push_back({.name = fmt::format("g{}", i), .base = kBase, .stack = {{"l1", 0.1F * static_cast<float>(i)}}});
    }
    static_cast<void>(store.create_genomes(wanted));
  };
  kill_everywhere(2, prepare, make, [&](bool is_done) {
    const std::uint64_t made = *store_->count_genomes() - 1;
    EXPECT_TRUE(made == 40 || (made == 0 && !is_done)) << made;
  });
}

TEST_F(StoreCrash, a_copy_is_there_or_not) {
  const auto prepare = [&] {
    make_captain();
    static_cast<void>(store_->remove_genome("bosun"));
  };
  kill_everywhere(2, prepare, [](Store& store) { static_cast<void>(store.copy_genome({.from = "captain", .name = "bosun"})); },
                  [&](bool is_done) {
                    const auto copy = store_->genome("bosun");
                    EXPECT_TRUE(copy || !is_done);
                    EXPECT_TRUE(!copy || copy->version == store_->genome("captain")->version);
                  });
}

TEST_F(StoreCrash, a_rollback_is_done_or_not) {
  kill_everywhere(2, [&] { make_captain(); }, [](Store& store) { static_cast<void>(store.roll_back({.name = "captain"})); },
                  [&](bool is_done) {
                    const auto row = store_->genome("captain");
                    ASSERT_TRUE(row);
                    EXPECT_EQ(row->stack[0].layer, row->move == 4 ? "l1" : "l2");
                    EXPECT_TRUE(!is_done || row->move == 4);
                  });
}

TEST_F(StoreCrash, trimming_a_history_is_all_or_nothing) {
  kill_everywhere(2, [&] { make_captain(); }, [](Store& store) { static_cast<void>(store.trim_history("captain", 1)); },
                  [&](bool is_done) {
                    const std::size_t moves = store_->history("captain", 9, 0)->size();
                    EXPECT_TRUE(moves == 1 || (moves == 3 && !is_done)) << moves;
                  });
}

TEST_F(StoreCrash, golden_prompts_are_the_old_or_the_new_ones) {
  const auto prepare = [&] {
    make_captain();
    ASSERT_TRUE(store_->set_golden_prompts("captain", "[1]"));
  };
  kill_everywhere(2, prepare, [](Store& store) { static_cast<void>(store.set_golden_prompts("captain", "[2]")); }, [&](bool is_done) {
    const std::string prompts = *store_->golden_prompts("captain");
    EXPECT_TRUE(prompts == "[2]" || (prompts == "[1]" && !is_done)) << prompts;
  });
}

TEST_F(StoreCrash, removing_a_genome_takes_all_of_it_or_nothing) {
  kill_everywhere(2, [&] { make_captain(); }, [](Store& store) { static_cast<void>(store.remove_genome("captain")); },
                  [&](bool is_done) { EXPECT_EQ(*store_->count_genomes(), store_->info()->moves == 3 ? 1u : 0u) << is_done; });
}

TEST_F(StoreCrash, garbage_collection_removes_nothing_that_is_used) {
  const auto prepare = [&] {
    make_captain();
    for (unsigned i = 10; i < 14; ++i) ASSERT_TRUE(store_->add_layer(fmt::format("unused{}", i), made_layer(i)));
    ASSERT_TRUE(store_->add_layer("alias", made_layer(2)));
  };
  kill_everywhere(5, prepare, [](Store& store) { static_cast<void>(store.collect_garbage(false)); }, [&](bool is_done) {
    EXPECT_EQ(store_->history("captain", 9, 0)->size(), 3u);
    const std::size_t names = store_->list_layers({})->size();
    EXPECT_TRUE(names == 3 || (names == 8 && !is_done)) << names;
  });
}

TEST_F(StoreCrash, making_the_store_can_be_tried_again) {
  kill_everywhere(5, [&] { std::filesystem::remove_all(dir_); }, nullptr, [](bool) {});
}

}  // namespace
}  // namespace genepool
