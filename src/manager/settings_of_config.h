// The manager's settings as the configuration says them. Thread: any, pure.
#pragma once

#include "config/config.h"
#include "manager/notices.h"

namespace genepool {

// A size that somebody has set is his: the manager changes only what is default, or was last changed by itself.
[[nodiscard]] ManagerSettings manager_settings_of(const Config& config);

}  // namespace genepool
