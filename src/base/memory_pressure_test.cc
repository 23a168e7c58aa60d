#include "base/memory_pressure.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string_view>

#include "base/cgroup.h"

namespace genepool {
namespace {

namespace fs = std::filesystem;

// A machine of files under a temporary folder: PSI, a service with a limit and a slice above it.
class Machine {
 public:
  Machine() : root_(fs::path(::testing::TempDir()) / ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    fs::remove_all(root_);
    write("proc/meminfo", "MemTotal:       8000 kB\nMemFree:         100 kB\nMemAvailable:   5000 kB\n");
  }
  ~Machine() { fs::remove_all(root_); }

  void write(const fs::path& path, std::string_view text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  void join_group() const {
    write("proc/self/cgroup", "4:memory:/old\n0::/a.slice/b.service\n");
    write("sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
  }
  [[nodiscard]] const fs::path& root() const { return root_; }

 private:
  fs::path root_;
};

constexpr fs::path::value_type kGroup[] = "sys/fs/cgroup/a.slice/b.service";
constexpr std::string_view kStalls =
    "some avg10=1.50 avg60=0.00 avg300=0.00 total=150000\nfull avg10=0.25 avg60=0.00 avg300=0.00 total=7000\n";

TEST(MemoryPressure, groups_are_listed_upwards) {
  const Machine machine;
  EXPECT_TRUE(own_cgroups(machine.root()).empty());
  machine.join_group();
  const fs::path mount = machine.root() / "sys/fs/cgroup";
  EXPECT_EQ(own_cgroups(machine.root()), (std::vector<fs::path>{mount / "a.slice/b.service", mount / "a.slice", mount}));
  machine.write("proc/self/cgroup", "0::/\n");
  EXPECT_EQ(own_cgroups(machine.root()), std::vector<fs::path>{mount});
}

TEST(MemoryPressure, a_mount_of_cgroup_v1_is_no_group) {
  const Machine machine;
  machine.write("proc/self/cgroup", "4:memory:/x\n0::/\n");
  machine.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "1000");
  EXPECT_TRUE(own_cgroups(machine.root()).empty());
}

TEST(MemoryPressure, everything_is_read_where_everything_is_there) {
  const Machine machine;
  machine.join_group();
  machine.write(fs::path(kGroup) / "memory.pressure", kStalls);
  machine.write(fs::path(kGroup) / "memory.events", "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n");
  const MemoryPressure pressure = read_memory_pressure(machine.root());
  EXPECT_EQ(pressure.missing, "");
  ASSERT_TRUE(pressure.stalls);
  EXPECT_DOUBLE_EQ(pressure.stalls->some.avg10, 1.5);
  EXPECT_EQ(pressure.stalls->some.total_us, 150000U);
  EXPECT_DOUBLE_EQ(pressure.stalls->full.avg10, 0.25);
  EXPECT_EQ(pressure.stalls->full.total_us, 7000U);
  ASSERT_TRUE(pressure.events);
  EXPECT_EQ(pressure.events->high, 2U);
  EXPECT_EQ(pressure.events->oom_kill, 5U);
  EXPECT_EQ(pressure.available_bytes, 5000U * 1024);
}

TEST(MemoryPressure, the_tightest_limit_of_all_groups_bounds_what_is_available) {
  const Machine machine;
  machine.join_group();
  machine.write(fs::path(kGroup) / "memory.max", "max\n");
  machine.write(fs::path(kGroup) / "memory.current", "900000\n");
  EXPECT_EQ(read_memory_pressure(machine.root()).available_bytes, 5000U * 1024) << "no limit";
  machine.write(fs::path(kGroup) / "memory.max", "2000000\n");
  EXPECT_EQ(read_memory_pressure(machine.root()).available_bytes, 1'100'000U);
  machine.write(fs::path(kGroup) / "memory.stat", "anon 1\ninactive_file 400000\n");
  EXPECT_EQ(read_memory_pressure(machine.root()).available_bytes, 1'500'000U) << "what it would drop first is not used";
  machine.write(fs::path(kGroup) / "memory.high", "1000000\n");
  EXPECT_EQ(read_memory_pressure(machine.root()).available_bytes, 500'000U);
  machine.write("sys/fs/cgroup/a.slice/memory.max", "1000000\n");
  machine.write("sys/fs/cgroup/a.slice/memory.current", "990000\n");
  EXPECT_EQ(read_memory_pressure(machine.root()).available_bytes, 10'000U) << "the slice's";
  machine.write("sys/fs/cgroup/a.slice/memory.current", "1100000\n");
  EXPECT_EQ(read_memory_pressure(machine.root()).available_bytes, 0U) << "beyond its limit";
}

TEST(MemoryPressure, the_machines_stalls_stand_in_for_the_groups) {
  const Machine machine;
  machine.join_group();
  machine.write("proc/pressure/memory", kStalls);
  const MemoryPressure pressure = read_memory_pressure(machine.root());
  ASSERT_TRUE(pressure.stalls);
  EXPECT_EQ(pressure.stalls->some.total_us, 150000U);
  EXPECT_NE(pressure.missing.find("b.service/memory.events: No such file"), std::string::npos) << pressure.missing;
}

TEST(MemoryPressure, absent_sources_are_named_with_the_reason) {
  const Machine machine;
  const MemoryPressure pressure = read_memory_pressure(machine.root());
  EXPECT_FALSE(pressure.stalls);
  EXPECT_FALSE(pressure.events);
  EXPECT_EQ(pressure.available_bytes, 5000U * 1024);
  EXPECT_NE(pressure.missing.find("proc/pressure/memory: No such file"), std::string::npos) << pressure.missing;
  EXPECT_NE(pressure.missing.find("memory.events: this process is in no cgroup v2"), std::string::npos) << pressure.missing;
}

TEST(MemoryPressure, a_file_of_another_form_is_absent) {
  const Machine machine;
  machine.join_group();
  machine.write("proc/pressure/memory", "some avg10=0.00\n");
  machine.write(fs::path(kGroup) / "memory.events", "high 1\n");
  machine.write("proc/meminfo", "MemTotal: 8000 kB\n");
  const MemoryPressure pressure = read_memory_pressure(machine.root());
  EXPECT_FALSE(pressure.stalls);
  EXPECT_FALSE(pressure.events);
  EXPECT_EQ(pressure.available_bytes, std::nullopt);
  EXPECT_NE(pressure.missing.find("pressure/memory: not in the form"), std::string::npos) << pressure.missing;
  EXPECT_NE(pressure.missing.find("meminfo: no MemAvailable"), std::string::npos) << pressure.missing;
}

TEST(MemoryPressure, this_machine_has_memory) { EXPECT_GT(read_memory_pressure().available_bytes.value_or(0), 0U); }

}  // namespace
}  // namespace genepool
