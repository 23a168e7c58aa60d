// TextStream: from the pieces of an answer's tokens to text that may go out: whole UTF-8 characters only, and nothing
// that could still become a stop string. Runs in workers. Thread: values, pure.
// Use:   TextStream stream({"\n\n"});   out = stream.push(piece);   if (stream.is_stopped()) ...   out += stream.finish();
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace genepool {

class TextStream {
 public:
  explicit TextStream(std::vector<std::string> stops);  // empty ones are ignored

  // What may go out now, maybe nothing. Bytes that are no UTF-8 become U+FFFD. Requires: not stopped.
  [[nodiscard]] std::string push(std::string_view piece);
  // A stop string was found; it and what follows never goes out.
  [[nodiscard]] bool is_stopped() const { return is_stopped_; }
  // What was held back, when the answer ends without a stop string.
  [[nodiscard]] std::string finish();

  // Bytes of all pieces so far, and how many of them have gone out: which tokens' text is out.
  [[nodiscard]] std::size_t received() const { return received_; }
  [[nodiscard]] std::size_t released() const { return received_ - held_.size() - dropped_; }

 private:
  [[nodiscard]] std::string release(std::size_t size);

  std::vector<std::string> stops_;
  std::string held_;
  std::size_t received_ = 0, dropped_ = 0;
  bool is_stopped_ = false;
};

// `text` with everything that is not UTF-8 replaced by U+FFFD.
[[nodiscard]] std::string to_valid_utf8(std::string_view text);

}  // namespace genepool
