// Asks golden prompts, and moves names only when the version that they would get answers them as expected (docs/adr/0009).
// Thread: any but the strand; blocks for the answers. One prompt after the other: a genome's answers depend a little on what
// else is in its batch.
// Use:   GENEPOOL_TRY(GenomeRow row, move_guarded(runtime, wanted));
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "runtime/runtime.h"

namespace genepool::api {

struct GoldenResult {
  std::string prompt, answer;
  std::vector<std::string> failures;  // as failures_of() says them; empty: it passed
};

// Asks `row`, which may be of Store::preview(), the golden prompts of its name; none: an empty list. Fails as a request does.
[[nodiscard]] Result<std::vector<GoldenResult>> ask_golden(Runtime& runtime, const GenomeRow& row);

// Runtime's create_genome(s), copy_genome and roll_back, behind the golden prompts of the names that would move.
// kGoldenFailed: at least one property does not hold, and nothing has moved.
[[nodiscard]] Result<GenomeRow> move_guarded(Runtime& runtime, Store::NewGenome genome);
[[nodiscard]] Result<std::vector<GenomeRow>> move_guarded(Runtime& runtime, std::vector<Store::NewGenome> genomes);
[[nodiscard]] Result<GenomeRow> move_guarded(Runtime& runtime, Store::CopyGenome copy);
[[nodiscard]] Result<GenomeRow> move_guarded(Runtime& runtime, Store::Rollback back);

}  // namespace genepool::api
