// CountRows: how often each genome came in each of many situations, a row for each: after which other genome, in which hour of
// the week. Most genomes never come in most of them, so a row holds only those that did, at most
// `cells_per_row`: when it is full, the rarest makes room. A row's total counts what the row holds.
// Memory: 12 bytes per cell, made when it is needed. Thread: one at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "manager/genome_lives.h"

namespace genepool {

class CountRows {
 public:
  CountRows(std::size_t cells_per_row, const GenomeLives& lives) : cells_per_row_(cells_per_row), lives_(&lives) {}

  void add(std::uint32_t row, GenomeIndex genome);
  void clear(std::uint32_t row);

  [[nodiscard]] std::uint32_t count(std::uint32_t row, GenomeIndex genome) const;
  // A genome forgotten meanwhile is in it until its cell is needed.
  [[nodiscard]] std::uint32_t total(std::uint32_t row) const { return row < rows_.size() ? rows_[row].total : 0; }

 private:
  struct Cell {
    GenomeRef genome;
    std::uint32_t count = 0;
  };
  struct Row {
    std::vector<Cell> cells;
    std::uint32_t total = 0;
  };
  [[nodiscard]] Cell& rarest(Row& row) const;

  std::size_t cells_per_row_;
  const GenomeLives* lives_;
  std::vector<Row> rows_;
};

}  // namespace genepool
