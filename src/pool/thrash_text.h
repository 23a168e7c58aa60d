// What thrashing comes from and what to do about it, in a sentence for the log, the webhook and the command line.
// Thread: any, pure.
#pragma once

#include <string>

#include "pool/thrash.h"

namespace genepool {

// "92 % of the page-ins is layer_load, 7 % layer_stack, 1 % process_spawn; most by captain (12 page-ins, 4.1 s), ...; try a
// larger warm.bytes ...". "" when nothing was assembled in the window.
[[nodiscard]] std::string thrash_text(const ThrashState& state, const ThrashCauses& causes);

}  // namespace genepool
