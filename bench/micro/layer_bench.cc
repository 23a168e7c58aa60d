// What bringing in a layer and fusing a stack cost against moving the same bytes, side by side in one run:
//   build/src/store/layer_bench [DIR [ROUNDS]]      ninja -C build layer_bench makes it; DIR (default .): whose disk; ROUNDS: 40
// A layer: rank 16 on the seven linears of SmolLM2-135M's shape, f16, 9.8 MB. The canary that `layer add` runs too is not in
// here, for it is the engine's time (docs/adr/0008 says what it does; `genepool layer add` takes it).
// Import: PEFT folder -> a layer in the store. Beside it: read the folder's tensors file, SHA-256 it, write it, fsync.
// Fuse: four layers -> their page in fresh memory, as an assembly does it. Beside it: memcpy of as many bytes into fresh memory.
// And both into memory that was used before.
// Exit status 1 when a median ratio is beyond kLimit.
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>

#include "engine/test_pages.h"
#include "import/import.h"
#include "store/store.h"

namespace genepool {
namespace {

constexpr double kLimit = 3;
constexpr std::uint64_t kRank = 16, kBlocks = 30, kWidth = 576, kKeyWidth = 192, kInner = 1536;

using Clock = std::chrono::steady_clock;

template <class T>
T must(Result<T> result) {
  GENEPOOL_CHECK(result.has_value(), "{}", result ? "" : result.error().message);
  return std::move(*result);
}
void must(const Result<void>& result) { GENEPOOL_CHECK(result.has_value(), "{}", result ? "" : result.error().message); }

BaseModel smollm2_shape() {
  BaseModel base;
  base.architecture = "llama";
  base.block_count = kBlocks;
  base.head_count = 9;
  base.head_count_kv = 3;
  for (std::uint64_t block = 0; block < kBlocks; ++block) {
    const auto add = [&](const char* kind, std::uint64_t in, std::uint64_t out) {
      base.linears[fmt::format("blk.{}.{}.weight", block, kind)] = {in, out};
    };
    add("attn_q", kWidth, kWidth), add("attn_k", kWidth, kKeyWidth), add("attn_v", kWidth, kKeyWidth), add("attn_output", kWidth, kWidth);
    add("ffn_gate", kWidth, kInner), add("ffn_up", kWidth, kInner), add("ffn_down", kInner, kWidth);
  }
  return base;
}

// A PEFT folder as peft writes it; -> the bytes of its tensors file.
std::uint64_t write_peft(const std::string& folder) {
  struct Module {
    const char* name;
    std::uint64_t in, out;
  };
  constexpr std::array kModules = {Module{"self_attn.q_proj", kWidth, kWidth},    Module{"self_attn.k_proj", kWidth, kKeyWidth},
                                   Module{"self_attn.v_proj", kWidth, kKeyWidth}, Module{"self_attn.o_proj", kWidth, kWidth},
                                   Module{"mlp.gate_proj", kWidth, kInner},       Module{"mlp.up_proj", kWidth, kInner},
                                   Module{"mlp.down_proj", kInner, kWidth}};
  std::mt19937 chance(1);
  std::string header = "{", data;
  const auto add = [&](const std::string& name, std::uint64_t rows, std::uint64_t columns) {
    const auto bytes = test::random_values(TensorType::kF16, rows * columns, 0.02F, chance);
    header += fmt::format(R"({}"{}":{{"dtype":"F16","shape":[{},{}],"data_offsets":[{},{}]}})", data.empty() ? "" : ",", name, rows, columns,
                          data.size(), data.size() + bytes.size());
    data.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  for (std::uint64_t block = 0; block < kBlocks; ++block) {
    for (const auto& [module, in, out] : kModules) {
      const std::string prefix = fmt::format("base_model.model.model.layers.{}.{}.lora_", block, module);
      add(prefix + "A.weight", kRank, in);
      add(prefix + "B.weight", out, kRank);
    }
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  const std::uint64_t size = header.size();
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/adapter_config.json")
      << fmt::format(R"({{"peft_type":"LORA","r":{},"lora_alpha":32,"bias":"none","base_model_name_or_path":""}})", kRank);
  std::ofstream(folder + "/adapter_model.safetensors", std::ios::binary).write(reinterpret_cast<const char*>(&size), sizeof size)
      << header << data;
  return sizeof size + header.size() + data.size();
}

// Two pieces of work, turn about, and how their times compare.
class Race {
 public:
  void run(int rounds, const std::function<void()>& ours, const std::function<void()>& plain) {
    for (int round = -1; round < rounds; ++round) {  // the first warms up
      const double a = timed(ours), b = timed(plain);
      if (round < 0) continue;
      ours_.push_back(a), plain_.push_back(b), ratios_.push_back(a / b);
    }
  }
  [[nodiscard]] bool report(const char* what, const char* beside) {
    const double ratio = at(ratios_, 0.5);
    fmt::print("{:<10} {:>6.2f} [{:.2f} .. {:.2f}] ms   {:<34} {:>6.2f} [{:.2f} .. {:.2f}] ms   ratio {:.2f} [{:.2f} .. {:.2f}], limit {:.0f}  {}\n",
               what, at(ours_, 0.5), at(ours_, 0.1), at(ours_, 0.9), beside, at(plain_, 0.5), at(plain_, 0.1), at(plain_, 0.9), ratio,
               at(ratios_, 0.1), at(ratios_, 0.9), kLimit, ratio <= kLimit ? "PASS" : "FAIL");
    return ratio <= kLimit;
  }

 private:
  static double timed(const std::function<void()>& work) {
    const auto begin = Clock::now();
    work();
    return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  }
  static double at(std::vector<double>& values, double share) {
    std::ranges::sort(values);
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
  }
  std::vector<double> ours_, plain_, ratios_;
};

void read_hash_write(const std::string& from, const std::string& to) {
  std::vector<std::byte> bytes(std::filesystem::file_size(from));
  const UniqueFd in(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  GENEPOOL_CHECK(::read(in.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), "read");
  const Digest digest = sha256(bytes);
  const UniqueFd out(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  GENEPOOL_CHECK(::write(out.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), "write {}", digest.hex());
  GENEPOOL_CHECK(::fsync(out.get()) == 0, "fsync");
}

bool race_import(const std::string& dir, const BaseModel& base, int rounds) {
  const std::string folder = dir + "/adapter", copy = dir + "/copy";
  const std::uint64_t size = write_peft(folder);
  const auto store = must(Store::open(dir + "/store"));
  Race race;
  race.run(
      rounds,
      [&] {
        const ImportedLayer layer = must(import_layer(folder, base));
        (void)must(store->add_layer("layer", layer));
      },
      [&] {
        must(store->remove_layer("layer").map([](const LayerId&) {}));  // microseconds; what it frees must be written anew
        std::filesystem::remove(copy);
        read_hash_write(folder + "/adapter_model.safetensors", copy);
      });
  return race.report("import", fmt::format("read, hash, write, fsync {:.1f} MB", static_cast<double>(size) / 1e6).c_str());
}

bool race_fuse(const BaseModel& base, int rounds) {
  std::vector<std::vector<std::byte>> layers;
  for (unsigned seed = 0; seed < 4; ++seed) layers.push_back(test::random_layer(base, kRank, test::kAllLinears, seed));
  std::vector<LayerView> views;
  for (const auto& layer : layers) views.push_back(must(LayerView::parse(layer, false)));
  const std::vector<FusePart> parts{{&views[0], 0.8F}, {&views[1], 0.4F}, {&views[2], -0.3F}, {&views[3], 1.1F}};
  const std::size_t size = must(FusePlan::make(parts)).byte_size();
  const std::vector<std::byte> source(size, std::byte{7});
  Race race;
  race.run(
      rounds,
      [&] {
        const FusePlan plan = must(FusePlan::make(parts));
        MemoryFile page = must(MemoryFile::create("page", plan.byte_size()));
        plan.write(page.writable());
      },
      [&] {
        MemoryFile page = must(MemoryFile::create("copy", size));
        std::memcpy(page.writable().data(), source.data(), size);
      });
  const bool fresh_is_good = race.report("fuse of 4", fmt::format("memcpy {:.1f} MB, fresh memory", static_cast<double>(size) / 1e6).c_str());
  // Without the page faults, which are most of both.
  std::vector<std::byte> page(size), copy(size);
  Race touched;
  touched.run(rounds, [&] { must(FusePlan::make(parts)).write(page); }, [&] { std::memcpy(copy.data(), source.data(), size); });
  return touched.report("fuse of 4", fmt::format("memcpy {:.1f} MB, used memory", static_cast<double>(size) / 1e6).c_str()) && fresh_is_good;
}

int run(const std::string& parent, int rounds) {
  std::string dir = parent + "/genepool_layer_bench_XXXXXX";
  if (::mkdtemp(dir.data()) == nullptr) return 1;
  const BaseModel base = smollm2_shape();
  const bool import_is_good = race_import(dir, base, rounds);
  const bool fuse_is_good = race_fuse(base, rounds);
  std::filesystem::remove_all(dir);
  return import_is_good && fuse_is_good ? 0 : 1;
}

}  // namespace
}  // namespace genepool

int main(int argc, char** argv) { return genepool::run(argc > 1 ? argv[1] : ".", argc > 2 ? std::atoi(argv[2]) : 40); }
