// The threads that compute beside the one that decodes, kept between steps: made anew for each step, as llama.cpp does
// without a pool, they cost a wide step up to 10 ms at first (measured after a fork: the kernel may put them onto a core that
// spins) and 0.1 to 0.6 ms later. They sleep between steps. A step with one thread leaves them asleep.
// Owner: an engine; a context that used it must end first. Thread: the one that decodes, never before a fork.
#pragma once

#include <ggml-cpu.h>
#include <llama.h>

#include <memory>

namespace genepool {

class ComputeThreads {
 public:
  // At most so many compute in one step.
  explicit ComputeThreads(int most) : most_(most) {}

  void start();  // once; use() does it when it must
  // For the context's next steps.
  void use(llama_context* context, int threads);

 private:
  struct FreePool {
    void operator()(ggml_threadpool* pool) const { ggml_threadpool_free(pool); }
  };
  int most_;
  std::unique_ptr<ggml_threadpool, FreePool> pool_;
  bool is_attached_ = false;
};

}  // namespace genepool
