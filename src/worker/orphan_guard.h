// Ends this process soon after the other end of `socket` is closed, whatever the process is doing: a decode that hangs
// never looks at its socket. A timer signal looks instead (once per second; the handler only polls and leaves).
// Runs in workers. Thread: call once.
#pragma once

namespace genepool {

void guard_against_orphanhood(int socket);

}  // namespace genepool
