// What the catalog costs with many names: 10,000 genomes over 1,000 layers, then on to a million names.
//   build/src/store/store_bench [DIR [NAMES]]       ninja -C build store_bench makes it; DIR (default .) is where it writes,
// so its disk is what the fsyncs are measured on; NAMES (default 1000000) where it ends.
#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <thread>
#include <vector>

#include "store/store.h"

namespace genepool {
namespace {

constexpr std::size_t kLayers = 1000, kGenomes = 10'000, kStack = 3;

using Clock = std::chrono::steady_clock;

template <class T>
T must(Result<T> result) {
  if (!result) {
    fmt::print(stderr, "store_bench: {}\n", result.error().message);
    std::exit(1);
  }
  return std::move(*result);
}

// Runs `work` for 0 .. repeats-1, each timed, and prints the distribution.
void measure(const char* what, std::size_t repeats, const std::function<void(std::size_t)>& work) {
  std::vector<double> us(repeats);
  for (std::size_t i = 0; i < repeats; ++i) {
    const auto begin = Clock::now();
    work(i);
    us[i] = std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
  }
  std::ranges::sort(us);
  const auto at = [&](double share) { return us[std::min(repeats - 1, static_cast<std::size_t>(share * static_cast<double>(repeats)))]; };
  fmt::print("  {:<44} {:>8}  {:>10.1f} {:>10.1f} {:>10.1f}\n", what, repeats, at(0.5), at(0.99), us.back());
}

std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  file >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

ImportedLayer small_layer(std::size_t number) {
  ImportedLayer layer;
  layer.bytes.resize(1024);
  for (std::size_t i = 0; i < sizeof number; ++i) layer.bytes[i] = static_cast<std::byte>(number >> (8 * i));
  layer.id = sha256(layer.bytes);
  layer.source_kind = "random";
  layer.architecture = "llama";
  return layer;
}

// Spread over the alphabet, as people's names are.
std::string genome_name(std::size_t number) { return fmt::format("{:04x}-genome-{}", (number * 40503) & 0xffff, number); }

std::vector<Store::NewGenome> genomes(std::size_t from, std::size_t to) {
  std::vector<Store::NewGenome> all;
  for (std::size_t i = from; i < to; ++i) {
    Store::NewGenome genome{.name = genome_name(i)};
    for (std::size_t k = 0; k < kStack; ++k) {
      genome.stack.push_back({fmt::format("layer{}", (i * 7 + k * 131) % kLayers), 0.01F * static_cast<float>(1 + i / kLayers % 100)});
    }
    all.push_back(std::move(genome));
  }
  return all;
}

void measure_reads(Store& store, std::size_t names) {
  std::mt19937_64 random(7);
  std::vector<std::string> wanted(100'000);
  for (std::string& name : wanted) name = genome_name(random() % names);
  measure("look up a name", wanted.size(), [&](std::size_t i) { (void)must(store.genome(wanted[i])); });
  measure("what a request looks up: name and its layers", wanted.size() / 4, [&](std::size_t i) {
    for (const StackEntry& entry : must(store.genome(wanted[i])).entries) (void)must(store.layer_by_id(entry.layer));
  });
  {
    std::atomic<bool> is_over = false;
    std::jthread writer([&] {  // until it is told: makes a thousand genomes in one transaction, removes them one by one
      while (!is_over) {
        (void)must(store.create_genomes(genomes(names + 1000, names + 2000)));
        for (std::size_t i = names + 1000; i < names + 2000 && !is_over; ++i) (void)store.remove_genome(genome_name(i));
      }
    });
    measure("look up a name while another thread writes", wanted.size() / 4, [&](std::size_t i) { (void)must(store.genome(wanted[i])); });
    is_over = true;
  }
  for (std::size_t i = names + 1000; i < names + 2000; ++i) (void)store.remove_genome(genome_name(i));
  measure("a name that is not there, with the nearest", 200, [&](std::size_t i) { (void)store.genome(wanted[i] + "x"); });
  measure("list: a page of 100", 200, [&](std::size_t i) { (void)must(store.list_genomes({.limit = 100, .after = wanted[i]})); });
  measure("list: a page of 1,000", 50, [&](std::size_t i) { (void)must(store.list_genomes({.limit = 1000, .after = wanted[i]})); });
  measure("search that finds one", 10, [&](std::size_t i) { (void)must(store.list_genomes({.search = wanted[i].substr(2)})); });
  measure("history of a name", 1000, [&](std::size_t i) { (void)must(store.history(wanted[i], 100, 0)); });
  measure("info", 5, [&](std::size_t) { (void)must(store.info()); });
}

void measure_moves(Store& store, std::size_t names) {
  measure("create one genome (one fsync)", 200, [&](std::size_t i) { (void)must(store.create_genome(genomes(names + i, names + i + 1)[0])); });
  measure("replace", 200, [&](std::size_t i) {
    auto wanted = genomes(names + i, names + i + 1)[0];
    wanted.stack.pop_back();
    wanted.replace = true;
    (void)must(store.create_genome(wanted));
  });
  measure("rollback", 200, [&](std::size_t i) { (void)must(store.roll_back({.name = genome_name(names + i)})); });
  measure("remove", 200, [&](std::size_t i) {
    if (!store.remove_genome(genome_name(names + i))) std::exit(1);
  });
}

void grow(Store& store, std::size_t from, std::size_t to) {
  const auto begin = Clock::now();
  for (std::size_t at = from; at < to; at += kGenomes) (void)must(store.create_genomes(genomes(at, std::min(to, at + kGenomes))));
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  fmt::print("{} names more, {} in a transaction: {:.1f} s, {:.1f} us each\n", to - from, std::min(to - from, kGenomes), seconds,
             seconds * 1e6 / static_cast<double>(to - from));
}

void heading(std::size_t names) { fmt::print("\n{} names  {:>57} {:>10} {:>10}\n", names, "p50 us", "p99 us", "max us"); }

int run(const std::string& parent, std::size_t most) {
  std::string dir = parent + "/genepool_store_bench_XXXXXX";
  if (::mkdtemp(dir.data()) == nullptr) return 1;
  // In a process of its own, so that the memory it leaves free does not hide what the look-ups below take.
  if (const pid_t child = ::fork(); child != 0) {
    ::waitpid(child, nullptr, 0);
  } else {
    const auto store = must(Store::open(dir));
    fmt::print("{:>78} {:>10} {:>10}\n", "p50 us", "p99 us", "max us");
    measure("add a layer of 1 KiB", kLayers, [&](std::size_t i) { (void)must(store->add_layer(fmt::format("layer{}", i), small_layer(i))); });
    grow(*store, 0, kGenomes);
    std::fflush(stdout);
    ::_exit(0);
  }
  const std::uint64_t before = resident_bytes();
  auto store = must(Store::open(dir));
  for (std::size_t i = 0; i < kGenomes; ++i) (void)must(store->genome(genome_name(i)));
  fmt::print("resident memory for {} cold names, all looked up once: {:.0f} bytes each\n", kGenomes,
             static_cast<double>(resident_bytes() - before) / static_cast<double>(kGenomes));
  std::size_t names = kGenomes;
  while (true) {
    heading(names);
    measure_reads(*store, names);
    measure_moves(*store, names);
    fmt::print("catalog {:.1f} MB, {:.0f} bytes a name; resident {:.1f} MB\n", static_cast<double>(must(store->info()).catalog_bytes) / 1e6,
               static_cast<double>(must(store->info()).catalog_bytes) / static_cast<double>(names),
               static_cast<double>(resident_bytes()) / 1e6);
    if (names >= most) break;
    grow(*store, names, std::min(most, names * 10));
    names = std::min(most, names * 10);
  }
  store.reset();
  std::filesystem::remove_all(dir);
  return 0;
}

}  // namespace
}  // namespace genepool

int main(int argc, char** argv) {
  return genepool::run(argc > 1 ? argv[1] : ".", argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1'000'000);
}
