// SpawnPlan: how the server starts a program of its own: nothing to read, standard error for both outputs, and the descriptors it is
// given; a process group of its own, because Ctrl-C goes to the terminal's whole group and the server wants to drain; no signal
// blocked or ignored. For posix_spawn. Thread: one at a time.
#pragma once

#include <signal.h>
#include <spawn.h>

#include <utility>
#include <vector>

namespace genepool {

class SpawnPlan {
 public:
  // `passed`: (ours, the child's number); ours are out of the way of all the child's. The child keeps none from `first_closed` on.
  SpawnPlan(const std::vector<std::pair<int, int>>& passed, int first_closed);
  ~SpawnPlan();
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

}  // namespace genepool
