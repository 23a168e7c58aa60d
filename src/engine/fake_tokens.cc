#include "engine/fake_tokens.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/hash.h"

namespace genepool::fake {
namespace {

struct MarkerWord {
  std::string_view name;
  Marker marker;
  std::int32_t argument;  // when none is given
};
constexpr MarkerWord kMarkerWords[] = {
    {"crash", Marker::kCrash, 0}, {"hang", Marker::kHang, 0}, {"slow", Marker::kSlow, 10}, {"end", Marker::kEndAfter, 8},
    {"leak", Marker::kLeak, 64}};

Token base_of(Marker marker) { return kMarkers + static_cast<Token>(marker) * kMarkerLimit; }

std::optional<Token> marker_token(std::string_view name, std::string_view argument) {
  for (const MarkerWord& word : kMarkerWords) {
    if (word.name != name) continue;
    std::int32_t value = word.argument;
    std::from_chars(argument.data(), argument.data() + argument.size(), value);
    return base_of(word.marker) + std::clamp(value, 0, kMarkerLimit - 1);
  }
  return {};
}

// [[name]] or [[name:argument]]
bool append_marker(std::string_view word, std::vector<Token>& into) {
  if (!word.starts_with("[[") || !word.ends_with("]]") || word.size() < 4) return false;
  const std::string_view inner = word.substr(2, word.size() - 4);
  const std::size_t colon = inner.find(':');
  const std::string_view name = inner.substr(0, colon);
  const std::string_view argument = colon == std::string_view::npos ? "" : inner.substr(colon + 1);
  if (name == "say") {
    into.push_back(kSayBegin);
    for (const char c : argument) into.push_back(kBytes + static_cast<unsigned char>(c));
    into.push_back(kSayEnd);
    return true;
  }
  const auto token = marker_token(name, argument);
  if (token) into.push_back(*token);
  return token.has_value();
}

void append_word(std::string_view word, std::vector<Token>& into) {
  if (append_marker(word, into)) return;
  const std::uint64_t hash = xxh3(std::as_bytes(std::span(word)));
  into.push_back(kPromptWords + static_cast<Token>(hash % (kVocabulary - kPromptWords)));
}

}  // namespace

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  std::uint64_t x = (a ^ (b + 0x9e3779b97f4a7c15ULL + (a << 6) + (a >> 2))) * 0xbf58476d1ce4e5b9ULL;
  x ^= x >> 29;
  return x * 0x94d049bb133111ebULL ^ (x >> 31);
}

void append_text(std::string_view text, std::vector<Token>& into) {
  constexpr std::string_view kSpace = " \t\r\n";
  for (std::size_t at = text.find_first_not_of(kSpace); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(kSpace, at), text.size());
    append_word(text.substr(at, end - at), into);
    at = text.find_first_not_of(kSpace, end);
  }
}

std::int32_t argument_of(Marker marker, std::span<const Token> tokens) {
  const Token base = base_of(marker);
  const auto is_wanted = [base](Token t) { return t >= base && t < base + kMarkerLimit; };
  const auto found = std::find_if(tokens.rbegin(), tokens.rend(), is_wanted);
  return found == tokens.rend() ? -1 : *found - base;
}

std::vector<Token> said_by(std::span<const Token> tokens) {
  const auto begin = std::find(tokens.begin(), tokens.end(), kSayBegin);
  if (begin == tokens.end()) return {};
  std::vector<Token> said{kBytes + ' '};
  said.insert(said.end(), begin + 1, std::find(begin, tokens.end(), kSayEnd));
  return said;
}

}  // namespace genepool::fake
