// genepool-worker: the only program with an engine. The server starts it as its zygote, and genepool for work on base files
// (base_tool.h); people have no need to.
#include <fmt/core.h>
#include <sys/prctl.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/log.h"
#include "engine/engine.h"
#include "engine/fake_engine.h"
#include "worker/base_comparison.h"
#include "worker/base_tool.h"
#include "worker/zygote.h"
#include "worker/zygote_flags.h"

namespace genepool {
namespace {

constexpr int kUsageError = 2;

class FlagHelp {
 public:
  template <class T>
  void operator()(const char* name, const T& /*field*/, const char* help) {
    text += fmt::format("  {:<18} {}\n", std::is_same_v<T, bool> ? name : fmt::format("{} V", name), help);
  }
  std::string text;
};

// Sets the field of one flag; `taken` says how many words it was.
class FlagReader {
 public:
  FlagReader(std::string_view name, const char* value) : name_(name), value_(value) {}

  template <class T>
  void operator()(const char* name, T& field, const char* /*help*/) {
    if (name_ != name) return;
    if constexpr (std::is_same_v<T, bool>) {
      field = true;
      taken = 1;
    } else if (value_ == nullptr) {
      return;
    } else if constexpr (std::is_same_v<T, std::string>) {
      field = value_;
      taken = 2;
    } else {
      const char* end = value_ + std::strlen(value_);
      const auto [stop, error] = std::from_chars(value_, end, field);
      taken = error == std::errc{} && stop == end ? 2 : 0;
    }
  }
  int taken = 0;

 private:
  std::string_view name_;
  const char* value_;
};

std::string usage() {
  FlagHelp help;
  FlagHelp tool_help;
  const ZygoteFlags flags;
  const BaseToolFlags tool_flags;
  walk_zygote_flags(help, flags);
  walk_base_tool_flags(tool_help, tool_flags);
  return "usage: genepool-worker zygote FLAGS...\n       genepool-worker quantise|compare FLAGS...\n"
         "       genepool-worker --help | --version\n\n"
         "Started by genepool. zygote loads the base and forks the workers:\n" + help.text +
         "quantise writes a base with another type of weights, compare measures two bases side by side:\n" + tool_help.text;
}

// `walk(visit)` walks the flags that are read into.
bool read_flags(int argc, char** argv, const auto& walk) {
  for (int i = 2; i < argc;) {
    FlagReader reader(argv[i], i + 1 < argc ? argv[i + 1] : nullptr);
    walk(reader);
    if (reader.taken == 0) {
      fmt::print(stderr, "genepool-worker: unknown flag or bad value: {}\n", argv[i]);
      return false;
    }
    i += reader.taken;
  }
  return true;
}

bool is_sane(const ZygoteFlags& flags) {
  const EngineOptions& e = flags.options.engine_options;
  const bool result = e.context_size > 0 && e.sequences > 0 && e.batch_size >= e.sequences && e.threads > 0;
  if (!result) fmt::print(stderr, "genepool-worker: wanted: context, sequences, threads >= 1 and batch >= sequences\n");
  return result;
}

Result<std::unique_ptr<Engine>> engine_of(const std::string& name, const std::string& fake_script) {
  if (name == "fake") return make_fake_engine(fake_script);
  std::unique_ptr<Engine> engine = make_engine(name);
  if (engine == nullptr) return fail(Code::kNotSupported, "this genepool-worker is built without the engine \"{}\"", name);
  return engine;
}

int zygote(int argc, char** argv) {
  ZygoteFlags flags;
  const auto walk = [&](auto& visit) { walk_zygote_flags(visit, flags); };
  if (!read_flags(argc, argv, walk) || !is_sane(flags)) return kUsageError;
  log_setup(level_from_text(flags.options.log_level), LogFormat::kText);
  return run_zygote(UniqueFd(flags.channel_fd), UniqueFd(flags.gate_fd), engine_of(flags.options.engine, flags.options.fake_script),
                    flags.options);
}

void say_now(const std::string& now) {
  fmt::print("{}{}\n", kBaseToolNow, now);
  std::fflush(stdout);
}

// Work on base files: its result, or why there is none, is the last line on standard output.
int base_tool(std::string_view verb, int argc, char** argv) {
  BaseToolFlags flags;
  if (!read_flags(argc, argv, [&](auto& visit) { walk_base_tool_flags(visit, flags); })) return kUsageError;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  log_setup(Level::kError, LogFormat::kText);
  const auto make = [&] { return engine_of(flags.engine, flags.fake_script); };
  const Result<std::string> line =
      verb == "quantise"
          ? quantise_base(flags.engine, {flags.source, flags.to, flags.type, flags.threads}).map([] { return std::string("done"); })
          : compare_bases(make, {flags.source, flags.candidate, flags.threads, flags.rounds}, say_now).map(line_of);
  fmt::print("{}{}\n", line ? "" : kBaseToolFailed, line ? *line : line.error().message);
  return line ? 0 : 1;
}

}  // namespace
}  // namespace genepool

int main(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "zygote") return genepool::zygote(argc, argv);
  if (verb == "quantise" || verb == "compare") return genepool::base_tool(verb, argc, argv);
  if (verb == "--version") {
    fmt::print("genepool-worker {}\n", GENEPOOL_VERSION);
    return 0;
  }
  fmt::print(verb == "--help" ? stdout : stderr, "{}", genepool::usage());
  return verb == "--help" ? 0 : genepool::kUsageError;
}
