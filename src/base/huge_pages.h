// Huge pages (2 MiB) for memory files. The kernel gives them only where its administrator allowed it: shmem_enabled is
// "never" by default, in Debian too. Source: Documentation/admin-guide/mm/transhuge.rst of Linux.
#pragma once

#include <string>

namespace genepool {

inline constexpr const char* kHugePagesSetting = "/sys/kernel/mm/transparent_hugepage/shmem_enabled";

// The mode that is chosen there: always, within_size, advise, never, deny or force; "" without such a kernel. Any thread.
[[nodiscard]] std::string huge_pages_mode();

// True when a memory file that is mapped with MADV_HUGEPAGE gets them. Read once in a process.
[[nodiscard]] bool has_huge_memory_files();

}  // namespace genepool
