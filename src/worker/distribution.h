// What an engine says may come next, and how much two of them differ. Thread: any, pure.
#pragma once

#include <vector>

namespace genepool {

using Distribution = std::vector<float>;  // natural logs of probabilities, by token; all of one vocabulary

// Kullback-Leibler, in nats, of what `other` says where `reference` is right.
[[nodiscard]] double divergence(const Distribution& reference, const Distribution& other);

[[nodiscard]] bool is_same_choice(const Distribution& a, const Distribution& b);  // the likeliest token

}  // namespace genepool
