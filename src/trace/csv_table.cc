#include "trace/csv_table.h"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "base/printable.h"

namespace genepool {
namespace {

template <class T>
bool parse(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

CsvTable::CsvTable(std::istream& in, std::span<const CsvColumn> columns)
    : reader_(in), columns_(columns), places_(columns.size()), width_(columns.size()) {
  std::iota(places_.begin(), places_.end(), std::size_t{0});
}

Result<void> CsvTable::read_header(Others others) {
  GENEPOOL_TRY(const bool is_there, reader_.next(fields_));
  if (!is_there) return fail(Code::kBadRequest, "line 1: the header line is missing or unfinished");
  std::ranges::fill(places_, kAbsent);
  width_ = fields_.size();
  for (std::size_t field = 0; field < width_; ++field) {
    const auto column = static_cast<std::size_t>(std::ranges::find(columns_, fields_[field], &CsvColumn::name) - columns_.begin());
    if (column == columns_.size()) {
      if (others == Others::kRefused) return bad_row(fmt::format("unknown column \"{}\"", printable(fields_[field])));
      continue;
    }
    if (places_[column] != kAbsent) return bad_row(fmt::format("the column {} is there twice", columns_[column].name));
    places_[column] = field;
  }
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    if (columns_[column].need == CsvColumn::kOptional || places_[column] != kAbsent) continue;
    return bad_row(fmt::format("the header has no column {}", columns_[column].name));
  }
  return {};
}

Result<bool> CsvTable::next() {
  GENEPOOL_TRY(const bool is_there, reader_.next(fields_));
  if (is_there && fields_.size() != width_) {
    return bad_row(fmt::format("the row has {} of {} fields", fields_.size(), width_));
  }
  return is_there;
}

std::string_view CsvTable::text(std::size_t column) const {
  return places_[column] == kAbsent ? std::string_view() : std::string_view(fields_[places_[column]]);
}

Result<double> CsvTable::number(std::size_t column, double least, double most) const {
  double value = 0;
  const std::string_view name = columns_[column].name;
  if (!parse(text(column), value)) return bad_row(fmt::format("{} is not a number: \"{}\"", name, printable(text(column))));
  if (value >= least && value <= most) return value;
  return bad_row(fmt::format("{} must be between {} and {}, found {}", name, least, most, value));
}

Result<std::uint64_t> CsvTable::count(std::size_t column, std::uint64_t most) const {
  std::uint64_t value = 0;
  const std::string_view name = columns_[column].name;
  if (!parse(text(column), value)) return bad_row(fmt::format("{} is not a whole number: \"{}\"", name, printable(text(column))));
  if (value <= most) return value;
  return bad_row(fmt::format("{} must be at most {}, found {}", name, most, value));
}

tl::unexpected<Error> CsvTable::bad_row(std::string_view why) const {
  return fail(Code::kBadRequest, "line {}: {}", reader_.line(), why);
}

}  // namespace genepool
