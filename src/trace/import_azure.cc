// The two logs of Azure: requests of language models (arrivals only) and of functions.
#include <array>
#include <limits>

#include "trace/date_time.h"
#include "trace/importers.h"
#include "trace/table_rows.h"

namespace genepool {
namespace {

constexpr std::uint64_t kMaxTokens = std::numeric_limits<std::uint32_t>::max();

enum LlmColumn : std::size_t { kTimestamp, kContextTokens, kGeneratedTokens };
constexpr std::array<CsvColumn, 3> kLlmColumns{{{"TIMESTAMP"}, {"ContextTokens"}, {"GeneratedTokens"}}};

Result<std::optional<TraceRow>> llm_row(const CsvTable& table) {
  const auto at = parse_date_time(table.text(kTimestamp));
  if (!at) return table.bad_value(kTimestamp, "a date and time");
  GENEPOOL_TRY(const std::uint64_t prompt_tokens, table.count(kContextTokens, kMaxTokens));
  GENEPOOL_TRY(const std::uint64_t output_tokens, table.count(kGeneratedTokens, kMaxTokens));
  return TraceRow{.t_seconds = *at,
                  .genome = "all",
                  .prompt_tokens = static_cast<std::uint32_t>(prompt_tokens),
                  .output_tokens = static_cast<std::uint32_t>(output_tokens)};
}

enum FunctionColumn : std::size_t { kApp, kFunction, kEnd, kDuration };
constexpr std::array<CsvColumn, 4> kFunctionColumns{{{"app"}, {"func"}, {"end_timestamp"}, {"duration"}}};

// `name` holds what the row's genome points to.
Result<std::optional<TraceRow>> function_row(const CsvTable& table, std::string& name) {
  GENEPOOL_TRY(const double end, table.number(kEnd, 0, kMaxTraceSeconds));
  GENEPOOL_TRY(const double duration, table.number(kDuration, 0, kMaxTraceSeconds));
  if (!table.has(kApp) || !table.has(kFunction)) return table.bad_row("app or func is empty");
  name = fmt::format("{}/{}", table.text(kApp), table.text(kFunction));
  return TraceRow{.t_seconds = end - duration, .genome = name};
}

}  // namespace

Result<ReadTrace> import_azure_llm(std::span<const TraceInput> inputs, const ImportOptions&) {
  CsvTable table(*inputs[0].in, kLlmColumns);
  TraceBuilder builder;
  GENEPOOL_TRY_VOID(table.read_header(CsvTable::Others::kIgnored));
  GENEPOOL_TRY_VOID(add_rows(table, builder, llm_row));
  return std::move(builder).finish(TraceBuilder::Times::kFromFirst);
}

Result<ReadTrace> import_azure_func21(std::span<const TraceInput> inputs, const ImportOptions&) {
  CsvTable table(*inputs[0].in, kFunctionColumns);
  TraceBuilder builder;
  std::string name;
  GENEPOOL_TRY_VOID(table.read_header(CsvTable::Others::kIgnored));
  GENEPOOL_TRY_VOID(add_rows(table, builder, [&](const CsvTable& row) { return function_row(row, name); }));
  GENEPOOL_TRY(ReadTrace read, std::move(builder).finish(TraceBuilder::Times::kFromFirst));
  read.rows_moved = 0;  // the log is in the order of the ends: no disorder
  return read;
}

}  // namespace genepool
