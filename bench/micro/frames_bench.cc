// What a token's way from a worker to the supervisor costs: encoded, written to a socket, read, decoded.
//   build/src/worker/frames_bench       ninja -C build frames_bench makes it
#include <benchmark/benchmark.h>
#include <sys/socket.h>

#include <array>

#include "worker/frames.h"

namespace genepool {
namespace {

// `range(0)` frames are sent before they are read, as the tokens of several requests are.
void tokens_through_a_socket(benchmark::State& state) {
  std::array<int, 2> sockets{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0) return state.SkipWithError("socketpair");
  FrameChannel worker{UniqueFd(sockets[0])}, supervisor{UniqueFd(sockets[1])};
  TokensOut tokens;
  tokens.request = 7;
  tokens.text = " ahoy";
  tokens.tokens = 1;
  const FromWorker message = tokens;
  std::int64_t received = 0;
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      if (!worker.send(message)) return state.SkipWithError("send");
    }
    auto frames = supervisor.receive();
    if (!frames) return state.SkipWithError("receive");
    for (Frame& frame : *frames) {
      auto decoded = decode_from_worker(frame);
      if (!decoded) return state.SkipWithError("decode");
      benchmark::DoNotOptimize(*decoded);
      ++received;
    }
  }
  if (received != state.iterations() * state.range(0)) state.SkipWithError("frames were lost");
  state.counters["frames_per_second"] = benchmark::Counter(static_cast<double>(received), benchmark::Counter::kIsRate);
}
BENCHMARK(tokens_through_a_socket)->Arg(1)->Arg(16);

}  // namespace
}  // namespace genepool

BENCHMARK_MAIN();
