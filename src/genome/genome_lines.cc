#include "genome/genome_lines.h"

#include <sstream>

#include "genome/name.h"

namespace genepool {

Result<std::vector<GenomeLine>> parse_genome_lines(std::string_view text) {
  std::vector<GenomeLine> genomes;
  std::istringstream lines{std::string(text)};
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::istringstream words(line.substr(0, line.find('#')));
    GenomeLine genome;
    if (!(words >> genome.name)) continue;
    for (std::string word; words >> word;) genome.stack.push_back(word);
    const auto checked = check_name(genome.name);
    if (!checked) return fail(Code::kUsage, "genomes, line {}: {}", number, checked.error().message);
    if (genome.stack.empty()) return fail(Code::kUsage, "genomes, line {}: {} has no LAYER:WEIGHT", number, genome.name);
    genomes.push_back(std::move(genome));
  }
  return genomes;
}

}  // namespace genepool
