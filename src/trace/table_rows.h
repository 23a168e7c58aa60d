// add_rows(): all rows of a table into a trace, each read by `row_of`(table) -> Result<std::optional<TraceRow>>; no value: the row
// names no genome, is skipped and counted, as is an unfinished last one. Thread: one at a time. Errors: with their line.
#pragma once

#include <optional>

#include "trace/csv_table.h"
#include "trace/trace_builder.h"

namespace genepool {

template <class RowOf>
[[nodiscard]] Result<void> add_rows(CsvTable& table, TraceBuilder& builder, const RowOf& row_of) {
  while (true) {
    GENEPOOL_TRY(const bool is_there, table.next());
    if (!is_there) break;
    GENEPOOL_TRY(const std::optional<TraceRow> row, row_of(table));
    if (row) {
      GENEPOOL_TRY_VOID(table.at_line(builder.add(*row)));
    } else {
      builder.skip_row();
    }
  }
  if (table.was_cut()) builder.skip_row();
  return {};
}

}  // namespace genepool
