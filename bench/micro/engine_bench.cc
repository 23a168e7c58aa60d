// What a worker's birth costs, ours against the stock adapter loader, on the real base in one run:
//   engine_bench [forks] [--cpu] [--threads N]    forks per row, at least 15; --cpu: CPU time instead of wall time (a busy
//                                                 machine); --threads: that compute, 1 unless said
// Ours: fork, attach + reserve of one fused page, first decode, steady decode. Stock: load each adapter from memory, set
// all, first decode (which plans the graphs again), steady decode; last a prompt of 128 tokens. Each line: median [10th .. 90th] in ms.
#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <functional>

#include "engine/llama_engine.h"
#include "engine/test_pages.h"

namespace genepool {
namespace {

bool use_cpu_time = false;
int threads = 1;
constexpr std::int32_t kPrompt = 128;

double now_ms() {
  timespec t{};
  clock_gettime(use_cpu_time ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) * 1e-6;
}

struct Times {
  double fork = 0, attach = 0, reserve = 0, first = 0, steady = 0, prompt = 0;
  [[nodiscard]] double to_first_token() const { return attach + reserve + first; }
};
using Field = double Times::*;

struct Row {
  std::string name;
  std::function<void(LlamaEngine&, Times&)> attach;
  std::vector<Times> runs;
};

double decode_ms(LlamaEngine& engine, std::int32_t position, std::int32_t tokens = 1) {
  std::vector<BatchToken> batch;
  for (std::int32_t end = position + tokens; position < end; ++position) batch.push_back({500 + position, position, 0, position + 1 == end});
  const double start = now_ms();
  const auto status = engine.decode(batch, threads);
  GENEPOOL_CHECK(status && *status == DecodeStatus::kDone, "decode");
  return now_ms() - start;
}

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
}

void run_child(LlamaEngine& engine, const Row& row, double born, Times& times) {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  times.fork = static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) * 1e-6 - born;
  row.attach(engine, times);
  times.first = decode_ms(engine, 0);
  std::vector<double> later;
  for (std::int32_t position = 1; position <= 9; ++position) later.push_back(decode_ms(engine, position));
  times.steady = quantile(later, 0.5);
  times.prompt = decode_ms(engine, 10, kPrompt);
}

void run_once(LlamaEngine& engine, Row& row, Times* shared) {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  const double born = static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) * 1e-6;
  *shared = {};
  const pid_t child = fork();
  GENEPOOL_CHECK(child >= 0, "fork");
  if (child == 0) {
    run_child(engine, row, born, *shared);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  GENEPOOL_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "{} failed", row.name);
  row.runs.push_back(*shared);
}

Row ours(std::string name, const MemoryFile& page) {
  return {std::move(name),
          [&page](LlamaEngine& engine, Times& times) {
            const double start = now_ms();
            auto mapping = Mapping::of_fd(page.fd());
            GENEPOOL_CHECK(mapping.has_value(), "map");
            const auto attached = engine.attach(std::move(*mapping));
            GENEPOOL_CHECK(attached.has_value(), "attach");
            const double both = now_ms() - start;
            times.reserve = to_ms(attached->reserve);
            times.attach = use_cpu_time ? both : both - times.reserve;
            if (use_cpu_time) times.reserve = 0;  // the engine measures wall time: the sum is under attach
          },
          {}};
}

Row stock(std::string name, const std::vector<MemoryFile>& layers) {
  return {std::move(name),
          [&layers](LlamaEngine& engine, Times& times) {
            std::vector<llama_adapter_lora*> adapters;
            std::vector<float> scales;
            const double start = now_ms();
            for (const MemoryFile& layer : layers) {
              FILE* stream = fmemopen(const_cast<std::byte*>(layer.bytes().data()), layer.size(), "rb");
              adapters.push_back(llama_adapter_lora_init_from_file_ptr(engine.model(), stream));
              std::fclose(stream);
              scales.push_back(0.5F);
            }
            llama_set_adapters_lora(engine.context(), adapters.data(), adapters.size(), scales.data());
            times.attach = now_ms() - start;
          },
          {}};
}

double median(const Row& row, const std::function<double(const Times&)>& of) {
  std::vector<double> values;
  for (const Times& run : row.runs) values.push_back(of(run));
  return quantile(values, 0.5);
}

void print_row(const Row& row) {
  constexpr std::pair<const char*, Field> kFields[] = {{"fork", &Times::fork},
                                                       {"attach", &Times::attach},
                                                       {"reserve", &Times::reserve},
                                                       {"first", &Times::first},
                                                       {"steady", &Times::steady},
                                                       {"prompt", &Times::prompt}};
  fmt::print("{:<16}", row.name);
  for (const auto& [label, field] : kFields) {
    std::vector<double> values;
    for (const Times& run : row.runs) values.push_back(run.*field);
    fmt::print("  {} {:.2f} [{:.2f} .. {:.2f}]", label, quantile(values, 0.5), quantile(values, 0.1),
               quantile(values, 0.9));
  }
  fmt::print("\n");
}

