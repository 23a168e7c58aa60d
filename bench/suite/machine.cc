#include "suite/machine.h"

#include <fmt/chrono.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <thread>

#include "base/cpu_name.h"
#include "base/huge_pages.h"
#include "base/memory_pressure.h"
#include "base/usable_cores.h"
#include "cli/table.h"
#include "runtime/process_memory.h"

namespace genepool::bench {
namespace {

std::string first_words(const char* file, int count) {
  std::ifstream words(file);
  std::string text;
  for (std::string word; count-- > 0 && words >> word;) text += (text.empty() ? "" : " ") + word;
  return text;
}

// Since the start, in ticks: what all cores did, and what of it was work.
struct CoreTime {
  std::uint64_t all = 0, busy = 0;
};
CoreTime core_time() {
  std::ifstream words("/proc/stat");
  std::string name;
  words >> name;
  CoreTime time;
  std::uint64_t ticks = 0;
  for (int column = 0; column < 8 && words >> ticks; ++column) {  // user nice system idle iowait irq softirq steal
    time.all += ticks;
    if (column != 3 && column != 4) time.busy += ticks;
  }
  return time;
}

// The load average would count what this program itself did a minute ago.
double count_busy_cores(unsigned cores) {
  const CoreTime before = core_time();
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const CoreTime after = core_time();
  if (after.all == before.all) return 0;
  return cores * static_cast<double>(after.busy - before.busy) / static_cast<double>(after.all - before.all);
}

}  // namespace

Machine this_machine() {
  Machine machine;
  machine.cpu = cpu_name();
  machine.cores = usable_cores();
  machine.memory_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  utsname names{};
  machine.available_bytes = available_memory();
  if (::uname(&names) == 0) machine.kernel = fmt::format("{} {} {}", names.sysname, names.release, names.machine);
  machine.load_average = first_words("/proc/loadavg", 3);
  machine.busy_cores = count_busy_cores(std::thread::hardware_concurrency());
  machine.huge_pages = huge_pages_mode();
  machine.memory_rate = measure_memory_rate();
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  machine.started = fmt::format("{:%Y-%m-%d %H:%M:%S}", *::localtime_r(&now, &local));
  return machine;
}

Result<void> check_room(const Machine& machine, std::uint64_t base_bytes) {
  static constexpr std::uint64_t kForGenomes = std::uint64_t{1} << 30;  // workers, pages, KV, and what else the suite holds
  const std::uint64_t needed = base_bytes + kForGenomes;
  if (machine.available_bytes == 0 || machine.available_bytes >= needed) return {};  // 0: unknown
  return fail(Code::kUnavailable, "{} of RAM are free and this base with its genomes needs {}: swapping is all that could be measured",
              cli::human_bytes(machine.available_bytes), cli::human_bytes(needed));
}

std::string text_of(const Machine& machine) {
  return fmt::format("{}, {} cores, {} RAM, {}, huge pages: {}, load {}, {:.1f} cores busy; {}", machine.cpu, machine.cores, cli::human_bytes(machine.memory_bytes),
                     machine.kernel, machine.huge_pages.empty() ? "none" : machine.huge_pages, machine.load_average, machine.busy_cores,
                     text_of(machine.memory_rate));
}

}  // namespace genepool::bench
