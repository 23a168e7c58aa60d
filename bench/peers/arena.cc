#include "peers/arena.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/usable_cores.h"
#include "genome/genome.h"
#include "store/store.h"

namespace genepool::bench {
namespace {

constexpr Duration kStartLimit = std::chrono::seconds(120);
constexpr const char* kContext = "4096";

// "llama-server -m base.gguf --port PORT --lora-scaled random1.gguf:0.5": as a reader would type it, without what only this run
// had: its directories and ports.
std::string shown(const std::vector<std::string>& command, int port) {
  std::string text;
  for (std::string word : command) {
    if (const std::size_t at = word.rfind(std::to_string(port)); at != std::string::npos && word.size() <= 15) word.replace(at, std::string::npos, "PORT");
    std::string brief;
    for (std::size_t at = 0; at < word.size();) {
      const std::size_t end = std::min(word.find(',', at), word.size());
      const std::string part = word.substr(at, end - at);
      const std::size_t slash = part.starts_with('/') ? part.rfind('/') : std::string::npos;
      brief += (at == 0 ? "" : ",") + (slash == std::string::npos ? part : part.substr(slash + 1));
      at = end + 1;
    }
    text += (text.empty() ? "" : " ") + brief;
  }
  return text;
}

std::string threads() { return std::to_string(usable_cores()); }

}  // namespace

StockProgram find_python_peer() {
  const std::string dir = cache_dir() + "/peers/llama-cpp-python";
  std::ifstream versions(dir + "/versions");
  StockProgram peer{"llama-cpp-python", ""};
  if (std::getline(versions, peer.name)) peer.path = dir + "/bin/python";
  return peer;
}

std::vector<StockProgram> find_stock_programs(const std::string& paths) {
  std::vector<StockProgram> programs;
  std::error_code ignored;
  const auto add = [&](std::string name, const std::string& path) {
    programs.push_back({std::move(name), std::filesystem::exists(path, ignored) ? path : ""});
  };
  if (!paths.empty()) {
    std::istringstream list(paths);
    for (std::string path; std::getline(list, path, ',');) add("llama-server " + path, path);
    return programs;
  }
  for (const char* build : {"default", "tuned"}) {
    add(fmt::format("llama-server, {} build", build), fmt::format("{}/peers/{}/bin/llama-server", cache_dir(), build));
  }
  const bool is_any_built = std::ranges::any_of(programs, [](const StockProgram& one) { return !one.path.empty(); });
  const char* path = std::getenv("PATH");
  std::istringstream folders(is_any_built || path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (std::filesystem::exists(folder + "/llama-server", ignored)) return {{"llama-server of PATH", folder + "/llama-server"}};
  }
  return programs;
}

Result<Arena> Arena::make(const Workload& workload, ArenaOptions options) {
  Arena arena(workload, std::move(options));
  GENEPOOL_TRY(const std::unique_ptr<Store> store, Store::open(workload.dir.path()));
  for (const std::string& name : workload.layers) {
    GENEPOOL_TRY(const LayerRow row, store->layer(name));
    const std::string file = arena.scratch(name + ".gguf");  // a link that shows its name in commands
    if (::symlink(arena.scratch("layers/" + row.id.hex() + ".gguf").c_str(), file.c_str()) != 0) return fail_errno("link " + file, errno);
    arena.layer_files.push_back(file);
  }
  GENEPOOL_TRY(const BaseId base, BaseId::from_hex(workload.base_id));
  static constexpr std::size_t kStacks = 20, kHeight = 4;
  for (std::size_t i = 0; i < kStacks; ++i) {
    Stack stack{fmt::format("four{}", i), {}};
    Store::NewGenome genome{.name = stack.genome, .base = base};
    for (std::size_t k = 0; k < kHeight; ++k) {
      const std::size_t layer = (i + k) % workload.layers.size();
      const double weight = 0.5 + 0.01 * static_cast<double>(i);
      stack.parts.emplace_back(static_cast<int>(layer), weight);
      genome.stack.push_back({workload.layers[layer], static_cast<float>(weight)});
    }
    GENEPOOL_TRY_VOID(store->create_genome(genome));
    arena.stacks.push_back(std::move(stack));
  }
  return arena;
}

Result<Arena::Running> Arena::serve_ours(const std::vector<std::string>& settings) {
  std::vector<std::string> flags{"--log.level", "warn"};
  flags.insert(flags.end(), settings.begin(), settings.end());
  GENEPOOL_TRY(RunningServer server, serve_genepool(options.our_program, workload.dir.path(), flags, scratch("genepool.log")));
  return Running{std::move(server.process), server.url, shown(server.command, server.port)};
}

Result<Arena::Running> Arena::begin_stock(const StockProgram& program, const std::vector<std::string>& words) {
  GENEPOOL_TRY(const int port, free_port());
  std::vector<std::string> command{program.path, "-m", workload.base_path, "--host", "127.0.0.1", "--port", std::to_string(port),
                                   "-c", kContext, "-t", threads()};
  command.insert(command.end(), words.begin(), words.end());
  GENEPOOL_TRY(ServerProcess process, ServerProcess::start(command, scratch("llama-server.log")));
  return Running{std::move(process), fmt::format("http://127.0.0.1:{}", port), shown(command, port)};
}

Result<Arena::Running> Arena::serve_stock(const StockProgram& program, const std::vector<std::string>& words) {
  GENEPOOL_TRY(Running running, begin_stock(program, words));
  GENEPOOL_TRY_VOID(running.process.wait_healthy(running.url, kStartLimit));
  return running;
}

Result<Arena::Running> Arena::serve_python(const std::string& page) {
  GENEPOOL_TRY(const int port, free_port());
  const std::vector<std::string> command{options.python.path, "-m", "llama_cpp.server", "--model", workload.base_path, "--lora_path", page,
                                         "--host", "127.0.0.1", "--port", std::to_string(port), "--n_ctx", kContext, "--n_threads", threads(),
                                         "--verbose", "False"};
  GENEPOOL_TRY(ServerProcess process, ServerProcess::start(command, scratch("llama-cpp-python.log")));
  Running running{std::move(process), fmt::format("http://127.0.0.1:{}", port), shown(command, port)};
  GENEPOOL_TRY_VOID(running.process.wait_healthy(running.url, kStartLimit, "/v1/models"));
  return running;
}

Result<Arena::Running> Arena::serve_router(const StockProgram& program, std::size_t genomes) {
  const std::string presets = scratch("presets.ini");
  std::ofstream file(presets);
  file << fmt::format("[*]\nmodel = {}\nctx-size = {}\nthreads = {}\n", workload.base_path, kContext, threads());
  for (std::size_t i = 0; i < genomes; ++i) {
    file << fmt::format("[{}]\nlora-scaled = {}\n", stacks[i].genome, adapters_on(stacks[i]).back());
  }
  if (!file.flush()) return fail_errno("write " + presets, errno);
  GENEPOOL_TRY(const int port, free_port());
  const std::vector<std::string> command{program.path, "--models-preset", presets, "--host", "127.0.0.1", "--port", std::to_string(port)};
  GENEPOOL_TRY(ServerProcess process, ServerProcess::start(command, scratch("router.log")));
  Running running{std::move(process), fmt::format("http://127.0.0.1:{}", port), shown(command, port)};
  GENEPOOL_TRY_VOID(running.process.wait_healthy(running.url, kStartLimit));
  return running;
}

std::vector<std::string> Arena::adapters_on(const Stack& stack) const {
  std::string list;
  for (const auto& [layer, weight] : stack.parts) {
    list += fmt::format("{}{}:{}", list.empty() ? "" : ",", layer_files[static_cast<std::size_t>(layer)], weight);
  }
  return {"--lora-scaled", list};
}

Result<std::string> Arena::page_file(const Stack& stack) const {
  std::string path = scratch(stack.genome + ".page.gguf");
  GENEPOOL_TRY_VOID(run_command({options.our_program, "genome", "page", stack.genome, path, "--data-dir", workload.dir.path()}, scratch("page.log")));
  return path;
}

std::vector<std::string> Arena::adapters_by_request() const {
  std::string list;
  for (const std::string& file : layer_files) list += (list.empty() ? "" : ",") + file;
  return {"--lora", list, "--lora-init-without-apply"};
}

}  // namespace genepool::bench
