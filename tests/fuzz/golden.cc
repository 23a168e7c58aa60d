// Any text as a list of golden prompts: an accepted one is kept as it is, can be asked, and can judge any answer.
#include "api/golden_prompts.h"
#include "fuzz/targets.h"

namespace genepool::fuzz {

int fuzz_golden(std::span<const std::byte> bytes) {
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto kept = api::check_golden(text);
  if (!kept || kept->empty()) return 0;
  const auto again = api::check_golden(*kept);
  GENEPOOL_CHECK(again.has_value() && *again == *kept, "{}", *kept);
  const auto prompts = api::read_golden(api::Json::parse(*kept));
  GENEPOOL_CHECK(prompts.has_value() && !prompts->empty(), "{}", *kept);
  for (const api::GoldenPrompt& prompt : *prompts) {
    GENEPOOL_CHECK(api::request_of(prompt, {}).has_value(), "{}", prompt.request.dump());
    (void)api::failures_of(prompt, text);
  }
  return 0;
}

}  // namespace genepool::fuzz
