// Three voices of one base: genepool as a library.
// Usage: three_voices DATA_DIR BASE.gguf WORKER_PROGRAM ENGINE LAYER=PATH...
//        three_voices data SmolLM2.gguf build/genepool-worker llama pirate=demo/layers/pirate shout=demo/layers/shout
#include <genepool/pool.h>

#include <cstdio>
#include <string>
#include <vector>

namespace {

int give_up(const genepool::Error& error) {
  std::fprintf(stderr, "three_voices: %s\n", error.message.c_str());
  return 1;
}

// The receipt of one answer: which tier the genome was in, and what it cost to bring it in.
void print(const std::string& name, const genepool::GenomePool::Measured& answer) {
  std::printf("[%s] %s\n    %s, acquired in %.1f ms, first token after %.1f ms, total %.1f ms\n", name.c_str(),
              answer.generation.text.c_str(), answer.metrics.tier.c_str(), answer.metrics.acquire_ms,
              answer.metrics.first_token_ms, answer.metrics.total_ms);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) {
    std::fprintf(stderr, "usage: three_voices DATA_DIR BASE.gguf WORKER_PROGRAM ENGINE LAYER=PATH...\n");
    return 2;
  }
  const genepool::Options options{.data_dir = argv[1],
                                  .base = argv[2],
                                  .settings = {{"engine.worker", argv[3]}, {"engine.name", argv[4]}, {"log.level", "warn"}}};
  auto pool = genepool::GenomePool::open(options);
  if (!pool) return give_up(pool.error());

  std::vector<std::string> voices = {"base"};
  for (int i = 5; i < argc; ++i) {
    const std::string arg = argv[i];
    const std::string name = arg.substr(0, arg.find('='));
    if (auto added = (*pool)->add_layer(arg.substr(arg.find('=') + 1), name); !added) return give_up(added.error());
    voices.push_back("base+" + name + ":1");  // an inline stack: no genome needs to be created
  }
  for (int round = 0; round < 2; ++round) {  // COLD first, HOT the second time
    for (const std::string& voice : voices) {
      auto answer = (*pool)->acquire_with_metrics(voice, {.prompt = "Where is the ship?", .max_tokens = 24});
      if (!answer) return give_up(answer.error());
      print(voice, *answer);
    }
  }

  auto lease = (*pool)->acquire(voices.back());  // held HOT while we use it
  if (!lease) return give_up(lease.error());
  auto again = lease->generate({.prompt = "And the crew?", .max_tokens = 24});
  if (!again) return give_up(again.error());
  const auto metrics = (*pool)->release(std::move(*lease), false);  // and let it go to WARM
  std::printf("leased %s: acquired in %.2f ms\n", metrics.tier.c_str(), metrics.acquire_ms);
  return 0;
}
