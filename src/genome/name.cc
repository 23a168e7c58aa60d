#include "genome/name.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace genepool {
namespace {

constexpr std::size_t kMaxName = 64;

bool is_word_character(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

Result<void> check_name(std::string_view name) {
  if (name.empty()) return fail(Code::kBadRequest, "a name is missing: 1 to {} of a-z 0-9 . _ - are wanted", kMaxName);
  if (name.size() > kMaxName) {
    return fail(Code::kBadRequest, "a name has at most {} characters, this one has {}", kMaxName, name.size());
  }
  if (name == "base") return fail(Code::kBadRequest, "the name \"base\" is reserved for the base itself: choose another");
  if (!is_word_character(name.front())) {
    return fail(Code::kBadRequest, "the name \"{}\" must start with a lower-case letter or a digit", name);
  }
  const auto is_allowed = [](char c) { return is_word_character(c) || c == '.' || c == '_' || c == '-'; };
  const auto bad = std::find_if_not(name.begin(), name.end(), is_allowed);
  if (bad != name.end()) {
    return fail(Code::kBadRequest, "the name \"{}\" may hold only a-z 0-9 . _ - and not \"{}\"", name, *bad);
  }
  return {};
}

std::optional<std::string> nearest_name(std::string_view wanted, std::span<const std::string> known) {
  // Longer than any name: nothing is near, and the distance is quadratic work on a client's text.
  if (wanted.size() > 2 * kMaxName) return std::nullopt;
  std::optional<std::string> nearest;
  std::size_t allowed = wanted.size() / 3;
  for (const std::string& name : known) {
    const std::size_t distance = edit_distance(wanted, name);
    if (distance > allowed || (nearest && distance == allowed)) continue;
    nearest = name;
    allowed = distance;
  }
  return nearest;
}

}  // namespace genepool
