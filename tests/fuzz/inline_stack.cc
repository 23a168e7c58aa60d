// Any text as the `model` of a request: an accepted stack is bounded, and writes back as the same stack.
#include "fuzz/targets.h"
#include "genome/genome.h"
#include "genome/name.h"

namespace genepool::fuzz {

int fuzz_inline_stack(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  (void)check_name(text);
  (void)parse_entry(text);
  const auto stack = parse_inline_stack(text);
  if (!stack) return 0;
  GENEPOOL_CHECK(stack->size() <= kMaxStack);
  std::string again = "base";
  for (const NamedEntry& entry : *stack) again += "+" + entry.layer + ":" + weight_text(entry.weight);
  if (stack->empty()) return 0;
  const auto same = parse_inline_stack(again);
  GENEPOOL_CHECK(same.has_value() && *same == *stack, "{}", again);
  return 0;
}

}  // namespace genepool::fuzz
