// Puts q4_1_kernel.h behind ggml's CPU backend, as one more of its "extra" buffer types: a weight matrix that is loaded
// into such a buffer is repacked on the way, and its products are ours. Nothing of llama.cpp is patched.
// llama_q4_1.cc includes ggml's private headers; they promise nothing beyond our pin.
#pragma once

namespace genepool {

// Registers it, once per process; does nothing on a CPU without the kernel. Requires: before the first model is loaded,
// for llama.cpp asks for the list of buffer types once. Thread: the process's only one.
void install_q4_1_kernel();

}  // namespace genepool
