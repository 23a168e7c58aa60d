// genepool-worker: the only program with an engine. The server starts it as its zygote; people have no need to.
#include <fmt/core.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/log.h"
#include "engine/engine.h"
#include "engine/fake_engine.h"
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
  const ZygoteFlags flags;
  walk_zygote_flags(help, flags);
  return "usage: genepool-worker zygote FLAGS...\n       genepool-worker --help | --version\n\n"
         "Started by genepool: loads the base and forks the workers. Flags:\n" + help.text;
}

bool read_flags(int argc, char** argv, ZygoteFlags& flags) {
  for (int i = 2; i < argc;) {
    FlagReader reader(argv[i], i + 1 < argc ? argv[i + 1] : nullptr);
    walk_zygote_flags(reader, flags);
    if (reader.taken == 0) {
      fmt::print(stderr, "genepool-worker: unknown flag or bad value: {}\n", argv[i]);
      return false;
    }
    i += reader.taken;
  }
  const EngineOptions& e = flags.options.engine_options;
  const bool is_sane = e.context_size > 0 && e.sequences > 0 && e.batch_size >= e.sequences && flags.options.threads > 0;
  if (!is_sane) fmt::print(stderr, "genepool-worker: wanted: context, sequences, threads >= 1 and batch >= sequences\n");
  return is_sane;
}

Result<std::unique_ptr<Engine>> engine_of(const ZygoteOptions& options) {
  if (options.engine == "fake") return make_fake_engine(options.fake_script);
  std::unique_ptr<Engine> engine = make_engine(options.engine);
  if (engine == nullptr) {
    return fail(Code::kNotSupported, "this genepool-worker is built without the engine \"{}\"", options.engine);
  }
  return engine;
}

int zygote(int argc, char** argv) {
  ZygoteFlags flags;
  if (!read_flags(argc, argv, flags)) return kUsageError;
  log_setup(level_from_text(flags.options.log_level), LogFormat::kText);
  return run_zygote(UniqueFd(flags.channel_fd), UniqueFd(flags.gate_fd), engine_of(flags.options), flags.options);
}

}  // namespace
}  // namespace genepool

int main(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "zygote") return genepool::zygote(argc, argv);
  if (verb == "--version") {
    fmt::print("genepool-worker {}\n", GENEPOOL_VERSION);
    return 0;
  }
  fmt::print(verb == "--help" ? stdout : stderr, "{}", genepool::usage());
  return verb == "--help" ? 0 : genepool::kUsageError;
}
