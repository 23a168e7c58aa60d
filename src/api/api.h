// Api: the HTTP dialects of genepool (OpenAI, vLLM, admin) on top of a Runtime. Knows no sockets.
// Owner: server/, or a test. Outlives every request it was given. Thread: handle() on the HTTP thread; it returns at once,
// slow work goes to the runtime, which answers later.
// Use:   Api api(*runtime);
//        HttpServer::open(options, [&](HttpRequest r, std::shared_ptr<ResponseWriter> w) { api.handle(std::move(r), w); });
// Not here: what a genome is doing (runtime/), the command line.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "http/http.h"
#include "runtime/runtime.h"

namespace genepool {

class Api {
 public:
  explicit Api(Runtime& runtime);
  ~Api();

  void handle(HttpRequest request, std::shared_ptr<ResponseWriter> writer);
  void set_draining();  // /ready says no from now on

  // For HttpOptions::error_body: the transport's own refusals in OpenAI's shape. {content type, body}
  [[nodiscard]] static std::pair<std::string, std::string> error_body(int status, std::string_view message);

  // What the operator's webhook is told when the alarm has changed, as JSON.
  [[nodiscard]] static std::string thrash_alarm_body(const ThrashState& state, const ThrashCauses& causes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace genepool
