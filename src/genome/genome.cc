#include "genome/genome.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>

#include "genome/name.h"

namespace genepool {
namespace {

constexpr std::string_view kInlinePrefix = "base+";

void add_digest(Sha256& hash, const Digest& digest) { hash.add(std::as_bytes(std::span(digest.bytes))); }

// Length first, so that moving a byte from one text to the next changes the hash.
void add_counted(Sha256& hash, std::string_view text) {
  hash.add_u32(static_cast<std::uint32_t>(text.size()));
  hash.add(text);
}

Result<float> parse_weight(std::string_view layer, std::string_view text) {
  float weight = 0.0F;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), weight);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(weight)) {
    return fail(Code::kBadRequest, "the weight of layer \"{}\" must be a finite number like 0.8, found \"{}\"", layer, text);
  }
  if (std::fabs(weight) > kMaxWeight) {
    return fail(Code::kBadRequest, "the weight of layer \"{}\" must lie between -{} and {}, found {}", layer, kMaxWeight,
                kMaxWeight, text);
  }
  return weight == 0.0F ? 0.0F : weight;  // -0 is 0
}

}  // namespace

Identity identity_of(const Genome& genome) {
  Sha256 hash;
  hash.add("genepool identity 1");
  add_digest(hash, genome.base);
  for (const StackEntry& entry : genome.stack) {
    add_digest(hash, entry.layer);
    hash.add_u32(std::bit_cast<std::uint32_t>(entry.weight == 0.0F ? 0.0F : entry.weight));
  }
  return hash.finish();
}

VersionId version_of(const Identity& identity, std::string_view system_prompt, std::string_view default_parameters_json) {
  Sha256 hash;
  hash.add("genepool version 1");
  add_digest(hash, identity);
  add_counted(hash, system_prompt);
  add_counted(hash, default_parameters_json);
  return hash.finish();
}

Result<NamedEntry> parse_entry(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view layer = text.substr(0, colon);
  GENEPOOL_TRY_VOID(check_name(layer));
  NamedEntry entry{std::string(layer)};
  if (colon == std::string_view::npos) return entry;
  GENEPOOL_TRY(entry.weight, parse_weight(layer, text.substr(colon + 1)));
  return entry;
}

bool is_inline_stack(std::string_view model) { return model.starts_with(kInlinePrefix); }

Result<std::vector<NamedEntry>> parse_inline_stack(std::string_view model) {
  if (!is_inline_stack(model)) {
    return fail_param(Code::kBadRequest, "model", "an inline stack looks like base+layer:0.8, found \"{}\"", model);
  }
  std::vector<NamedEntry> entries;
  std::string_view rest = model.substr(kInlinePrefix.size() - 1);  // every entry now has its '+' in front
  while (!rest.empty()) {
    if (entries.size() == kMaxStack) {
      return fail_param(Code::kBadRequest, "model", "a stack has at most {} layers, this one has more", kMaxStack);
    }
    rest.remove_prefix(1);
    const std::string_view text = rest.substr(0, rest.find('+'));
    auto entry = parse_entry(text);
    if (!entry) {
      entry.error().param = "model";
      return tl::unexpected(std::move(entry.error()));
    }
    entries.push_back(std::move(*entry));
    rest.remove_prefix(text.size());
  }
  return entries;
}

std::string weight_text(float weight) {
  std::array<char, 32> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), weight);
  GENEPOOL_CHECK(error == std::errc{});
  return {text.data(), end};
}

std::string entry_text(const NamedEntry& entry) { return fmt::format("{}:{}", entry.layer, weight_text(entry.weight)); }

}  // namespace genepool
