#include "peers/completion_client.h"

#include <fmt/core.h>

#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "http/http_client.h"

namespace genepool::bench {
namespace {

using Json = nlohmann::json;

std::string body_of(const Ask& ask) {
  Json body{{"prompt", ask.prompt},   {"max_tokens", ask.tokens}, {"temperature", 0}, {"ignore_eos", true},
            {"stream", true},         {"stream_options", {{"include_usage", true}}}};
  if (!ask.model.empty()) body["model"] = ask.model;
  if (!ask.may_reuse) body["cache_prompt"] = false;
  for (const auto& [id, scale] : ask.lora) body["lora"].push_back({{"id", id}, {"scale", scale}});
  return body.dump();
}

// The lines of an event stream: notes when the first piece of text came, and what the end says of their number.
class Events {
 public:
  void take(std::string_view bytes) {
    rest_.append(bytes);
    for (std::size_t end; (end = rest_.find('\n')) != std::string::npos; rest_.erase(0, end + 1)) take_line({rest_.data(), end});
  }
  std::optional<Instant> first_piece;
  std::uint64_t tokens = 0, pieces = 0;
  std::string error;

 private:
  void take_line(std::string_view line) {
    if (!line.starts_with("data:") || line.find("[DONE]") != std::string_view::npos) return;
    const Json event = Json::parse(line.substr(5), nullptr, false);
    if (event.is_discarded()) return void(error = "an event is no JSON");
    if (event.contains("error")) error = event["error"].dump();
    if (const auto usage = event.find("usage"); usage != event.end() && usage->is_object()) tokens = usage->value("completion_tokens", 0U);
    const auto choices = event.find("choices");
    if (choices == event.end() || choices->empty()) return;
    const Json reason = choices->front().value("finish_reason", Json());
    if (!reason.is_null()) return;
    ++pieces;
    if (!first_piece) first_piece = monotonic_now();
  }
  std::string rest_;
};

}  // namespace

Result<Answered> ask(const Ask& ask) {
  GENEPOOL_TRY(HttpClient client, HttpClient::open(ask.url));
  Events events;
  const Instant start = monotonic_now();
  GENEPOOL_TRY(const HttpReply reply, client.stream("POST", "/v1/completions", body_of(ask), {{"content-type", "application/json"}},
                                                    [&](std::string_view bytes) {
                                                      events.take(bytes);
                                                      return true;
                                                    }));
  const Instant end = monotonic_now();
  if (reply.status != 200) return fail(Code::kIo, "{} answered {}: {}", ask.url, reply.status, reply.body);
  if (!events.error.empty()) return fail(Code::kIo, "{} answered an error: {}", ask.url, events.error);
  const std::uint64_t tokens = ask.may_end ? events.pieces : events.tokens;
  if (!events.first_piece || (tokens != ask.tokens && !ask.may_end)) {
    return fail(Code::kIo, "{} made {} tokens, {} were asked for", ask.url, tokens, ask.tokens);
  }
  return Answered{to_ms(*events.first_piece - start), to_ms(end - start), static_cast<std::uint32_t>(tokens)};
}

double Together::tokens_per_second() const {
  std::size_t tokens = 0;
  for (const Answered& answer : answers) tokens += answer.tokens;
  return seconds > 0 ? static_cast<double>(tokens) / seconds : 0;
}

Result<Together> ask_together(const std::vector<Ask>& asks) {
  Together together;
  together.answers.resize(asks.size());
  std::optional<Error> error;
  std::mutex mutex;
  const Instant start = monotonic_now();
  {
    std::vector<std::jthread> clients;
    for (std::size_t i = 0; i < asks.size(); ++i) {
      clients.emplace_back([&, i] {
        auto answer = bench::ask(asks[i]);
        const std::scoped_lock lock(mutex);
        if (answer) together.answers[i] = std::move(*answer);
        else error = answer.error();
      });
    }
  }
  together.seconds = to_ms(monotonic_now() - start) / 1000;
  if (error) return tl::unexpected(*error);
  return together;
}

}  // namespace genepool::bench
