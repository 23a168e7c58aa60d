// Config: every setting of params.def as a typed field. Order of origin: flag > environment > file > default.
// Thread: a value. Not here: meaning of the settings.
// Use:   Config config;                                   // the defaults
//        GENEPOOL_TRY_VOID(load_config_file(path, config));
//        GENEPOOL_TRY_VOID(load_environment(config));     // GENEPOOL_POOL_MAX_HOT and so on
//        GENEPOOL_TRY_VOID(set_param(config, "pool.max_hot", "5", Origin::kFlag));
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace genepool {

enum class ParamKind { kCount, kRatio, kBytes, kMillis, kFlag, kText };
enum class Live {
  kLive,     // can be changed while the server runs
  kLocal,    // the same, but not over TCP: it says what is run or called
  kRestart,  // only at the start
};
enum class Origin {
  kDefault, kFile, kEnvironment, kFlag,
  kOperator,  // changed by hand while the server runs
  kManager,   // changed by the manager
};
[[nodiscard]] std::string_view origin_name(Origin origin);  // "default", "file", ...

struct ParamRow {
  std::string_view name;  // "pool.max_hot"
  ParamKind kind;
  std::string default_text, least_text, most_text;
  Live live;
  std::string_view doc;
  [[nodiscard]] std::string environment_name() const;  // GENEPOOL_POOL_MAX_HOT
};

namespace param_type {
using count = std::int64_t;
using ratio = double;
using bytes = std::int64_t;
using millis = std::int64_t;
using flag = bool;
using text = std::string;
}  // namespace param_type

struct Config {
#define GENEPOOL_PARAM(field, name, kind, default_value, least, most, live, doc) param_type::kind field = default_value;
#include "config/params.def"
#undef GENEPOOL_PARAM
  std::map<std::string, Origin, std::less<>> origins;  // by name; absent = default
};

[[nodiscard]] std::span<const ParamRow> param_rows();

// kUsage (param = the name): unknown name (with the nearest), not of the kind, out of bounds.
// Values: counts "32k" (1000) "32K" (1024); bytes "512MiB"; times "20m" "500ms" "-1" (never = the most) ; flags true/false/1/0.
[[nodiscard]] Result<void> set_param(Config& config, std::string_view name, std::string_view value, Origin origin);
[[nodiscard]] Result<std::string> param_text(const Config& config, std::string_view name);  // as set_param would read it

// YAML, sections as in params.def. kUsage with line:column; an unknown key is an error that names the nearest one.
[[nodiscard]] Result<void> load_config_file(const std::string& path, Config& config);
[[nodiscard]] Result<void> load_environment(Config& config);

// server.data_dir, or genepool below $XDG_DATA_HOME (~/.local/share).
[[nodiscard]] std::string data_dir_of(const Config& config);

// One value as the kinds write it; used by everything that takes a duration or a size.
[[nodiscard]] Result<std::int64_t> parse_bytes(std::string_view text);
[[nodiscard]] Result<std::int64_t> parse_millis(std::string_view text);

}  // namespace genepool
