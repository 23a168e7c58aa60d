#include "base/printable.h"

#include <algorithm>

namespace genepool {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

// Bytes of the UTF-8 sequence that begins with this one; 0: none does.
std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  return lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(static_cast<unsigned char>(text.front()));
    if (length == 0 || length > text.size()) return false;
    const auto is_following = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
    if (!std::ranges::all_of(text.substr(1, length - 1), is_following)) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

std::string printable(std::string_view text) {
  constexpr std::string_view kCut = " [...] ";
  constexpr std::size_t kTail = 200;  // the reason stands at the end of most refusals
  std::string line(text);
  if (line.size() > kMaxPrintable) {
    line = line.substr(0, kMaxPrintable - kCut.size() - kTail) + std::string(kCut) + line.substr(line.size() - kTail);
  }
  std::ranges::replace_if(line, is_control, '?');
  return line;
}

bool is_printable(std::string_view text) {
  return text.size() <= kMaxPrintable && std::ranges::none_of(text, is_control) && is_utf8(text);
}

}  // namespace genepool
