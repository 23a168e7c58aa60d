// What every handler may use. Owner: Api. Thread: any; the fields say what guards them.
#pragma once

#include <atomic>

#include "api/inflight.h"
#include "api/router.h"
#include "runtime/runtime.h"

namespace genepool::api {

struct Context {
  Runtime& runtime;
  Inflight inflight;
  std::atomic<bool> is_draining{false};
  // Copies of settings, so that a request does not have to ask the strand for them; refresh() after a change.
  std::atomic<std::int64_t> ping_ms{10000};

  explicit Context(Runtime& r) : runtime(r) { refresh(); }
  void refresh() { ping_ms = runtime.config().server_ping; }
};

// One per file of handlers.
void add_completions(Router& router, Context& context);
void add_models(Router& router, Context& context);
void add_vllm(Router& router, Context& context);
void add_catalog(Router& router, Context& context);
void add_history(Router& router, Context& context);
void add_golden(Router& router, Context& context);
void add_store(Router& router, Context& context);
void add_operator(Router& router, Context& context);
void add_decisions(Router& router, Context& context);
void add_manager(Router& router, Context& context);
void add_events(Router& router, Context& context);
void add_stats(Router& router, Context& context);
void add_health(Router& router, Context& context);

}  // namespace genepool::api
