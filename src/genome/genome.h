// Genome: one base + one ordered, weighted stack of layers; its identity and its version. Thread: values.
// Identity keys everything that must not be mixed up: worker processes, pages, KV, metrics.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/hash.h"

namespace genepool {

using BaseId = Digest;     // SHA-256 of the base model file
using LayerId = Digest;    // SHA-256 of the normalised layer file
using Identity = Digest;   // see identity_of
using VersionId = Digest;  // see version_of

inline constexpr std::size_t kMaxStack = 8;
inline constexpr float kMaxWeight = 100.0F;  // |weight|; beyond it a LoRA is noise, and f16 overflows

struct StackEntry {
  LayerId layer;
  float weight = 1.0F;
  bool operator==(const StackEntry&) const = default;
};

struct Genome {
  BaseId base;
  std::vector<StackEntry> stack;  // in order; empty = the base itself
  bool operator==(const Genome&) const = default;
};

// SHA-256 over the base id and the ordered (layer id, weight as f32 bits, -0 counted as 0).
[[nodiscard]] Identity identity_of(const Genome& genome);

// What a name points to: the identity with the persona around it.
[[nodiscard]] VersionId version_of(const Identity& identity, std::string_view system_prompt,
                                   std::string_view default_parameters_json);

// One entry as a person writes it: "pirate:0.8", or "pirate" for weight 1.
struct NamedEntry {
  std::string layer;
  float weight = 1.0F;
  bool operator==(const NamedEntry&) const = default;
};

// "pirate:0.8" -> NamedEntry. kBadRequest: bad name, weight not a finite number within kMaxWeight.
[[nodiscard]] Result<NamedEntry> parse_entry(std::string_view text);

// True for "base+pirate:0.8+short:0.4" ("base" alone is the base and not an inline stack).
[[nodiscard]] bool is_inline_stack(std::string_view model);

// The entries of an inline stack in order; at most kMaxStack.
[[nodiscard]] Result<std::vector<NamedEntry>> parse_inline_stack(std::string_view model);

// The shortest text that parses back to the same weight, "0.8".
[[nodiscard]] std::string weight_text(float weight);
[[nodiscard]] std::string entry_text(const NamedEntry& entry);  // "pirate:0.8"

}  // namespace genepool
