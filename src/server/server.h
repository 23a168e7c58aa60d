// serve(): the wiring of a server process: runtime, HTTP server, signals. Nobody includes it but the command line.
// Thread: the main one; blocks until the server has ended. Blocks SIGINT, SIGTERM and SIGHUP in every thread it starts.
#pragma once

#include "base/error.h"
#include "config/config.h"

namespace genepool {

// Runs until SIGTERM or SIGINT: then new requests are refused, running ones get server.drain_timeout, a second SIGINT ends
// at once. Gives the exit status. kNotFound: no base known; kConflict: data directory or address in use.
[[nodiscard]] Result<int> serve(const Config& config);

}  // namespace genepool
