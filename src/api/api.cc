#include "api/api.h"

#include "api/context.h"
#include "api/errors.h"
#include "api/router.h"
#include "api/views.h"

namespace genepool {
namespace {

// A page in a browser on this machine can reach us as well as its user can. Browsers say where a page is from, and one from
// elsewhere must not change the catalog or the pool; programs send no Origin.
bool is_foreign_page(const HttpRequest& request) {
  const std::string_view origin = request.header("origin");
  if (origin.empty() || request.method == "GET" || request.method == "HEAD") return false;
  const std::size_t scheme = origin.find("://");
  return scheme == std::string_view::npos || origin.substr(scheme + 3) != request.header("host");
}

bool is_guarded(std::string_view path) {
  return path.starts_with("/api/") || path == "/v1/load_lora_adapter" || path == "/v1/unload_lora_adapter";
}

}  // namespace

struct Api::State {
  explicit State(Runtime& runtime) : context(runtime) {
    api::add_completions(router, context);
    api::add_models(router, context);
    api::add_vllm(router, context);
    api::add_catalog(router, context);
    api::add_history(router, context);
    api::add_golden(router, context);
    api::add_store(router, context);
    api::add_operator(router, context);
    api::add_decisions(router, context);
    api::add_manager(router, context);
    api::add_events(router, context);
    api::add_stats(router, context);
    api::add_health(router, context);
  }
  api::Context context;
  api::Router router;
};

Api::Api(Runtime& runtime) : state_(std::make_unique<State>(runtime)) {}
Api::~Api() = default;

void Api::handle(HttpRequest request, std::shared_ptr<ResponseWriter> writer) {
  auto call = std::make_shared<api::Call>();  // shared: answered by callbacks of the runtime
  call->request = std::move(request);
  call->writer = std::move(writer);
  call->metrics = &state_->context.runtime.metrics();
  if (is_guarded(call->request.path) && is_foreign_page(call->request)) {
    call->endpoint = "foreign page";
    return call->reply_error(fail(Code::kForbidden, "a web page from {} must not do this", call->request.header("origin")).value());
  }
  state_->router.dispatch(call);
}

void Api::set_draining() { state_->context.is_draining = true; }

std::string Api::thrash_alarm_body(const ThrashState& state, const ThrashCauses& causes) {
  api::Out body{{"alarm", "thrashing"}};
  body.update(api::thrash_json(state, causes));
  return api::dump(body);
}

std::pair<std::string, std::string> Api::error_body(int status, std::string_view message) {
  Error error;
  error.code = status == 413 || status == 414 || status == 431 ? Code::kTooLarge : Code::kBadRequest;
  error.message = message;
  return {"application/json", api::error_body(error)};
}

}  // namespace genepool
