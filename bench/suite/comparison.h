// Two result files of `bench`, row by row: the ratio of the medians with a confidence interval from resampling (bootstrap,
// percentile method; Efron 1979), so that what is noise is not taken for a change. Thread: any, pure.
// Use:   GENEPOOL_TRY(const auto rows, compare_results(old_text, new_text));
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/table.h"

namespace genepool::bench {

enum class Change { kNone, kBetter, kWorse };  // kNone: the interval holds 1

struct ComparedRow {
  std::string title, unit;
  std::size_t old_count = 0, new_count = 0;
  double old_median = 0, new_median = 0;
  double ratio = 1, least = 1, most = 1;  // new / old, and its 95 % interval
  Change change = Change::kNone;
  bool is_peer = false;                      // of another program: shows what the machine did
};

struct Comparison {
  std::vector<ComparedRow> rows;
  std::vector<std::string> left_out;   // rows that only one of the files has, or with fewer than kFewest samples
  std::vector<std::string> warnings;   // what makes the two hard to compare: other machine, engine, base, options
};

inline constexpr std::size_t kFewest = 3;

// Of `bench --json` files of one kind. kBadRequest: one is none, or they are of different kinds.
[[nodiscard]] Result<Comparison> compare_results(std::string_view old_json, std::string_view new_json);
[[nodiscard]] std::string comparison_text(const Comparison& comparison, cli::Colours colours);

}  // namespace genepool::bench
