#include "cli/genome_diff.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>

namespace genepool::cli {
namespace {

// With the layer's id: the same name may have meant other bytes.
std::vector<std::string> stack_lines(const GenomeInfo& genome) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < genome.stack.size(); ++i) {
    const std::string id = i < genome.layer_ids.size() ? genome.layer_ids[i].substr(0, 12) : "";
    lines.push_back(fmt::format("{}:{}  {}", genome.stack[i].layer, weight_text(genome.stack[i].weight), id));
  }
  return lines;
}

// The longest common subsequence, plainly: a stack has at most kMaxStack entries.
void add_stack(const std::vector<std::string>& a, const std::vector<std::string>& b, std::vector<Difference>& out) {
  std::vector<std::vector<std::size_t>> common(a.size() + 1, std::vector<std::size_t>(b.size() + 1, 0));
  for (std::size_t i = a.size(); i-- > 0;) {
    for (std::size_t j = b.size(); j-- > 0;) {
      common[i][j] = a[i] == b[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
    }
  }
  std::size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      out.push_back({"stack", ' ', a[i++]});
      ++j;
    } else if (i < a.size() && (j == b.size() || common[i + 1][j] >= common[i][j + 1])) {
      out.push_back({"stack", '-', a[i++]});
    } else {
      out.push_back({"stack", '+', b[j++]});
    }
  }
}

void add_text(const char* field, const std::string& a, const std::string& b, std::vector<Difference>& out) {
  if (a == b) return;
  if (!a.empty()) out.push_back({field, '-', a});
  if (!b.empty()) out.push_back({field, '+', b});
}

}  // namespace

std::vector<Difference> difference_of(const GenomeInfo& from, const GenomeInfo& to) {
  std::vector<Difference> out;
  add_text("base", from.base, to.base, out);
  const auto a = stack_lines(from), b = stack_lines(to);
  if (a != b) add_stack(a, b, out);
  add_text("system_prompt", from.system_prompt, to.system_prompt, out);
  add_text("parameters", from.parameters, to.parameters, out);
  return out;
}

}  // namespace genepool::cli
