// Answers of /v1/chat/completions and /v1/completions: the whole object, or the events of a stream. Only `data:` lines
// and comments: an `id:`, `event:` or `retry:` field breaks OpenAI's clients (interfaces.md, section 5).
// Owner: the request's sink. Thread: one at a time.
// Use:   StreamText stream(head);  out += stream.begin();  stream.tokens(out, tokens);  out += stream.end(outcome);
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/openai_request.h"

namespace genepool::api {

struct AnswerHead {
  Dialect dialect = Dialect::kChat;
  std::string id;           // "chatcmpl-..."
  std::string model;        // as asked for; of a fallback its own name
  std::string fingerprint;  // of the identity: the same weights give the same
  std::int64_t created = 0;
  bool has_logprobs = false;
  bool include_usage = false;
};
[[nodiscard]] AnswerHead make_head(Dialect dialect, const OpenAiRequest& request);
void set_answerer(AnswerHead& head, const std::string& name, std::string_view identity_hex);

[[nodiscard]] std::string whole_answer(const AnswerHead& head, std::string_view text,
                                       const std::vector<TokenLogprobs>& logprobs, const Outcome& outcome);

class StreamText {
 public:
  explicit StreamText(const AnswerHead& head);

  [[nodiscard]] std::string begin() const;                         // the chunk with the role; "" for completions
  void tokens(std::string& out, const TokensOut& tokens);          // appends one chunk; nothing when there is no text
  [[nodiscard]] std::string end(const Outcome& outcome) const;     // finish reason, usage, receipt, [DONE]
  [[nodiscard]] static std::string error(const Error& error);      // the error as a chunk, and [DONE]

 private:
  [[nodiscard]] std::string logprobs_text(const TokensOut& tokens);

  AnswerHead head_;
  std::string open_, before_text_, after_text_;  // a chunk's bytes around its choices, and around its text
  std::size_t text_offset_ = 0;                  // of the completions dialect's logprobs
};

// ": stage\n\n": for people and proxies; every client ignores it.
[[nodiscard]] std::string comment(std::string_view text);

}  // namespace genepool::api
