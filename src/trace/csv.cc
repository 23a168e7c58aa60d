#include "trace/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>

#include "trace/csv_table.h"

namespace genepool {
namespace {

enum Column : std::size_t { kTime, kGenome, kUser, kPromptTokens, kOutputTokens, kLoadCost, kBytes };
constexpr std::array<CsvColumn, 7> kColumns{{{"t_seconds"},
                                             {"genome"},
                                             {"user", CsvColumn::kOptional},
                                             {"prompt_tokens", CsvColumn::kOptional},
                                             {"output_tokens", CsvColumn::kOptional},
                                             {"load_cost_s", CsvColumn::kOptional},
                                             {"bytes", CsvColumn::kOptional}}};
constexpr double kMaxLoadCost = 1e6;
constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 50;

Result<std::uint64_t> count_or_0(const CsvTable& table, Column column, std::uint64_t most) {
  if (!table.has(column)) return 0;
  return table.count(column, most);
}

Result<TraceRow> row_of(const CsvTable& table) {
  constexpr std::uint64_t kMaxTokens = std::numeric_limits<std::uint32_t>::max();
  TraceRow row{.genome = table.text(kGenome), .user = table.text(kUser)};
  GENEPOOL_TRY(row.t_seconds, table.number(kTime, 0, kMaxTraceSeconds));
  GENEPOOL_TRY(const std::uint64_t prompt_tokens, count_or_0(table, kPromptTokens, kMaxTokens));
  GENEPOOL_TRY(const std::uint64_t output_tokens, count_or_0(table, kOutputTokens, kMaxTokens));
  row.prompt_tokens = static_cast<std::uint32_t>(prompt_tokens);
  row.output_tokens = static_cast<std::uint32_t>(output_tokens);
  if (table.has(kLoadCost)) {
    GENEPOOL_TRY(row.load_cost_s, table.number(kLoadCost, 0, kMaxLoadCost));
  }
  GENEPOOL_TRY(row.bytes, count_or_0(table, kBytes, kMaxBytes));
  return row;
}

void append_name(std::string& line, std::string_view name) {
  if (name.find_first_of(",\"\r\n") == std::string_view::npos) {
    line += name;
    return;
  }
  line += '"';
  for (const char c : name) line.append(c == '"' ? 2 : 1, c);
  line += '"';
}

template <class T>
void append_told(std::string& line, T value) {
  line += ',';
  if (value > 0) fmt::format_to(std::back_inserter(line), "{}", value);
}

}  // namespace

Result<ReadTrace> read_trace_csv(std::istream& in) {
  CsvTable table(in, kColumns);
  GENEPOOL_TRY_VOID(table.read_header(CsvTable::Others::kRefused));
  TraceBuilder builder;
  while (true) {
    GENEPOOL_TRY(const bool is_there, table.next());
    if (!is_there) break;
    GENEPOOL_TRY(const TraceRow row, row_of(table));
    GENEPOOL_TRY_VOID(table.at_line(builder.add(row)));
  }
  if (table.was_cut()) builder.skip_row();
  return std::move(builder).finish();
}

std::string trace_csv_header() {
  std::string line;
  for (const CsvColumn& column : kColumns) line.append(line.empty() ? "" : ",").append(column.name);
  return line + '\n';
}

std::string trace_csv_row(const TraceRow& row) {
  std::string line = fmt::format("{},", row.t_seconds);
  append_name(line, row.genome);
  line += ',';
  append_name(line, row.user);
  append_told(line, row.prompt_tokens);
  append_told(line, row.output_tokens);
  append_told(line, row.load_cost_s);
  append_told(line, row.bytes);
  return line + '\n';
}

void write_trace_csv(const Trace& trace, std::ostream& out) {
  out << trace_csv_header();
  std::vector<bool> is_told(trace.genomes.size());  // once is enough, and the mean of one is the same number again
  for (const TraceRequest& request : trace.requests) {
    const TraceGenome& genome = trace.genomes[request.genome];
    const bool is_first = !is_told[request.genome];
    is_told[request.genome] = true;
    out << trace_csv_row({.t_seconds = request.t_seconds,
                          .genome = genome.name,
                          .user = request.user == kNoUser ? std::string_view() : std::string_view(trace.users[request.user]),
                          .prompt_tokens = request.prompt_tokens,
                          .output_tokens = request.output_tokens,
                          .load_cost_s = is_first ? genome.load_cost_s : 0,
                          .bytes = is_first ? genome.bytes : 0});
  }
}

}  // namespace genepool
