// TraceBuilder: a Trace from rows, whatever file they come from: names become indices, the bounds of trace.h are kept, and rows
// that came late are put where they belong.
// Thread: one at a time. Errors: kBadRequest (a row that says nothing sensible), kTooLarge. Memory: twice the Trace's at worst.
// Use:   TraceBuilder builder;
//        GENEPOOL_TRY_VOID(builder.add(row));
//        ReadTrace read = std::move(builder).finish();
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "base/error.h"
#include "trace/trace.h"

namespace genepool {

struct ReadTrace {
  Trace trace;
  std::uint64_t rows_moved = 0;    // came after a later one; they were sorted, equals stay in the file's order
  std::uint64_t rows_skipped = 0;  // say no request: unfinished, or without a genome where the format allows that
};

// Not empty, printable UTF-8 and at most kMaxTraceNameBytes: fit to be a genome's or a user's name in a trace.
[[nodiscard]] bool is_trace_name(std::string_view name);

class TraceBuilder {
 public:
  [[nodiscard]] Result<void> add(const TraceRow& row);
  void skip_row() { ++read_.rows_skipped; }

  // kKept: the rows' times. kFromFirst: the first request is at 0; only so may rows have negative times.
  enum class Times { kKept, kFromFirst };
  [[nodiscard]] ReadTrace finish(Times times = Times::kKept) &&;

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Indices = std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>>;  // looked up only, never walked

  [[nodiscard]] static Result<std::uint32_t> index_of(Indices& indices, std::string_view name, std::string_view what);
  void note_cost(std::uint32_t genome, const TraceRow& row);

  ReadTrace read_;
  Indices genomes_, users_;
  std::vector<std::uint64_t> costs_;  // told of each genome; until finish() load_cost_s is their sum
  double latest_ = -kMaxTraceSeconds;
};

}  // namespace genepool
