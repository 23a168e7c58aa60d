#include "client/completion_client.h"

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
  Json body{{"max_tokens", ask.tokens}, {"temperature", 0}, {"ignore_eos", true}, {"stream", true}, {"stream_options", {{"include_usage", true}}}};
  if (ask.is_chat) {
    body["messages"] = {{{"role", "user"}, {"content", ask.prompt}}};
  } else {
    body["prompt"] = ask.prompt;
  }
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
  std::vector<Instant> arrivals;  // of pieces of text
  std::uint64_t tokens = 0;
  double acquire_ms = 0;
  std::string error;

 private:
  void take_line(std::string_view line) {
    if (!line.starts_with("data:") || line.find("[DONE]") != std::string_view::npos) return;
    const Json event = Json::parse(line.substr(5), nullptr, false);
    if (event.is_discarded()) return void(error = "an event is no JSON");
    if (event.contains("error")) error = event["error"].dump();
    if (const auto receipt = event.find("genepool"); receipt != event.end()) acquire_ms = receipt->value("acquire_ms", 0.0);
    if (const auto usage = event.find("usage"); usage != event.end() && usage->is_object()) tokens = usage->value("completion_tokens", 0U);
    const auto choices = event.find("choices");
    if (choices == event.end() || choices->empty()) return;
    const Json& choice = choices->front();
    if (!choice.value("finish_reason", Json()).is_null()) return;
    if (const auto delta = choice.find("delta"); delta != choice.end() && delta->contains("role")) return;  // before the first token
    arrivals.push_back(monotonic_now());
  }
  std::string rest_;
};

}  // namespace

Result<Answered> ask(const Ask& ask) {
  GENEPOOL_TRY(HttpClient client, HttpClient::open(ask.url));
  Events events;
  const Instant start = monotonic_now();
  GENEPOOL_TRY(const HttpReply reply, client.stream("POST", ask.is_chat ? "/v1/chat/completions" : "/v1/completions", body_of(ask), {{"content-type", "application/json"}},
                                                    [&](std::string_view bytes) {
                                                      events.take(bytes);
                                                      return true;
                                                    }));
  const Instant end = monotonic_now();
  if (reply.status != 200) return fail(Code::kIo, "{} answered {}: {}", ask.url, reply.status, reply.body);
  if (!events.error.empty()) return fail(Code::kIo, "{} answered an error: {}", ask.url, events.error);
  const std::uint64_t tokens = ask.may_end ? events.arrivals.size() : events.tokens;
  if (events.arrivals.empty() || (tokens != ask.tokens && !ask.may_end)) {
    return fail(Code::kIo, "{} made {} tokens, {} were asked for", ask.url, tokens, ask.tokens);
  }
  Answered answered{to_ms(events.arrivals.front() - start), to_ms(end - start), events.acquire_ms, {}, static_cast<std::uint32_t>(tokens)};
  for (std::size_t i = 1; i < events.arrivals.size(); ++i) answered.gap_ms.push_back(to_ms(events.arrivals[i] - events.arrivals[i - 1]));
  return answered;
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
