// Names of layers and genomes, and the nearest known name for an error message. Thread: any, pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace genepool {

// A name: 1 to 64 of [a-z0-9._-], first one a letter or digit. "base" is reserved. kBadRequest says what is wrong.
// ':' and '+' are the inline stack's own, so a name never needs quoting in a `model` field.
[[nodiscard]] Result<void> check_name(std::string_view name);

// The closest of `known` within a third of the length (edit distance), for "did you mean".
[[nodiscard]] std::optional<std::string> nearest_name(std::string_view wanted, std::span<const std::string> known);

}  // namespace genepool
