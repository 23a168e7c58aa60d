// Genomes as a text file names them, one a line: NAME LAYER:WEIGHT..., # starts a comment (demo/genomes.txt). Thread: any, pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace genepool {

struct GenomeLine {
  std::string name;
  std::vector<std::string> stack;  // "pirate:0.8", as written
};

// kUsage names the line.
[[nodiscard]] Result<std::vector<GenomeLine>> parse_genome_lines(std::string_view text);

}  // namespace genepool
