// `run`: one streamed chat completion, its text to stdout as it comes.
#include <fmt/core.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <iostream>
#include <iterator>

#include "cli/connection.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "cli/wire.h"

namespace genepool::cli {
namespace {

// The closed connection cancels the generation; what is left is a tidy line and the status that a shell expects.
extern "C" void leave_on_interrupt(int) {
  constexpr char kTidy[] = "\r\033[K\n";
  if (::isatty(STDERR_FILENO) == 1) (void)!::write(STDERR_FILENO, kTidy, sizeof kTidy - 1);
  ::_exit(130);
}

Result<std::string> prompt_of(const Invocation& invocation) {
  std::string prompt;
  for (const std::string& word : invocation.rest("PROMPT")) prompt += (prompt.empty() ? "" : " ") + word;
  if (!prompt.empty()) return prompt;
  if (::isatty(STDIN_FILENO) == 1) fmt::print(stderr, "(type the prompt; Ctrl-D on an empty line ends it)\n");
  prompt.assign(std::istreambuf_iterator<char>(std::cin), {});
  while (prompt.ends_with('\n')) prompt.pop_back();
  if (prompt.empty()) return fail(Code::kUsage, "there is no prompt: give one after the genome's name, or on stdin");
  return prompt;
}

Result<ChatRequest> request_of(const Invocation& invocation) {
  ChatRequest request{.model = invocation.argument("GENOME")};
  GENEPOOL_TRY(request.max_tokens, invocation.count("--max-tokens", 256, 1, 1'000'000));
  if (invocation.has("--temperature")) {
    GENEPOOL_TRY(request.temperature, invocation.ratio("--temperature", 0, 0, 2));
  }
  if (invocation.has("--seed")) {
    GENEPOOL_TRY(request.seed, invocation.count("--seed", 0, 0, UINT32_MAX));
  }
  if (invocation.has("--system")) request.system = invocation.text("--system");
  GENEPOOL_TRY(request.prompt, prompt_of(invocation));
  return request;
}

// Takes the lines of the event stream; prints the text, keeps what the end of the stream says.
class AnswerReader {
 public:
  AnswerReader(const Invocation& invocation, StatusLine& status)
      : genome_(invocation.argument("GENOME")), is_json_(invocation.has("--json")), status_(status) {
    status_.show(genome_ + ": waiting ...");
  }

  bool take(std::string_view line) {
    if (line.starts_with(':')) show_stage(line.substr(1));
    if (!line.starts_with("data:")) return true;
    line.remove_prefix(5);
    if (line.starts_with(' ')) line.remove_prefix(1);
    is_done_ = line == "[DONE]";
    return !is_done_ && take_chunk(line);
  }

  // Of the stream as a whole: its own error, or that it broke off.
  [[nodiscard]] Result<void> finish() {
    status_.clear();
    if (has_text_ && !ends_line_ && !is_json_) print("\n");
    std::fflush(stdout);  // before what stderr gets to say
    if (error_) return tl::unexpected(*error_);
    if (!is_done_ && std::ferror(stdout) == 0) return fail(Code::kIo, "the answer broke off: the connection was lost");
    return {};
  }
  [[nodiscard]] const ChatChunk& last() const { return last_; }

 private:
  void show_stage(std::string_view stage) {
    while (stage.starts_with(' ')) stage.remove_prefix(1);
    if (has_text_ || stage.empty() || stage == "ping") return;
    status_.show(fmt::format("{}: {} ...", genome_, stage == "granted" ? "reading the prompt" : stage));
  }

  bool take_chunk(std::string_view data) {
    auto chunk = parse_chunk(data);
    if (!chunk) {
      error_ = chunk.error();
      return false;
    }
    status_.clear();
    if (is_json_) {
      print(std::string(data) + "\n");
    } else if (!chunk->text.empty()) {
      print(chunk->text);
      has_text_ = true;
      ends_line_ = chunk->text.ends_with('\n');
    }
    std::fflush(stdout);
    if (!chunk->finish_reason.empty()) last_.finish_reason = chunk->finish_reason;
    if (chunk->completion_tokens) last_.prompt_tokens = chunk->prompt_tokens, last_.completion_tokens = chunk->completion_tokens;
    if (chunk->receipt) last_.receipt = std::move(chunk->receipt);
    return std::ferror(stdout) == 0;
  }

  std::string genome_;
  bool is_json_, has_text_ = false, ends_line_ = false, is_done_ = false;
  StatusLine& status_;
  std::optional<Error> error_;
  ChatChunk last_;  // what the stream's end said
};

void print_receipt(const ChatChunk& end) {
  if (end.receipt) {
    const ReceiptInfo& r = *end.receipt;
    fmt::print(stderr, "{}: {} in all = queue {} + layer load {} + layer stack {} + spawn {} + inference {} (prefill {}, decode {})\n",
               r.tier, human_ms(r.total_ms), human_ms(r.queue_ms), human_ms(r.layer_load_ms), human_ms(r.layer_stack_ms),
               human_ms(r.process_spawn_ms), human_ms(r.inference_ms), human_ms(r.prefill_ms), human_ms(r.decode_ms));
    for (const std::string& name : r.evicted) fmt::print(stderr, "evicted {}\n", name);
  }
  if (!end.completion_tokens) return;
  const double decode_ms = end.receipt ? end.receipt->decode_ms : 0;
  const auto tokens = *end.completion_tokens;
  const std::string speed = decode_ms > 0 && tokens > 1
                                ? fmt::format(", {:.1f} tokens/s", 1000.0 * static_cast<double>(tokens - 1) / decode_ms)
                                : "";
  fmt::print(stderr, "{} prompt tokens, {} answered{}\n", end.prompt_tokens.value_or(0), tokens, speed);
}

}  // namespace

Result<int> verb_run(const Invocation& invocation) {
  GENEPOOL_TRY(const ChatRequest request, request_of(invocation));
  GENEPOOL_TRY(const auto server, connect_to_server(invocation));
  std::signal(SIGINT, leave_on_interrupt);
  StatusLine status;
  AnswerReader reader(invocation, status);
  GENEPOOL_TRY_VOID(server->stream("POST", "/v1/chat/completions", json_of(request), [&](auto line) { return reader.take(line); }));
  GENEPOOL_TRY_VOID(reader.finish());
  const bool is_verbose = invocation.has("--verbose");
  if (is_verbose) print_receipt(reader.last());
  if (reader.last().finish_reason == "length" && (is_verbose || ::isatty(STDERR_FILENO) == 1)) {
    fmt::print(stderr, "(cut at {} tokens: --max-tokens N for more)\n", request.max_tokens);
  }
  return 0;
}

}  // namespace genepool::cli
