// What writing one streamed chunk costs: the text that goes to a client for each token.
//   build/src/api/chunk_bench       ninja -C build chunk_bench makes it
#include <benchmark/benchmark.h>

#include "api/openai_answer.h"

namespace genepool::api {
namespace {

void chunk(benchmark::State& state, const char* text) {
  AnswerHead head;
  head.id = "chatcmpl-0123456789abcdef";
  head.model = "base+pirate:0.8+short:0.4";
  StreamText stream(head);
  TokensOut tokens;
  tokens.text = text;
  tokens.tokens = 1;
  std::string out;
  for (auto _ : state) {
    out.clear();
    stream.tokens(out, tokens);
    benchmark::DoNotOptimize(out.data());
  }
  state.counters["chunks_per_second"] = benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK_CAPTURE(chunk, plain, " ahoy");
BENCHMARK_CAPTURE(chunk, escaped, "\"\n\t\\");
BENCHMARK_CAPTURE(chunk, not_ascii, "\xf0\x9f\x8f\xb4\xe2\x80\x8d");

}  // namespace
}  // namespace genepool::api

BENCHMARK_MAIN();
