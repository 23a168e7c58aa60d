// FakeEngine: an engine without a model, for tests of everything around it. Deterministic: the answer is computed from the
// bytes of the page it mapped and the tokens in its KV, so a swapped page, a wrong prefix or a lost token shows.
// Runs in the zygote and in workers, like any engine.
//
// An answer is the word `page:<first 12 hex digits of the page's SHA-256>`, or `page:base` without a page, then words
// ` w0` .. ` w511` chosen by a hash of page and all tokens so far (and of seed and chance at a temperature > 0). It goes on
// until max_tokens or the context is full, unless the prompt says otherwise. Prompts are split into words at white space.
//
// Script, in ZygoteOptions.fake_script: comma-separated, each for the whole process family.
//   load_ms=N  rehearse_ms=N  attach_ms=N  reserve_ms=N     these steps take so long
//   prefill_us_per_token=N  decode_ms=N      a step takes N us per prompt token, and N ms if any sequence wants its next token
//   wide_step_ms=N                           a step with more than one thread takes N ms more, as beside a busy program
//   fail_load  fail_attach                   these steps fail (attach: only of a page, not of the bare base)
//   crash_with_page                          abort() at the first decode with a page
//   ignore_page                              the page is named but changes nothing
// Markers, words of a prompt (once they are in a sequence's KV):
//   [[crash]] [[crash:N]]   abort() at a decode, when N (default 0) tokens of the answer are in the KV
//   [[hang]]  [[hang:N]]    the decode never returns and does not look at the abort callback
//   [[leak]]  [[leak:MIB]]  a decode for the answer's first token writes MIB (default 64) that it never gives back
//   [[slow:MS]]             each decoded token takes MS milliseconds more
//   [[say:TEXT]]            after the first word the answer is a space and TEXT, one token for each of its bytes (so
//                           characters and stop strings are split), then the end
//   [[end:N]]               the answer has N tokens, then the end
#pragma once

#include <memory>
#include <string>

#include "engine/engine.h"

namespace genepool {

// kBadRequest: a script word is unknown.
[[nodiscard]] Result<std::unique_ptr<Engine>> make_fake_engine(const std::string& script);

// The source with the type's name after its last byte: another file of the same meaning. kIo.
[[nodiscard]] Result<void> quantise_fake_base(const QuantiseJob& job);

}  // namespace genepool
