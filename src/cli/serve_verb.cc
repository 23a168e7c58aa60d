// `serve`: the settings, then the server in the foreground until a signal ends it.
#include "cli/settings.h"
#include "cli/verbs.h"
#include "server/server.h"

namespace genepool::cli {

Result<int> verb_serve(const Invocation& invocation) {
  GENEPOOL_TRY(const Config config, settings_of(invocation));
  return serve(config);
}

}  // namespace genepool::cli
