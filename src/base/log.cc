#include "base/log.h"

#include <fmt/core.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

namespace genepool {
namespace {

std::atomic<LogFormat> g_format = LogFormat::kText;

spdlog::logger& logger() {
  // Standard error, so that the output of a command stays clean.
  static const std::shared_ptr<spdlog::logger> instance = [] {
    auto made = std::make_shared<spdlog::logger>("genepool", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%e %L %v");
    made->flush_on(spdlog::level::debug);
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::kDebug: return spdlog::level::debug;
    case Level::kInfo: return spdlog::level::info;
    case Level::kWarn: return spdlog::level::warn;
    case Level::kError: return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string as_text(std::string_view message, std::initializer_list<LogField> fields) {
  std::string line(message);
  for (const LogField& field : fields) {
    const bool plain = !field.value.empty() && field.value.find_first_of(" \"=\n\t") == std::string::npos;
    line += plain ? fmt::format(" {}={}", field.key, field.value) : fmt::format(" {}=\"{}\"", field.key, escape(field.value));
  }
  return line;
}

std::string as_json(std::string_view message, std::initializer_list<LogField> fields) {
  std::string line = fmt::format("\"msg\":\"{}\"", escape(message));
  for (const LogField& field : fields) line += fmt::format(",\"{}\":\"{}\"", field.key, escape(field.value));
  return line;
}

}  // namespace

Level level_from_text(std::string_view text) {
  if (text == "debug") return Level::kDebug;
  if (text == "warn") return Level::kWarn;
  if (text == "error") return Level::kError;
  return Level::kInfo;
}

void log_setup(Level least, LogFormat format) {
  g_format = format;
  logger().set_level(to_spdlog(least));
  logger().set_pattern(format == LogFormat::kJson ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%f%z","level":"%l",%v})"
                                                  : "%Y-%m-%dT%H:%M:%S.%e %L %v");
}

void log(Level level, std::string_view message, std::initializer_list<LogField> fields) {
  const auto spd_level = to_spdlog(level);
  if (!logger().should_log(spd_level)) return;
  logger().log(spd_level, "{}", g_format == LogFormat::kJson ? as_json(message, fields) : as_text(message, fields));
}

}  // namespace genepool
