// The end of a server, whatever hangs: a read of a disk that does not answer holds a loader thread for ever, and with it an
// orderly end.
#pragma once

#include "base/clock.h"
#include "server/signals.h"

namespace genepool {

// From now on a second SIGINT ends this process at once, and so does `limit`: exit status 1, with a line in the log. The
// workers are gone by themselves when it has ended. Starts a thread that is never joined. Once a process.
void end_anyway_after(Duration limit, Signals signals);

}  // namespace genepool
