#include "import/name_pattern.h"

#include <algorithm>

namespace genepool {
namespace {

std::size_t index_of(char c) { return static_cast<unsigned char>(c); }

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

char take(std::string_view& rest) {
  const char c = rest.front();
  rest.remove_prefix(1);
  return c;
}

void accept_range(std::bitset<256>& accepts, char from, char to) {
  for (std::size_t c = index_of(from); c <= index_of(to); ++c) accepts.set(c);
}

}  // namespace

// "[0-9a-f_]" behind its bracket: words and ranges of them, no escapes, no negation.
bool NamePattern::read_set(std::string_view& rest, std::bitset<256>& accepts) {
  while (!rest.empty()) {
    const char from = take(rest);
    if (from == ']') return accepts.any();
    if (!is_word(from)) return false;
    const bool is_range = rest.size() >= 2 && rest[0] == '-' && rest[1] != ']';
    const char to = is_range ? rest[1] : from;
    if (!is_word(to) || index_of(to) < index_of(from)) return false;
    if (is_range) rest.remove_prefix(2);
    accept_range(accepts, from, to);
  }
  return false;
}

bool NamePattern::read_element(std::string_view& rest, Element& element) {
  const char c = take(rest);
  if (is_word(c) || c == '-') {
    element.accepts.set(index_of(c));
  } else if (c == '.') {
    element.accepts.set();
    element.accepts.reset(index_of('\n'));
  } else if (c == '[') {
    if (!read_set(rest, element.accepts)) return false;
  } else if (c == '\\' && !rest.empty()) {
    const char escaped = take(rest);
    if (escaped == 'd') {
      accept_range(element.accepts, '0', '9');
    } else if (escaped == '.' || escaped == '-') {
      element.accepts.set(index_of(escaped));
    } else {
      return false;
    }
  } else {
    return false;
  }
  if (rest.empty() || std::string_view("*+?").find(rest.front()) == std::string_view::npos) return true;
  const char quantifier = take(rest);
  element.may_repeat = quantifier != '?';
  element.may_miss = quantifier != '+';
  return true;  // a second quantifier is no element and refused by the caller's next round
}

Result<NamePattern> NamePattern::parse(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return fail(Code::kLayerRejected, "the regular expression \"{}\" {}: write the module names out", text.substr(0, kMaxText), why);
  };
  if (text.size() > kMaxText) return refuse("is too long");
  NamePattern pattern;
  std::string_view rest = text;
  if (rest.starts_with('^')) {
    pattern.at_start_ = true;
    rest.remove_prefix(1);
  }
  if (rest.ends_with('$') && !rest.ends_with("\\$")) rest.remove_suffix(1);
  if (rest.empty()) return refuse("is empty");
  while (!rest.empty()) {
    Element& element = pattern.elements_.emplace_back();
    if (!read_element(rest, element)) return refuse("is more than a pattern of module names");
    pattern.has_quantifier_ = pattern.has_quantifier_ || element.may_repeat || element.may_miss;
  }
  return pattern;
}

// A pattern without quantifiers has one length: what PEFT's own tools write, a module's name, takes one comparison.
bool NamePattern::fits_at_one_length(std::string_view module) const {
  const std::size_t size = elements_.size();
  if (module.size() < size) return false;
  const std::size_t start = module.size() - size;
  if (start != 0 && (at_start_ || module[start - 1] != '.')) return false;
  for (std::size_t i = 0; i < size; ++i) {
    if (!elements_[i].accepts.test(index_of(module[start + i]))) return false;
  }
  return true;
}

// The set of places in the pattern that the name read so far can have led to, byte by byte: no backtracking.
bool NamePattern::fits(std::string_view module) const {
  if (!has_quantifier_) return fits_at_one_length(module);
  const std::size_t end = elements_.size();
  std::vector<char> at(end + 1, 0), next(end + 1, 0);
  const auto reach = [&](std::vector<char>& places, std::size_t place) {
    while (!places[place]) {
      places[place] = 1;
      if (place < end && elements_[place].may_miss) ++place;
    }
  };
  for (std::size_t position = 0; position < module.size(); ++position) {
    if (position == 0 || (!at_start_ && module[position - 1] == '.')) reach(at, 0);
    std::fill(next.begin(), next.end(), 0);
    for (std::size_t i = 0; i < end; ++i) {
      if (!at[i] || !elements_[i].accepts.test(index_of(module[position]))) continue;
      reach(next, i + 1);
      if (elements_[i].may_repeat) reach(next, i);
    }
    at.swap(next);
  }
  return at[end] != 0;
}

}  // namespace genepool
