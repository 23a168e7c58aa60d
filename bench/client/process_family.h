// What Linux tells of a process and all that came from it: who they are, what they hold open, what they have computed.
// Thread: any; blocks for milliseconds.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace genepool::bench {

struct FamilyMember {
  pid_t pid = 0, parent = 0;
  std::string name;  // as Linux cuts it, 15 characters
  bool is_zombie = false;
  double cpu_seconds = 0;  // its own, and of its children that it has waited for
};

[[nodiscard]] std::vector<pid_t> children_of(pid_t pid);
// The process first; those below it that ended meanwhile are left out.
[[nodiscard]] std::vector<FamilyMember> family_of(pid_t pid);

struct Census {
  std::size_t processes = 0, zombies = 0, descriptors = 0;
  double cpu_seconds = 0;
};
[[nodiscard]] Census census_of(pid_t pid);

// Ended, or a zombie that nobody has waited for yet.
[[nodiscard]] bool is_gone(pid_t pid);

}  // namespace genepool::bench
