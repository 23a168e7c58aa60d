#include "engine/llama_threads.h"

#include "base/error.h"

namespace genepool {

void ComputeThreads::start() {
  if (pool_ || most_ == 1) return;
  ggml_threadpool_params params = ggml_threadpool_params_default(most_);
  params.poll = 0;  // who waits for the next step must not spin: other workers compute meanwhile
  pool_.reset(ggml_threadpool_new(&params));
  GENEPOOL_CHECK(pool_ != nullptr, "cannot start {} threads", most_ - 1);
}

void ComputeThreads::use(llama_context* context, int threads) {
  GENEPOOL_CHECK(threads <= most_, "{} threads of {}", threads, most_);
  llama_set_n_threads(context, threads, threads);
  const bool is_wide = threads > 1;
  if (is_wide == is_attached_) return;
  if (is_wide) {
    start();
    llama_attach_threadpool(context, pool_.get(), nullptr);
  } else {
    llama_detach_threadpool(context);  // a step would wake them all to tell them that they are not needed
  }
  is_attached_ = is_wide;
}

}  // namespace genepool
