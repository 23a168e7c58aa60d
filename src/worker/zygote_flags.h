// The command line of `genepool-worker zygote`: one table, walked by the server that writes it (zygote_process.cc) and by
// the program that reads it (main.cc).
#pragma once

#include <string>

#include "worker/zygote_process.h"

namespace genepool {

struct ZygoteFlags {
  ZygoteOptions options;  // worker_program is not on the command line
  int channel_fd = 3, gate_fd = 4;
};

// visit(name, field, help) for each flag; a bool field is a flag without a value.
void walk_zygote_flags(auto& visit, auto& flags) {
  auto& o = flags.options;
  visit("--engine", o.engine, "llama or fake");
  visit("--base", o.engine_options.base_path, "the base model, a GGUF file");
  visit("--context", o.engine_options.context_size, "tokens in the KV of a worker");
  visit("--sequences", o.engine_options.sequences, "requests a worker answers at once");
  visit("--batch", o.engine_options.batch_size, "most tokens of one decode step");
  visit("--threads", o.engine_options.threads, "most threads of one decode step");
  visit("--deterministic", o.deterministic, "one request at a time, no prefix reuse, one thread");
  visit("--fake-script", o.fake_script, "delays and faults of the fake engine");
  visit("--log-level", o.log_level, "debug, info, warn or error");
  visit("--channel-fd", flags.channel_fd, "descriptor of the supervisor's socket");
  visit("--gate-fd", flags.gate_fd, "descriptor of the core gate");
}

}  // namespace genepool