// The goal: the page of 39 MB that four layers of rank 16 make on the 135M base is attached >= 3.5 x faster than the stock
// loader loads and sets them. Run i of both rows stands side by side, so that the spread is that of neighbours in time.
void print_attach_spread(const MemoryFile& page, const Row& ours_row, const Row& stock_row) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < ours_row.runs.size(); ++i) ratios.push_back(stock_row.runs[i].attach / ours_row.runs[i].attach);
  fmt::print("page of {:.1f} MB: stock load + set / our attach {:.2f} [{:.2f} .. {:.2f}]\n", static_cast<double>(page.size()) / 1e6,
             quantile(ratios, 0.5), quantile(ratios, 0.1), quantile(ratios, 0.9));
}

void print_ratio(const char* label, const Row& ours_row, const Row& stock_row, const Row& base) {
  const auto ready = [](const Times& t) { return t.attach + t.reserve; };
  const auto attach = [](const Times& t) { return t.attach; };
  const auto first = [](const Times& t) { return t.to_first_token(); };
  const auto steady = [](const Times& t) { return t.steady; };
  const auto prompt = [](const Times& t) { return t.prompt; };
  fmt::print("{}: stock load + set / our attach {:.2f}, / our attach + reserve {:.2f}; to first token stock / ours {:.2f}; "
             "steady stock / ours {:.2f}, ours / base {:.2f}; prompt stock / ours {:.2f}, ours / base {:.2f}\n",
             label, median(stock_row, attach) / median(ours_row, attach),
             median(stock_row, attach) / median(ours_row, ready), median(stock_row, first) / median(ours_row, first),
             median(stock_row, steady) / median(ours_row, steady), median(ours_row, steady) / median(base, steady),
             median(stock_row, prompt) / median(ours_row, prompt), median(ours_row, prompt) / median(base, prompt));
}

void run(int forks) {
  const std::string path = test::model_path();
  GENEPOOL_CHECK(!path.empty(), "no model: set GENEPOOL_TEST_MODEL or let tools/fetch-model get it");
  const BaseModel base = test::base_model(path);
  LlamaEngine engine;
  EngineOptions options;
  options.base_path = path;
  options.threads = threads;
  GENEPOOL_CHECK(engine.load(options).has_value(), "load");

  std::vector<std::vector<std::byte>> layers;
  std::vector<MemoryFile> four, one;
  for (unsigned seed = 0; seed < 4; ++seed) {
    layers.push_back(test::random_layer(base, 16, test::kAllLinears, seed));
    four.push_back(test::make_page({layers.back()}, {1.0F}));
  }
  one.push_back(test::make_page({layers[0]}, {1.0F}));
  const MemoryFile fused = test::make_page(layers, {0.5F, 0.5F, 0.5F, 0.5F});

  std::vector<Row> rows{{"base", [](LlamaEngine&, Times&) {}, {}},
                        ours("ours 1 x r16", one[0]),
                        stock("stock 1 x r16", one),
                        ours("ours 4 x r16", fused),
                        stock("stock 4 x r16", four)};
  void* memory = mmap(nullptr, sizeof(Times), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  GENEPOOL_CHECK(memory != MAP_FAILED, "mmap");
  for (int i = 0; i < forks; ++i) {
    for (Row& row : rows) run_once(engine, row, static_cast<Times*>(memory));
  }
  fmt::print("{} forks a row, {} threads, {} time, ms, one page {:.1f} MB, fused page {:.1f} MB\n", forks, threads,
             use_cpu_time ? "CPU" : "wall", static_cast<double>(one[0].size()) / 1e6,
             static_cast<double>(fused.size()) / 1e6);
  for (const Row& row : rows) print_row(row);
  print_ratio("1 x r16", rows[1], rows[2], rows[0]);
  print_ratio("4 x r16", rows[3], rows[4], rows[0]);
  print_attach_spread(one[0], rows[1], rows[2]);
  print_attach_spread(fused, rows[3], rows[4]);
}

}  // namespace
}  // namespace genepool

int main(int argc, char** argv) {
  int forks = 15;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--cpu") {
      genepool::use_cpu_time = true;
    } else if (std::string_view(argv[i]) == "--threads" && i + 1 < argc) {
      genepool::threads = std::max(1, std::atoi(argv[++i]));
    } else {
      forks = std::max(15, std::atoi(argv[i]));
    }
  }
  genepool::run(forks);
}
