// The manager's settings as the configuration says them. Thread: any, pure.
#pragma once

#include "config/config.h"
#include "manager/notices.h"
#include "pool/knobs_of_config.h"

namespace genepool {

// A size that somebody has set is his: the manager changes only what is default, or was last changed by itself. What it has set
// itself is no part of what it may divide, else that would grow with each start.
[[nodiscard]] ManagerSettings manager_settings_of(const Config& config, const KnobDefaults& defaults);

}  // namespace genepool
