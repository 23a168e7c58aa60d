#include "engine/engine.h"

#ifdef GENEPOOL_HAS_FAKE_ENGINE
#include "engine/fake_engine.h"
#endif
#ifdef GENEPOOL_HAS_LLAMA
#include "engine/llama_engine.h"
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

}  // namespace genepool
