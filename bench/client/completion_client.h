// One streamed POST /v1/completions (or /v1/chat/completions) as a client sees it: when its tokens came and when it ended. Speaks to llama-server and to genepool alike.
// Thread: any, one HttpClient each; blocks until the answer has ended.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace genepool::bench {

struct Ask {
  std::string url;     // "http://127.0.0.1:8811"
  std::string model;   // as the server names it; "" = the only one
  std::string prompt;
  std::uint32_t tokens = 1;                  // exactly so many, for the end of text is ignored; temperature is 0
  std::vector<std::pair<int, double>> lora;  // llama-server's adapters of this request, by number and scale
  bool may_end = false;                      // for a server that can neither ignore the end nor count: pieces are tokens
  bool is_chat = false;                      // the prompt is a user's message
  bool may_reuse = false;                    // llama-server's cache_prompt; genepool decides by itself and is right to
};

struct Answered {
  double first_token_ms = 0, total_ms = 0;
  double acquire_ms = 0;       // as genepool's receipt says; 0 from others
  std::vector<double> gap_ms;  // between tokens
  std::uint32_t tokens = 0;
  [[nodiscard]] double decode_ms_per_token() const { return tokens < 2 ? 0 : (total_ms - first_token_ms) / (tokens - 1); }
};

// kIo when the answer is not `tokens` long or breaks off: a measurement of something else.
[[nodiscard]] Result<Answered> ask(const Ask& ask);

// All at once, a thread each. `seconds`: until the last one has ended.
struct Together {
  std::vector<Answered> answers;
  double seconds = 0;
  [[nodiscard]] double tokens_per_second() const;
};
[[nodiscard]] Result<Together> ask_together(const std::vector<Ask>& asks);

}  // namespace genepool::bench
