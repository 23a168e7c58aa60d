#include "trace/csv_reader.h"

namespace genepool {

int CsvReader::peek() {
  if (begin_ == end_) {
    in_.read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    begin_ = 0;
    end_ = static_cast<std::size_t>(in_.gcount());
    if (end_ == 0) return kEnd;
  }
  return static_cast<unsigned char>(buffer_[begin_]);
}

int CsvReader::take() {
  const int c = peek();
  if (c == kEnd) return kEnd;
  ++begin_;
  ++record_bytes_;
  if (c == '\n') ++next_line_;
  return c;
}

void CsvReader::skip_byte_order_mark() {
  if (peek() == 0xEF && end_ >= 3 && buffer_[1] == '\xBB' && buffer_[2] == '\xBF') begin_ = 3;
}

// Behind a '\r' that was taken: '\n' or kEnd if it belongs to a line's end, else 0.
int CsvReader::line_break() {
  const int after = peek();
  if (after != '\n' && after != kEnd) return 0;
  return take();
}

Result<int> CsvReader::read_quoted(std::string& field) {
  (void)take();
  while (record_bytes_ <= kMaxCsvRecordBytes) {
    int c = take();
    if (c == '"' && peek() != '"') {
      c = take();
      if (c == '\r') c = line_break();
      if (c == ',' || c == '\n' || c == kEnd) return c;
      return fail(Code::kBadRequest, "line {}: something follows a field's closing quote", line_);
    }
    if (c == '"') c = take();
    if (c == kEnd) return kEnd;
    field += static_cast<char>(c);
  }
  return fail(Code::kTooLarge, "line {}: the record is longer than {} bytes (is a quote left open?)", line_, kMaxCsvRecordBytes);
}

Result<int> CsvReader::read_field(std::string& field) {
  if (peek() == '"') return read_quoted(field);
  while (record_bytes_ <= kMaxCsvRecordBytes) {
    int c = take();
    if (c == '\r' && (peek() == '\n' || peek() == kEnd)) c = line_break();
    if (c == ',' || c == '\n' || c == kEnd) return c;
    if (c == '"') return fail(Code::kBadRequest, "line {}: a quote within a field that does not begin with one", line_);
    field += static_cast<char>(c);
  }
  return fail(Code::kTooLarge, "line {}: the record is longer than {} bytes", line_, kMaxCsvRecordBytes);
}

Result<bool> CsvReader::next(std::vector<std::string>& fields) {
  if (line_ == 0) skip_byte_order_mark();
  line_ = next_line_;
  record_bytes_ = 0;
  std::size_t count = 0;
  int behind = peek() == kEnd ? kEnd : ',';
  while (behind == ',') {
    if (count == fields.size()) fields.emplace_back();
    fields[count].clear();
    GENEPOOL_TRY(behind, read_field(fields[count]));
    ++count;
  }
  if (behind == kEnd) {
    if (in_.bad()) return fail(Code::kIo, "line {}: the file cannot be read", line_);
    was_cut_ = record_bytes_ > 0;
    return false;
  }
  fields.resize(count);
  return true;
}

}  // namespace genepool
