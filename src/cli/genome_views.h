// What several files of genome verbs read and print alike. Thread: one; prints to stdout.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "cli/invocation.h"
#include "cli/wire.h"

namespace genepool::cli {

[[nodiscard]] std::string stack_text(const GenomeInfo& genome, std::string_view between);  // "pirate:0.8 terse:0.4"
[[nodiscard]] std::string brief(const std::string& hex);                                   // the digits that people see
int report_genome(const Invocation& invocation, const GenomeInfo& genome);                 // after it was made or moved; 0

}  // namespace genepool::cli
