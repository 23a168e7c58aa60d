// What the founding document would try if a limit were missed: measured always, so that the answer does not wait for the day it is.
#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/unique_fd.h"
#include "suite/phases.h"

namespace genepool::bench {
namespace {

namespace fs = std::filesystem;

Result<std::vector<char>> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  if (file.bad() || bytes.empty()) return fail(Code::kIo, "cannot read {}", path);
  return bytes;
}

Result<void> write_file(const std::string& path, const std::vector<char>& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) return fail_errno("write " + path, errno);
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.is_open() || ::fsync(fd.get()) != 0) return fail_errno("sync " + path, errno);  // only clean pages can be dropped
  return {};
}

// As a layer is loaded: into fresh memory, in one go. The kernel's copy is dropped first where there is one to drop.
Result<std::vector<char>> read_dropped(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.is_open()) return fail_errno("open " + path, errno);
  (void)::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED);
  std::vector<char> bytes(fs::file_size(path));
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::read(fd.get(), bytes.data() + done, bytes.size() - done);
    if (count <= 0) return fail_errno("read " + path, errno);
    done += static_cast<std::size_t>(count);
  }
  return bytes;
}

std::string largest_layer(const Workload& workload) {
  std::string largest;
  std::uintmax_t size = 0;
  for (const auto& entry : fs::directory_iterator(workload.dir.path() + "/layers")) {
    if (entry.file_size() <= size) continue;
    size = entry.file_size();
    largest = entry.path().string();
  }
  return largest;
}

Result<void> measure_reads(Bench& bench, std::string_view row, const std::string& path, std::size_t unpacked) {
  for (std::size_t i = 0; i < bench.options.repeats; ++i) {
    const Stopwatch watch;
    GENEPOOL_TRY(const std::vector<char> bytes, read_dropped(path));
    std::vector<char> layer(unpacked);
    if (unpacked > 0 && ZSTD_isError(ZSTD_decompress(layer.data(), layer.size(), bytes.data(), bytes.size())) != 0) {
      return fail(Code::kInternal, "zstd does not give back what it was given");
    }
    bench.add(row, watch.ms());
  }
  return {};
}

}  // namespace

Result<void> other_ways_to_load(Bench& bench) {
  GENEPOOL_TRY_VOID(bench.stage("a layer compressed, and from RAM"));
  const std::string layer = largest_layer(bench.workload);
  GENEPOOL_TRY(const std::vector<char> bytes, read_file(layer));
  std::vector<char> packed(ZSTD_compressBound(bytes.size()));
  const std::size_t packed_size = ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), 1);
  if (ZSTD_isError(packed_size) != 0) return fail(Code::kInternal, "zstd: {}", ZSTD_getErrorName(packed_size));
  packed.resize(packed_size);
  const std::string zstd_file = bench.workload.dir.path() + "/layer.zst";
  GENEPOOL_TRY_VOID(write_file(zstd_file, packed));
  GENEPOOL_TRY_VOID(measure_reads(bench, "remedy_plain", layer, 0));
  GENEPOOL_TRY_VOID(measure_reads(bench, "remedy_zstd", zstd_file, bytes.size()));
  bench.note("remedy_zstd", fmt::format("{:.1f} MB become {:.1f} MB", static_cast<double>(bytes.size()) / 1e6, static_cast<double>(packed.size()) / 1e6));
  std::error_code error;
  fs::remove(zstd_file, error);
  const std::string ram_file = fmt::format("/dev/shm/genepool-bench-{}", ::getpid());
  GENEPOOL_TRY_VOID(write_file(ram_file, bytes));
  const auto measured = measure_reads(bench, "remedy_ram_disk", ram_file, 0);
  fs::remove(ram_file, error);
  return measured;
}

Result<void> one_layer_only(Bench& bench) {
  GENEPOOL_TRY_VOID(bench.stage("a genome of one layer, COLD to last token"));
  const std::string genome = "base+" + bench.workload.layers.front();
  for (std::size_t i = 0; i < bench.options.repeats; ++i) {
    GENEPOOL_TRY_VOID(bench.pool.make_cold(genome));
    const Stopwatch watch;
    GENEPOOL_TRY_VOID(bench.pool.acquire_with_metrics(genome, bench.question()).map([](const auto&) {}));
    bench.add("remedy_one_layer", watch.ms());
  }
  return {};
}

}  // namespace genepool::bench
