// The keys of PEFT's rank_pattern and alpha_pattern: regular expressions, of which the part that describes module names is
// read: literals, `.`, `\.`, `\d`, `[0-9a-z]`, each with `*`, `+` or `?`, and `^`, `$` at the ends. Groups, alternatives
// and counts are refused: matching what is read takes at most (elements x characters of the name) steps, whatever the file says.
// Thread: values, pure.
#pragma once

#include <bitset>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace genepool {

class NamePattern {
 public:
  static constexpr std::size_t kMaxText = 256;

  // kLayerRejected: too long, or an expression beyond the above.
  [[nodiscard]] static Result<NamePattern> parse(std::string_view text);

  // As PEFT's get_pattern_key: the pattern fits the whole name or its end after a dot.
  [[nodiscard]] bool fits(std::string_view module) const;
  // False: fits() is one comparison. True: up to kMaxText x the name's length steps.
  [[nodiscard]] bool has_quantifier() const { return has_quantifier_; }

 private:
  struct Element {
    std::bitset<256> accepts;  // one byte of the name
    bool may_repeat = false, may_miss = false;
  };
  [[nodiscard]] static bool read_element(std::string_view& rest, Element& element);
  [[nodiscard]] static bool read_set(std::string_view& rest, std::bitset<256>& accepts);
  [[nodiscard]] bool fits_at_one_length(std::string_view module) const;

  std::vector<Element> elements_;
  bool at_start_ = false;  // `^`: only the whole name
  bool has_quantifier_ = false;
};

}  // namespace genepool
