// The canary and the effect probe of a new layer, in a worker that has no genome and ends afterwards: decodes fixed prompts
// with the bare base, attaches the layer's page, decodes them again, and compares what comes next. Whatever the layer does to
// the engine happens here, and to nobody's answer.
// Thread: the worker's only one. Not here: who starts and judges it (runtime/probes.h).
#pragma once

#include <functional>
#include <span>

#include "engine/engine.h"
#include "genome/layer_effect.h"

namespace genepool {

// Decodes one batch, as Engine::decode(), wherever the caller may compute.
using ProbeStep = std::function<Result<DecodeStatus>(std::span<const BatchToken>)>;

// Requires: nothing was attached and the KV is empty. kLayerRejected: the page does not fit the base, or what the engine
// computes with it are no numbers.
[[nodiscard]] Result<LayerEffect> probe_layer(Engine& engine, Mapping page, std::uint32_t batch_size, const ProbeStep& step);

}  // namespace genepool
