// CsvReader: records of a comma-separated file (RFC 4180), one after the other: quoted fields, line breaks within them, CRLF or LF,
// a byte order mark. A last record without its line break is what a killed writer leaves: it is not given out, but told of.
// Memory: one record, at most kMaxCsvRecordBytes. Thread: one at a time.
// Errors, each with its line: kBadRequest (quotes), kTooLarge (a record), kIo (the stream broke).
// Use:   CsvReader reader(in);
//        while (true) { GENEPOOL_TRY(const bool is_there, reader.next(fields)); if (!is_there) break; ... }
#pragma once

#include <array>
#include <istream>
#include <string>
#include <vector>

#include "base/error.h"

namespace genepool {

inline constexpr std::size_t kMaxCsvRecordBytes = 1 << 20;

class CsvReader {
 public:
  explicit CsvReader(std::istream& in) : in_(in) {}  // `in` must outlive it

  // The next record's fields; false: there is none.
  [[nodiscard]] Result<bool> next(std::vector<std::string>& fields);

  [[nodiscard]] std::uint64_t line() const { return line_; }  // at which the last record began; the first is 1
  [[nodiscard]] bool was_cut() const { return was_cut_; }     // the file ended within a record

 private:
  static constexpr int kEnd = -1;
  [[nodiscard]] int peek();
  int take();
  [[nodiscard]] Result<int> read_field(std::string& field);   // the ',', '\n' or kEnd behind it
  [[nodiscard]] Result<int> read_quoted(std::string& field);
  [[nodiscard]] int line_break();
  void skip_byte_order_mark();

  std::istream& in_;
  std::array<char, 65536> buffer_{};
  std::size_t begin_ = 0, end_ = 0;
  std::uint64_t line_ = 0, next_line_ = 1;
  std::size_t record_bytes_ = 0;
  bool was_cut_ = false;
};

}  // namespace genepool
