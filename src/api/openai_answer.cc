#include "api/openai_answer.h"

#include <ctime>
#include <random>

#include "api/errors.h"
#include "api/escape.h"
#include "api/json.h"
#include "api/receipt.h"

namespace genepool::api {
namespace {

constexpr double kLeastLogprob = -9999;  // OpenAI's stand-in for a probability of nothing: JSON has no infinity

double logprob_number(float value) { return value > kLeastLogprob ? static_cast<double>(value) : kLeastLogprob; }

Out bytes_of(const std::string& text) {
  Out bytes = Out::array();
  for (const char c : text) bytes.push_back(static_cast<unsigned char>(c));
  return bytes;
}

Out chat_piece(const TokenPiece& piece) {
  return {{"token", piece.text}, {"logprob", logprob_number(piece.logprob)}, {"bytes", bytes_of(piece.text)}};
}

Out chat_logprobs(const std::vector<TokenLogprobs>& all) {
  Out content = Out::array();
  for (const TokenLogprobs& one : all) {
    Out entry = chat_piece(one.chosen);
    Out top = Out::array();
    for (const TokenPiece& piece : one.top) top.push_back(chat_piece(piece));
    entry["top_logprobs"] = std::move(top);
    content.push_back(std::move(entry));
  }
  return {{"content", std::move(content)}, {"refusal", nullptr}};
}

// `offset` goes on from chunk to chunk: where each token's text begins in the whole.
Out completions_logprobs(const std::vector<TokenLogprobs>& all, std::size_t& offset) {
  Out tokens = Out::array(), logprobs = Out::array(), tops = Out::array(), offsets = Out::array();
  for (const TokenLogprobs& one : all) {
    tokens.push_back(one.chosen.text);
    logprobs.push_back(logprob_number(one.chosen.logprob));
    Out top = Out::object();
    for (const TokenPiece& piece : one.top) top[piece.text] = logprob_number(piece.logprob);
    tops.push_back(std::move(top));
    offsets.push_back(offset);
    offset += one.chosen.text.size();
  }
  return {{"tokens", std::move(tokens)},
          {"token_logprobs", std::move(logprobs)},
          {"top_logprobs", std::move(tops)},
          {"text_offset", std::move(offsets)}};
}

const char* reason_text(FinishReason reason) { return reason == FinishReason::kLength ? "length" : "stop"; }

Out object_head(const AnswerHead& head, bool is_chunk) {
  const char* object = head.dialect == Dialect::kCompletions ? "text_completion"
                       : is_chunk                            ? "chat.completion.chunk"
                                                             : "chat.completion";
  return {{"id", head.id},
          {"object", object},
          {"created", head.created},
          {"model", head.model},
          {"system_fingerprint", head.fingerprint}};
}

std::string random_hex() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  return fmt::format("{:016x}{:08x}", random(), random() & 0xFFFFFFFFU);
}

constexpr std::string_view kDone = "data: [DONE]\n\n";

std::string event(const Out& value) { return "data: " + dump(value) + "\n\n"; }

}  // namespace

AnswerHead make_head(Dialect dialect, const OpenAiRequest& request) {
  AnswerHead head;
  head.dialect = dialect;
  head.id = (dialect == Dialect::kChat ? "chatcmpl-" : "cmpl-") + random_hex();
  set_answerer(head, request.genome.name, request.genome.identity.hex());
  head.created = std::time(nullptr);
  head.has_logprobs = request.params.sampling.top_logprobs >= 0;
  head.include_usage = request.include_usage;
  return head;
}

void set_answerer(AnswerHead& head, const std::string& name, std::string_view identity_hex) {
  head.model = name;
  head.fingerprint = fmt::format("fp_{}", identity_hex.substr(0, Digest().brief().size()));
}

std::string whole_answer(const AnswerHead& head, std::string_view text, const std::vector<TokenLogprobs>& logprobs,
                         const Outcome& outcome) {
  Out choice = {{"index", 0}};
  std::size_t offset = 0;
  if (head.dialect == Dialect::kChat) {
    choice["message"] = {{"role", "assistant"}, {"content", text}, {"refusal", nullptr}};
    choice["logprobs"] = head.has_logprobs ? chat_logprobs(logprobs) : Out();
  } else {
    choice["text"] = text;
    choice["logprobs"] = head.has_logprobs ? completions_logprobs(logprobs, offset) : Out();
  }
  choice["finish_reason"] = reason_text(outcome.reason);
  Out answer = object_head(head, false);
  answer["choices"] = Out::array({std::move(choice)});
  answer["usage"] = usage_json(outcome);
  answer["timings"] = timings_json(outcome);
  answer["genepool"] = receipt_json(outcome.receipt);
  return dump(answer);
}

// A chunk is the same bytes around every token but its text and logprobs: made once, here.
StreamText::StreamText(const AnswerHead& head) : head_(head) {
  open_ = "data: " + dump(object_head(head, true));
  open_.pop_back();  // the object goes on with its choices
  before_text_ = open_ + (head.dialect == Dialect::kChat ? R"(,"choices":[{"index":0,"delta":{"content":")"
                                                         : R"(,"choices":[{"index":0,"text":")");
  after_text_ = R"(,"finish_reason":null}])";
  // OpenAI: with include_usage every chunk but the last has a null there.
  after_text_ += head.include_usage ? ",\"usage\":null}\n\n" : "}\n\n";
}

std::string StreamText::begin() const {
  if (head_.dialect == Dialect::kCompletions) return {};
  return open_ + R"(,"choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null)" + after_text_;
}

void StreamText::tokens(std::string& out, const TokensOut& tokens) {
  if (tokens.text.empty() && tokens.logprobs.empty()) return;
  out += before_text_;
  append_escaped(out, tokens.text);
  out += head_.dialect == Dialect::kChat ? "\"},\"logprobs\":" : "\",\"logprobs\":";
  out += head_.has_logprobs ? logprobs_text(tokens) : "null";
  out += after_text_;
}

std::string StreamText::logprobs_text(const TokensOut& tokens) {
  if (head_.dialect == Dialect::kChat) return dump(chat_logprobs(tokens.logprobs));
  return dump(completions_logprobs(tokens.logprobs, text_offset_));
}

std::string StreamText::end(const Outcome& outcome) const {
  Out choice = {{"index", 0}};
  if (head_.dialect == Dialect::kChat) {
    choice["delta"] = Out::object();
  } else {
    choice["text"] = "";
  }
  choice["logprobs"] = nullptr;
  choice["finish_reason"] = reason_text(outcome.reason);
  Out last = object_head(head_, true);
  last["choices"] = Out::array({std::move(choice)});
  std::string out;
  if (head_.include_usage) {
    last["usage"] = nullptr;
    out += event(last);
    last["choices"] = Out::array();
    last["usage"] = usage_json(outcome);
  }
  last["timings"] = timings_json(outcome);
  last["genepool"] = receipt_json(outcome.receipt);
  return out + event(last) + std::string(kDone);
}

std::string StreamText::error(const Error& error) { return "data: " + error_body(error) + "\n\n" + std::string(kDone); }

std::string comment(std::string_view text) {
  std::string out = ": ";
  for (const char c : text) out += c == '\n' || c == '\r' ? ' ' : c;
  return out + "\n\n";
}

}  // namespace genepool::api
