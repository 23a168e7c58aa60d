// GenTD26, a log of image generation: its requests, and the LoRAs each used (a column that holds a list, and no time).
#include <array>

#include "trace/date_time.h"
#include "trace/importers.h"
#include "trace/table_rows.h"

namespace genepool {
namespace {

enum RequestColumn : std::size_t { kCreated, kModel, kGroup };
constexpr std::array<CsvColumn, 3> kRequestColumns{{{"gmt_create"}, {"checkpoint_model_version_id"}, {"groupId"}}};

// `pair` holds what the row's genome points to when it is made of both. A row without a model tells no genome.
Result<std::optional<TraceRow>> request_row(const CsvTable& table, ImportOptions::Genome genome, std::string& pair) {
  if (!table.has(kModel)) return std::nullopt;
  const auto at = parse_date_time(table.text(kCreated));
  if (!at) return table.bad_value(kCreated, "a date and time");
  TraceRow row{.t_seconds = *at, .genome = table.text(kModel), .user = table.text(kGroup)};
  if (genome == ImportOptions::Genome::kModel) return row;
  if (row.user.empty()) return table.bad_row("groupId is empty");
  pair = fmt::format("{}/{}", row.genome, row.user);
  row.genome = genome == ImportOptions::Genome::kGroup ? row.user : std::string_view(pair);
  return row;
}

constexpr std::array<CsvColumn, 1> kLoraColumns{{{"lora_args"}}};
constexpr std::string_view kIdKey = "modelVersionId";

// The next id in a list like [{"modelVersionId": 7, "scale": 0.8}], in JSON's or Python's quotes; `list` loses what was read.
// Nothing when there is no further one; "" when its key has no value.
std::optional<std::string_view> next_id(std::string_view& list) {
  const std::size_t key = list.find(kIdKey);
  if (key == std::string_view::npos) return std::nullopt;
  list.remove_prefix(key + kIdKey.size());
  list.remove_prefix(std::min(list.find_first_not_of("\"': "), list.size()));
  const std::string_view id = list.substr(0, list.find_first_of("\"', }]"));
  list.remove_prefix(id.size());
  return id;
}

}  // namespace

Result<ReadTrace> import_gentd26(std::span<const TraceInput> inputs, const ImportOptions& options) {
  CsvTable table(*inputs[0].in, kRequestColumns);
  TraceBuilder builder;
  std::string pair;
  GENEPOOL_TRY_VOID(table.read_header(CsvTable::Others::kIgnored));
  GENEPOOL_TRY_VOID(add_rows(table, builder, [&](const CsvTable& row) { return request_row(row, options.genome, pair); }));
  return std::move(builder).finish(TraceBuilder::Times::kFromFirst);
}

Result<ReadTrace> import_gentd26_loras(std::span<const TraceInput> inputs, const ImportOptions&) {
  CsvTable table(*inputs[0].in, kLoraColumns);
  TraceBuilder builder;
  double t_seconds = 0;
  GENEPOOL_TRY_VOID(table.read_header(CsvTable::Others::kIgnored));
  while (true) {
    GENEPOOL_TRY(const bool is_there, table.next());
    if (!is_there) break;
    std::string_view list = table.text(0);
    while (const auto id = next_id(list)) {
      if (id->empty()) return table.bad_value(0, "a list of LoRAs");
      GENEPOOL_TRY_VOID(table.at_line(builder.add({.t_seconds = t_seconds++, .genome = *id})));
    }
  }
  if (table.was_cut()) builder.skip_row();
  return std::move(builder).finish();
}

}  // namespace genepool
