// For callers that block: collects one generation's text. Thread: the sink's calls come on the strand; wait() from any other.
// Use:   const auto collector = std::make_shared<AnswerCollector>();
//        runtime.generate(genome, params, collector);
//        const Outcome outcome = collector->wait();
#pragma once

#include <functional>
#include <future>
#include <string>
#include <string_view>

#include "runtime/runtime.h"

namespace genepool {

class AnswerCollector final : public ResponseSink {
 public:
  explicit AnswerCollector(std::function<void(std::string_view)> on_text = nullptr) : on_text_(std::move(on_text)) {}

  void on_accepted(std::uint32_t, std::uint32_t) override {}
  void on_tokens(const TokensOut& tokens) override {
    text_ += tokens.text;
    if (on_text_) on_text_(tokens.text);
  }
  void on_end(const Outcome& outcome) override { done_.set_value(outcome); }

  [[nodiscard]] Outcome wait() { return done_.get_future().get(); }  // once
  [[nodiscard]] std::string take_text() { return std::move(text_); }  // after wait()

 private:
  std::function<void(std::string_view)> on_text_;
  std::string text_;
  std::promise<Outcome> done_;
};

}  // namespace genepool
