// The Config that a command line means: flag > environment > file > default. Blocks on reading the file.
#pragma once

#include <string>

#include "base/error.h"
#include "cli/invocation.h"
#include "config/config.h"

namespace genepool::cli {

// The config file to read: --config, GENEPOOL_CONFIG, or genepool/genepool.yaml below the XDG config directory if it is
// there; "" = none.
[[nodiscard]] std::string config_file_of(const Invocation& invocation);

// kUsage with the flag, the variable, or line:column of the file at fault; kIo when a file asked for cannot be read.
[[nodiscard]] Result<Config> settings_of(const Invocation& invocation);

// The Unix socket a server with these settings listens on.
[[nodiscard]] std::string socket_path_of(const Config& config);

}  // namespace genepool::cli
