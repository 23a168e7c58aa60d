// What must hold of every layer that was accepted: it can be stacked, and its page is one that a worker accepts.
#pragma once

#include <cstddef>
#include <span>

namespace genepool::fuzz {

// `layer`: bytes of a normalised layer file. Aborts unless they parse and fuse.
void check_layer_fuses(std::span<const std::byte> layer);

}  // namespace genepool::fuzz
