#include "manager/count_rows.h"

#include <algorithm>
#include <functional>

namespace genepool {

void CountRows::add(std::uint32_t row_index, GenomeIndex genome) {
  if (row_index >= rows_.size()) rows_.resize(row_index + 1);
  Row& row = rows_[row_index];
  ++row.total;
  const GenomeRef ref = lives_->ref(genome);
  const auto cell = std::ranges::find(row.cells, ref, &Cell::genome);
  if (cell != row.cells.end()) {
    ++cell->count;
  } else if (row.cells.size() < cells_per_row_) {
    row.cells.push_back({ref, 1});
  } else {
    Cell& replaced = rarest(row);
    row.total -= replaced.count;
    replaced = {ref, 1};
  }
}

CountRows::Cell& CountRows::rarest(Row& row) const {
  const auto worth = [&](const Cell& cell) { return lives_->is_current(cell.genome) ? cell.count : 0; };
  return *std::ranges::min_element(row.cells, {}, worth);
}

void CountRows::clear(std::uint32_t row) {
  if (row < rows_.size()) rows_[row] = {};
}

std::uint32_t CountRows::count(std::uint32_t row, GenomeIndex genome) const {
  if (row >= rows_.size()) return 0;
  const auto cell = std::ranges::find(rows_[row].cells, lives_->ref(genome), &Cell::genome);
  return cell == rows_[row].cells.end() ? 0 : cell->count;
}

}  // namespace genepool
