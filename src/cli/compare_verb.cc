// `compare`: two result files of `bench`, row by row.
#include <algorithm>

#include "cli/terminal.h"
#include "cli/text_files.h"
#include "cli/verbs.h"
#include "suite/comparison.h"

namespace genepool::cli {

Result<int> verb_compare(const Invocation& invocation) {
  GENEPOOL_TRY(const std::string before, read_text(invocation.argument("OLD")));
  GENEPOOL_TRY(const std::string after, read_text(invocation.argument("NEW")));
  GENEPOOL_TRY(const bench::Comparison comparison, bench::compare_results(before, after));
  print(bench::comparison_text(comparison, colours_for(invocation)));
  const bool is_worse = std::ranges::any_of(comparison.rows, [](const auto& row) { return !row.is_peer && row.change == bench::Change::kWorse; });
  return is_worse ? 1 : 0;
}

}  // namespace genepool::cli
