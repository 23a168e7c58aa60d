#include "pool/events.h"

namespace genepool {

std::string_view kill_reason_name(KillReason reason) {
  switch (reason) {
    case KillReason::kEvicted: return "evicted";
    case KillReason::kIdleTtl: return "idle_ttl";
    case KillReason::kReleased: return "released";
    case KillReason::kDemoted: return "demoted";
    case KillReason::kStuck: return "stuck";
    case KillReason::kProbeFailed: return "probe_failed";
    case KillReason::kDraining: return "draining";
    case KillReason::kLeaking: return "leaking";
  }
  return "evicted";
}

}  // namespace genepool
