#include "genome/base_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace genepool {
namespace {

// About the file and not about the model.
constexpr std::array<std::string_view, 16> kDecoration = {"gguf", "hf",   "bnb",  "4bit", "8bit",  "unsloth", "f16",       "bf16",
                                                          "f32",  "fp16", "fp32", "base", "model", "models",  "checkpoint", "snapshots"};

constexpr double kSameSize = 1.3;  // 0.5B and 494M are one size

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Lower-case runs of letters, digits and dots: "Qwen2.5-0.5B" -> "qwen2.5", "0.5b".
std::vector<std::string> tokens_of(std::string_view name) {
  std::vector<std::string> tokens;
  std::string token;
  const auto end_token = [&] {
    if (!token.empty() && std::ranges::find(kDecoration, token) == kDecoration.end()) tokens.push_back(token);
    token.clear();
  };
  for (const char c : name) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool is_kept = (lower >= 'a' && lower <= 'z') || is_digit(lower) || lower == '.' || static_cast<unsigned char>(lower) >= 0x80;
    if (is_kept) {
      token.push_back(lower);
    } else {
      end_token();
    }
  }
  end_token();
  return tokens;
}

// "135m" -> 135, "1.5b" -> 1500: millions of weights.
std::optional<double> size_of(const std::string& token) {
  if (token.size() < 2 || !is_digit(token.front()) || (token.back() != 'b' && token.back() != 'm')) return {};
  double value = 0, unit = 0;
  for (const char c : std::string_view(token).substr(0, token.size() - 1)) {
    if (c == '.' && unit == 0) {
      unit = 1;
    } else if (is_digit(c)) {
      value = 10 * value + (c - '0');
      unit *= 10;
    } else {
      return {};
    }
  }
  return value / std::max(unit, 1.0) * (token.back() == 'b' ? 1000 : 1);
}

struct Name {
  std::string plain;               // all of it, without separators
  std::vector<std::string> words;  // its letters: "qwen", "instruct"
  std::optional<double> size;
};

Name read(std::string_view text) {
  Name name;
  for (const std::string& token : tokens_of(text)) {
    name.plain += token;
    if (const auto size = size_of(token)) {
      name.size = name.size.value_or(*size);
      continue;
    }
    std::string word;
    for (const char c : token + ".") {
      if (c != '.' && !is_digit(c)) {
        word.push_back(c);
      } else if (word.size() > 1) {  // "v", "k" and the like say nothing
        name.words.push_back(std::exchange(word, {}));
      } else {
        word.clear();
      }
    }
  }
  return name;
}

// Words that many unrelated models have.
bool is_common(const std::string& word) {
  constexpr std::array<std::string_view, 8> kCommon = {"instruct", "chat", "it", "mini", "small", "large", "tiny", "lm"};
  return std::ranges::find(kCommon, word) != kCommon.end();
}

bool share_a_word(const Name& a, const Name& b) {
  return std::ranges::any_of(a.words, [&](const std::string& word) { return !is_common(word) && std::ranges::find(b.words, word) != b.words.end(); });
}

bool says_something(const Name& name) { return std::ranges::any_of(name.words, [](const std::string& w) { return !is_common(w); }); }

// A place on somebody's disk: "./out", "/data/model", "a/b/c", "C:\model". "organisation/name" is none.
bool is_path(std::string_view text) {
  return text.starts_with('/') || text.starts_with('.') || text.starts_with('~') || text.find('\\') != std::string_view::npos ||
         std::ranges::count(text, '/') > 1;
}

}  // namespace

BaseNames compare_base_names(std::string_view declared, std::string_view base) {
  const bool was_path = is_path(declared);
  while (declared.ends_with('/')) declared.remove_suffix(1);
  declared.remove_prefix(std::min(declared.size(), declared.find_last_of("/\\") + 1));  // npos + 1 = 0
  const Name a = read(declared), b = read(base);
  if (!a.plain.empty() && a.plain == b.plain) return BaseNames::kAgree;
  if (was_path || !says_something(a) || !says_something(b)) return BaseNames::kUnsure;
  if (a.size && b.size && std::max(*a.size, *b.size) > kSameSize * std::min(*a.size, *b.size)) return BaseNames::kDiffer;
  return share_a_word(a, b) ? BaseNames::kUnsure : BaseNames::kDiffer;
}

std::string doubt_about_base(std::string_view declared, std::string_view base) {
  if (declared.empty()) return "it does not say which base it was made for; only its shapes are known to fit";
  switch (compare_base_names(declared, base)) {
    case BaseNames::kAgree: return "";
    case BaseNames::kUnsure:
      return base.empty() ? fmt::format("it was made for \"{}\", and the base does not say what it is; only its shapes are known to fit", declared)
                          : fmt::format("it was made for \"{}\", the base calls itself \"{}\": perhaps the same; its shapes fit", declared, base);
    case BaseNames::kDiffer: return fmt::format("it was made for \"{}\", which is another base than \"{}\": it was forced", declared, base);
  }
  return "";
}

}  // namespace genepool
