// Arena: what every contest works with: base, layers and genomes as files that both sides take, and how each side is started.
// Owner: the verb. Thread: one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "client/genepool_server.h"
#include "suite/progress.h"
#include "suite/workload.h"

namespace genepool::bench {

struct StockProgram {
  std::string name;  // "llama-server, default build"
  std::string path;  // "" = not installed
};

// llama-cpp-python as tools/build-peers installs it: its name has its versions, its path is of its Python.
[[nodiscard]] StockProgram find_python_peer();

// Those of tools/build-peers, or one of PATH; `paths`: those instead, separated by commas.
[[nodiscard]] std::vector<StockProgram> find_stock_programs(const std::string& paths);

struct ArenaOptions {
  std::string our_program;                 // genepool itself
  std::vector<StockProgram> stock;         // builds of llama-server
  StockProgram python;                     // llama-cpp-python
  std::uint32_t rounds = 5, tokens = 32;
  Progress progress;
};

// A stack as both sides take it: names for us, numbers and files of adapters for llama-server.
struct Stack {
  std::string genome;
  std::vector<std::pair<int, double>> parts;  // index into Arena::layer_files, weight
};

class Arena {
 public:
  // `workload`: generated layers only, whose files stock llama.cpp takes as they are (scale 1).
  [[nodiscard]] static Result<Arena> make(const Workload& workload, ArenaOptions options);

  const Workload& workload;
  ArenaOptions options;
  std::vector<std::string> layer_files;
  std::vector<Stack> stacks;  // 20 of 4 layers, all different

  // A genepool server on the workload's directory; `settings`: pairs of "--pool.max_hot", "4".
  struct Running {
    ServerProcess process;
    std::string url, command;
  };
  [[nodiscard]] Result<Running> serve_ours(const std::vector<std::string>& settings);
  // A llama-server; common options (base, threads, context) are given here.
  [[nodiscard]] Result<Running> serve_stock(const StockProgram& program, const std::vector<std::string>& words);
  // The same without waiting until it is healthy.
  [[nodiscard]] Result<Running> begin_stock(const StockProgram& program, const std::vector<std::string>& words);
  // llama-cpp-python's server, which takes one adapter: `page`, of page_file().
  [[nodiscard]] Result<Running> serve_python(const std::string& page);
  // llama-server's router: no base of its own, one preset for each genome.
  [[nodiscard]] Result<Running> serve_router(const StockProgram& program, std::size_t genomes);

  // The words that load a stack's layers with its weights, always on.
  [[nodiscard]] std::vector<std::string> adapters_on(const Stack& stack) const;
  // A stack fused by genepool into one adapter, which llama-server takes as any other.
  [[nodiscard]] Result<std::string> page_file(const Stack& stack) const;

  // The words that load every layer, on only for a request that says so.
  [[nodiscard]] std::vector<std::string> adapters_by_request() const;

  [[nodiscard]] Result<void> progress(std::string_view text) const { return options.progress(text); }
  [[nodiscard]] std::string scratch(const std::string& name) const { return workload.dir.path() + "/" + name; }

 private:
  Arena(const Workload& w, ArenaOptions o) : workload(w), options(std::move(o)) {}
};

}  // namespace genepool::bench
