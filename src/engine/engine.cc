#include "engine/engine.h"

#ifdef GENEPOOL_HAS_FAKE_ENGINE
#include "engine/fake_engine.h"
#endif
#ifdef GENEPOOL_HAS_LLAMA
#include "engine/llama_engine.h"
#include "engine/llama_quantise.h"
#endif

namespace genepool {

std::unique_ptr<Engine> make_engine(const std::string& name) {
#ifdef GENEPOOL_HAS_LLAMA
  if (name == "llama") return std::make_unique<LlamaEngine>();
#endif
#ifdef GENEPOOL_HAS_FAKE_ENGINE
  if (name == "fake") {
    auto engine = make_fake_engine("");
    if (engine) return std::move(*engine);
  }
#endif
  return nullptr;
}

Result<void> quantise_base(const std::string& engine, [[maybe_unused]] const QuantiseJob& job) {
#ifdef GENEPOOL_HAS_LLAMA
  if (engine == "llama") return quantise_llama_base(job);
#endif
#ifdef GENEPOOL_HAS_FAKE_ENGINE
  if (engine == "fake") return quantise_fake_base(job);
#endif
  return fail(Code::kNotSupported, "this genepool-worker is built without the engine \"{}\"", engine);
}

}  // namespace genepool
