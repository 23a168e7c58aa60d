// What is different in two genomes, line by line. Thread: any, pure.
#pragma once

#include <vector>

#include "cli/wire_store.h"

namespace genepool::cli {

// All of the stack when anything of it is different, else nothing of it.
[[nodiscard]] std::vector<Difference> difference_of(const GenomeInfo& from, const GenomeInfo& to);

}  // namespace genepool::cli
