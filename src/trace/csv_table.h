// CsvTable: a comma-separated file whose columns are asked for by their place in a list of names; every error tells the line.
// Thread: one at a time. Memory: one record (csv_reader.h). Errors: kBadRequest, kTooLarge, kIo.
// Use:   constexpr std::array<CsvColumn, 2> kColumns{{{"t_seconds"}, {"user", CsvColumn::kOptional}}};
//        CsvTable table(in, kColumns);
//        GENEPOOL_TRY_VOID(table.read_header(CsvTable::Others::kRefused));
//        while (true) { GENEPOOL_TRY(const bool is_there, table.next()); if (!is_there) break;
//                       GENEPOOL_TRY(const double t, table.number(0, 0, kMaxTraceSeconds)); ... }
#pragma once

#include <span>
#include <string_view>
#include <utility>

#include "trace/csv_reader.h"

namespace genepool {

struct CsvColumn {
  enum Need { kRequired, kOptional };
  std::string_view name;
  Need need = kRequired;
};

class CsvTable {
 public:
  // Without read_header() the file's columns are exactly these, in this order. `in` and `columns` must outlive it.
  CsvTable(std::istream& in, std::span<const CsvColumn> columns);

  enum class Others { kRefused, kIgnored };  // columns that are not in the list
  [[nodiscard]] Result<void> read_header(Others others);

  [[nodiscard]] Result<bool> next();  // false: no further record
  [[nodiscard]] bool was_cut() const { return reader_.was_cut(); }

  [[nodiscard]] std::string_view text(std::size_t column) const;  // "" when the file has no such column
  [[nodiscard]] Result<double> number(std::size_t column, double least, double most) const;
  [[nodiscard]] Result<std::uint64_t> count(std::size_t column, std::uint64_t most) const;
  [[nodiscard]] bool has(std::size_t column) const { return !text(column).empty(); }

  // kBadRequest: "line 17: WHY", "line 17: t_seconds is not WANTED: "x""
  [[nodiscard]] tl::unexpected<Error> bad_row(std::string_view why) const;
  [[nodiscard]] tl::unexpected<Error> bad_value(std::size_t column, std::string_view wanted) const;
  template <class T>
  [[nodiscard]] Result<T> at_line(Result<T> result) const {
    if (!result) result.error().message = fmt::format("line {}: {}", reader_.line(), result.error().message);
    return result;
  }

 private:
  static constexpr std::size_t kAbsent = SIZE_MAX;
  CsvReader reader_;
  std::span<const CsvColumn> columns_;
  std::vector<std::size_t> places_;  // [column] = the field it is in
  std::size_t width_;
  std::vector<std::string> fields_;
};

}  // namespace genepool
