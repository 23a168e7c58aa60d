// Any text as a bundle's manifest: an accepted one writes back as the same manifest.
#include "fuzz/targets.h"
#include "import/bundle.h"

namespace genepool::fuzz {

int fuzz_manifest(std::span<const std::byte> bytes) {
  const auto manifest = parse_manifest({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!manifest) return 0;
  const std::string text = manifest_text(*manifest);
  const auto again = parse_manifest(text);
  GENEPOOL_CHECK(again.has_value() && manifest_text(*again) == text, "{}", text);
  return 0;
}

}  // namespace genepool::fuzz
