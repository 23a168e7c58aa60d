// The log: synchronous, one line a call, text on a terminal, else logfmt; or JSON with --log.format json.
// Thread: any (a mutex inside). Works in the zygote and in workers: it owns no thread.
// Use:   log(Level::kInfo, "HOT hit", {{"genome", name}, {"ms", "0.1"}});
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace genepool {

enum class Level { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kText, kJson };

struct LogField {
  std::string_view key;
  std::string value;
};

// "debug", "info", "warn" or "error"; kInfo for anything else (params.def checks the word).
[[nodiscard]] Level level_from_text(std::string_view text);

void log_setup(Level least, LogFormat format);  // also while others log
void log(Level level, std::string_view message, std::initializer_list<LogField> fields = {});

}  // namespace genepool
