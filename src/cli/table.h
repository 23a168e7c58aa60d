// Tables and numbers for people: left aligned, no borders, humanised. Thread: any, pure.
// Use:   Table table({"NAME", "SIZE"});
//        table.add({"pirate", human_bytes(1'500'000)});
//        fputs(table.text(kPlain).c_str(), stdout);
// Not here: whether there is a terminal (terminal.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace genepool::cli {

enum class Paint { kNone, kBold, kDim, kRed, kGreen, kYellow };
enum class Colours { kPlain, kColoured };

struct Cell {
  std::string text;
  Paint paint = Paint::kNone;
  Cell(std::string t, Paint p = Paint::kNone) : text(std::move(t)), paint(p) {}
  Cell(const char* t) : text(t) {}
};

class Table {
 public:
  explicit Table(std::vector<std::string> headers) : headers_(std::move(headers)) {}
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] bool is_empty() const { return rows_.empty(); }
  [[nodiscard]] std::string text(Colours colours) const;  // with the headers; each line ends in \n

 private:
  std::vector<std::string> headers_;
  std::vector<std::vector<Cell>> rows_;
};

[[nodiscard]] std::string painted(std::string_view text, Paint paint, Colours colours);

[[nodiscard]] std::string human_bytes(std::uint64_t bytes);    // "0 B", "9.4 MiB"
[[nodiscard]] std::string human_count(std::uint64_t count);    // "1,204"
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view noun);  // "1 layer", "1,204 layers"
[[nodiscard]] std::string human_ms(double ms);                 // "0.31 ms", "12.4 ms", "1.24 s"
[[nodiscard]] std::string human_span(double ms);               // two units: "4m 12s", "3h 5m"
[[nodiscard]] std::string human_date(std::int64_t unix_ms);    // local time, "2026-03-01 14:05"
[[nodiscard]] std::string human_moment(std::int64_t unix_ms);  // the same with seconds

}  // namespace genepool::cli
