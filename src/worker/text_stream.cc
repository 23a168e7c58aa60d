#include "worker/text_stream.h"

#include <algorithm>
#include <utility>

namespace genepool {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Character {
  std::size_t size = 1;
  enum { kWhole, kCutOff, kInvalid } state = kInvalid;
};

// The smallest and largest second byte after each lead byte (Unicode, table 3-7): no overlong forms, no surrogates.
std::pair<unsigned, unsigned> second_byte_range(unsigned lead) {
  switch (lead) {
    case 0xE0: return {0xA0, 0xBF};
    case 0xED: return {0x80, 0x9F};
    case 0xF0: return {0x90, 0xBF};
    case 0xF4: return {0x80, 0x8F};
    default: return {0x80, 0xBF};
  }
}

Character character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(text[i])); };
  const unsigned lead = byte(at);
  if (lead < 0x80) return {1, Character::kWhole};
  if (lead < 0xC2 || lead > 0xF4) return {1, Character::kInvalid};
  const std::size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  auto [low, high] = second_byte_range(lead);
  for (std::size_t i = 1; i < size; ++i) {
    if (at + i == text.size()) return {i, Character::kCutOff};
    if (byte(at + i) < low || byte(at + i) > high) return {i, Character::kInvalid};
    low = 0x80;
    high = 0xBF;
  }
  return {size, Character::kWhole};
}

// Where a character begins that the end of `text` cuts off; its size when there is none.
std::size_t end_of_whole_characters(std::string_view text) {
  for (std::size_t at = text.size() - std::min<std::size_t>(text.size(), 3); at < text.size(); ++at) {
    const bool is_continuation = (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
    if (!is_continuation && character_at(text, at).state == Character::kCutOff) return at;
  }
  return text.size();
}

// The longest end of `text` that `stop` could go on from.
std::size_t open_match(std::string_view text, std::string_view stop) {
  for (std::size_t size = std::min(text.size(), stop.size() - 1); size > 0; --size) {
    if (text.ends_with(stop.substr(0, size))) return size;
  }
  return 0;
}

}  // namespace

std::string to_valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    out += c.state == Character::kWhole ? text.substr(at, c.size) : kReplacement;
    at += c.size;
  }
  return out;
}

TextStream::TextStream(std::vector<std::string> stops) : stops_(std::move(stops)) {
  std::erase_if(stops_, [](const std::string& stop) { return stop.empty(); });
}

std::string TextStream::release(std::size_t size) {
  std::string out = to_valid_utf8(std::string_view(held_).substr(0, size));
  held_.erase(0, size);
  return out;
}

std::string TextStream::push(std::string_view piece) {
  received_ += piece.size();
  held_ += piece;
  std::size_t found = std::string::npos;
  std::size_t open = 0;
  for (const std::string& stop : stops_) {
    found = std::min(found, held_.find(stop));
    open = std::max(open, open_match(held_, stop));
  }
  if (found != std::string::npos) {
    is_stopped_ = true;
    std::string out = release(found);
    dropped_ = held_.size();
    held_.clear();
    return out;
  }
  return release(end_of_whole_characters(std::string_view(held_).substr(0, held_.size() - open)));
}

std::string TextStream::finish() { return release(held_.size()); }

}  // namespace genepool
