#include "worker/batcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "engine/fake_engine.h"

namespace genepool {
namespace {

using ::testing::HasSubstr;

struct Answer {
  std::string text;
  std::uint32_t tokens = 0;
  std::vector<TokenLogprobs> logprobs;
  std::optional<Accepted> accepted;
  std::optional<GenerateDone> done;
  std::optional<Error> error;
  int ends = 0;
  std::uint64_t first_step = 0;  // in which its first text came
};

class BatcherTest : public ::testing::Test {
 protected:
  void make(const BatcherOptions& options, const std::string& script = "") {
    engine_ = std::move(make_fake_engine(script).value());
    ASSERT_TRUE(engine_->load({"", options.context_size, options.sequences, options.batch_size}));
    ASSERT_TRUE(engine_->attach({}));
    batcher_ = std::make_unique<Batcher>(*engine_, options, [this](const FromWorker& message) { take(message); });
  }

  void SetUp() override { make({256, 4, 32, false}); }

  void take(const FromWorker& message) {
    if (const auto* accepted = std::get_if<Accepted>(&message)) answers_[accepted->request].accepted = *accepted;
    if (const auto* out = std::get_if<TokensOut>(&message)) {
      Answer& answer = answers_[out->request];
      if (answer.text.empty()) answer.first_step = steps_;
      answer.text += out->text;
      answer.tokens += out->tokens;
      answer.logprobs.insert(answer.logprobs.end(), out->logprobs.begin(), out->logprobs.end());
    }
    if (const auto* done = std::get_if<GenerateDone>(&message)) {
      answers_[done->request].done = *done;
      ++answers_[done->request].ends;
    }
    if (const auto* failed = std::get_if<GenerateFailed>(&message)) {
      answers_[failed->request].error = failed->error;
      ++answers_[failed->request].ends;
    }
  }

  static Generate request(RequestId id, Prompt prompt, std::uint32_t max_tokens = 8) {
    Generate generate;
    generate.request = id;
    generate.prompt = std::move(prompt);
    generate.sampling.temperature = 0;
    generate.max_tokens = max_tokens;
    return generate;
  }

  void step() {
    ++steps_;
    ASSERT_TRUE(batcher_->step(1));
  }

  void run() {
    while (batcher_->has_work()) {
      step();
      ASSERT_LT(steps_, 10000u);
    }
  }

  Answer ask(const Generate& generate) {
    batcher_->start(generate);
    run();
    EXPECT_EQ(answers_[generate.request].ends, 1);
    return std::exchange(answers_[generate.request], {});
  }

  // What the next worker of the genome would begin with.
  void start_anew_with_saved_kv(const BatcherOptions& options) {
    auto saved = std::move(batcher_->save_kv("genome", 1 << 20).value());
    make(options);
    if (saved) batcher_->offer_kv(std::move(SavedKv::parse(std::move(Mapping::of_fd(saved->file.fd()).value()), "genome").value()));
  }

  static std::string words(int count, const std::string& word = "word") {
    std::string text;
    for (int i = 0; i < count; ++i) text += word + std::to_string(i) + " ";
    return text;
  }

  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Batcher> batcher_;
  std::map<RequestId, Answer> answers_;
  std::uint64_t steps_ = 0;
};

TEST_F(BatcherTest, an_answer_ends_once_with_its_counts) {
  const Answer answer = ask(request(1, words(50)));
  EXPECT_THAT(answer.text, ::testing::StartsWith("page:base w"));
  EXPECT_EQ(answer.accepted->prompt_tokens, 51u);
  EXPECT_EQ(answer.accepted->cached_tokens, 0u);
  EXPECT_EQ(answer.done->completion_tokens, 8u);
  EXPECT_EQ(answer.tokens, 8u);
  EXPECT_EQ(answer.done->reason, FinishReason::kLength);
  EXPECT_EQ(ask(request(2, std::string("[[end:3]]"))).done->reason, FinishReason::kStop);
}

TEST_F(BatcherTest, saved_kv_spares_the_next_worker_the_prefill_and_gives_the_same_answer) {
  const std::string one = words(60), other = words(50, "other");
  const Answer first = ask(request(1, one));
  ask(request(2, other));
  start_anew_with_saved_kv({256, 4, 32, false});
  const Answer again = ask(request(3, one));
  EXPECT_EQ(again.accepted->cached_tokens, 60U);
  EXPECT_EQ(again.text, first.text);
  // What nobody came back to is saved once more.
  start_anew_with_saved_kv({256, 4, 32, false});
  EXPECT_EQ(ask(request(4, other)).accepted->cached_tokens, 50U);
  EXPECT_EQ(ask(request(5, one)).accepted->cached_tokens, 60U);
}

TEST_F(BatcherTest, a_conversation_goes_on_from_saved_kv) {
  const Answer first = ask(request(1, words(40)));
  start_anew_with_saved_kv({256, 4, 32, false});
  const Answer longer = ask(request(2, words(60)));
  EXPECT_EQ(longer.accepted->cached_tokens, 41U);  // BOS and the 40 words
  make({256, 4, 32, false});
  EXPECT_EQ(ask(request(3, words(60))).text, longer.text);
}

TEST_F(BatcherTest, saved_kv_of_other_prompts_changes_no_answer) {
  ask(request(1, words(60)));
  start_anew_with_saved_kv({256, 1, 32, false});
  const Answer answer = ask(request(2, words(200, "new")));  // needs the room, too
  EXPECT_EQ(answer.accepted->cached_tokens, 0U);
  make({256, 1, 32, false});
  EXPECT_EQ(ask(request(3, words(200, "new"))).text, answer.text);
}

TEST_F(BatcherTest, little_kv_and_deterministic_mode_save_nothing) {
  EXPECT_FALSE(batcher_->save_kv("genome", 1 << 20).value());
  ask(request(1, words(3), 1));
  EXPECT_FALSE(batcher_->save_kv("genome", 1 << 20).value());
  ask(request(2, words(60)));
  EXPECT_FALSE(batcher_->save_kv("genome", 100).value());
  make({256, 4, 32, true});
  ask(request(3, words(60)));
  EXPECT_FALSE(batcher_->save_kv("genome", 1 << 20).value());
}

TEST_F(BatcherTest, kv_that_cannot_be_restored_is_computed_again) {
  ask(request(1, words(60)));
  const std::string prompt = words(60);
  const Answer whole = ask(request(2, prompt));
  auto saved = std::move(batcher_->save_kv("genome", 1 << 20).value());
  make({64, 4, 32, false});  // a smaller context: what was saved does not fit beside the requests that run
  batcher_->offer_kv(std::move(SavedKv::parse(std::move(Mapping::of_fd(saved->file.fd()).value()), "genome").value()));
  batcher_->start(request(3, words(30, "running"), 20));
  step();
  batcher_->start(request(4, prompt, 1));
  run();
  EXPECT_EQ(answers_[4].accepted->cached_tokens, 0U);
  EXPECT_EQ(answers_[4].text, whole.text.substr(0, answers_[4].text.size()));
}

TEST_F(BatcherTest, a_reused_prefix_gives_the_same_answer) {
  const std::string prompt = words(60);
  const Answer first = ask(request(1, prompt));
  const Answer again = ask(request(2, prompt));
  EXPECT_EQ(first.text, again.text);
  EXPECT_EQ(again.accepted->cached_tokens, 60u);  // all but the last, which is always computed
  EXPECT_EQ(again.done->cached_tokens, 60u);
  const Answer longer = ask(request(3, prompt + "and more"));
  EXPECT_EQ(longer.accepted->cached_tokens, 61u);
  make({256, 4, 32, false});
  EXPECT_EQ(ask(request(4, prompt + "and more")).text, longer.text);
}

TEST_F(BatcherTest, the_sequence_with_the_longest_prefix_is_taken) {
  (void)ask(request(1, words(20, "a")));
  (void)ask(request(2, words(20, "b")));
  EXPECT_EQ(ask(request(3, words(21, "a"))).accepted->cached_tokens, 21u);
  EXPECT_EQ(ask(request(4, words(21, "b"))).accepted->cached_tokens, 21u);
}

TEST_F(BatcherTest, a_beginning_is_shared_with_a_request_at_work) {
  const std::string system = words(60);
  const std::string alone = ask(request(1, system + "who are you")).text;
  make({256, 4, 32, false});
  batcher_->start(request(2, system + "where is it", 40));
  while (answers_[2].tokens == 0) step();
  const Answer second = ask(request(3, system + "who are you"));
  EXPECT_EQ(second.accepted->cached_tokens, 61u);
  EXPECT_EQ(second.text, alone);
  EXPECT_EQ(answers_[2].tokens, 40u);
}

TEST_F(BatcherTest, requests_at_once_compute_a_common_beginning_once) {
  const std::string system = words(60);
  std::vector<std::string> alone;
  for (const std::string tail : {"one", "two", "three"}) {
    make({256, 4, 32, false});
    alone.push_back(ask(request(1, system + tail)).text);
  }
  make({256, 4, 32, false});
  batcher_->start(request(1, system + "one"));
  batcher_->start(request(2, system + "two"));
  batcher_->start(request(3, system + "three"));
  run();
  EXPECT_EQ(answers_[1].accepted->cached_tokens, 0u);
  EXPECT_EQ(answers_[2].accepted->cached_tokens, 61u);
  EXPECT_EQ(answers_[3].accepted->cached_tokens, 61u);
  for (RequestId id = 1; id <= 3; ++id) EXPECT_EQ(answers_[id].text, alone[id - 1]) << id;
}

TEST_F(BatcherTest, a_new_conversation_shares_the_system_prompt_and_spoils_no_other) {
  const std::string system = words(20), first = system + words(60, "tale");
  (void)ask(request(1, first));
  EXPECT_EQ(ask(request(2, system + "who are you")).accepted->cached_tokens, 21u);
  EXPECT_GE(ask(request(3, first + "and then")).accepted->cached_tokens, 81u);
}

TEST_F(BatcherTest, saved_kv_is_shared_too) {
  const std::string system = words(60);
  const std::string alone = ask(request(1, system + "who are you")).text;
  (void)ask(request(2, system + words(40, "tale")));
  start_anew_with_saved_kv({256, 4, 32, false});
  batcher_->start(request(3, system + words(40, "tale") + "on"));
  batcher_->start(request(4, system + "who are you"));
  run();
  EXPECT_GE(answers_[3].accepted->cached_tokens, 101u);
  EXPECT_GE(answers_[4].accepted->cached_tokens, 61u);
  EXPECT_EQ(answers_[4].text, alone);
}

TEST_F(BatcherTest, four_at_once_answer_as_each_alone) {
  std::vector<std::string> alone;
  for (int i = 0; i < 4; ++i) {
    make({256, 4, 32, false});
    alone.push_back(ask(request(1, words(10 + 10 * i, std::to_string(i)))).text);
  }
  make({256, 4, 32, false});
  for (int i = 0; i < 4; ++i) batcher_->start(request(static_cast<RequestId>(i), words(10 + 10 * i, std::to_string(i))));
  run();
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(answers_[i].text, alone[i]);
}

TEST_F(BatcherTest, who_decodes_gets_a_token_in_every_step_of_anothers_prefill) {
  batcher_->start(request(1, std::string("short"), 100));
  step();
  batcher_->start(request(2, words(200), 4));
  for (std::uint32_t i = 1; i <= 12; ++i) {
    step();
    EXPECT_EQ(answers_[1].tokens, 1 + i);
  }
  EXPECT_EQ(answers_[2].tokens, 0u);
  step();  // 201 tokens in chunks of 16: the one who decodes waits for few of them
  EXPECT_EQ(answers_[2].tokens, 1u);
}

TEST_F(BatcherTest, prompts_are_taken_in_small_pieces_while_other_workers_wait) {
  const auto steps_of = [&](bool others_wait, bool is_deterministic) {
    make({256, 4, 32, is_deterministic});
    batcher_->start(request(1, words(200), 1));
    int steps = 0;
    for (; batcher_->has_work(); ++steps) EXPECT_TRUE(batcher_->step(1, others_wait));
    return steps;
  };
  EXPECT_EQ(steps_of(false, false), 7);  // 201 tokens, 32 at a time
  EXPECT_EQ(steps_of(true, false), 13);
  EXPECT_EQ(steps_of(true, true), 7) << "its bits may not depend on neighbours";
}

TEST_F(BatcherTest, a_short_prompt_does_not_wait_for_a_long_one) {
  batcher_->start(request(1, words(200)));
  batcher_->start(request(2, words(10)));
  run();
  EXPECT_EQ(answers_[2].first_step, 1u);
  EXPECT_GT(answers_[1].first_step, 5u);
}

TEST_F(BatcherTest, more_than_the_sequences_wait_in_order) {
  for (RequestId id = 1; id <= 6; ++id) batcher_->start(request(id, std::string("x")));
  step();
  EXPECT_TRUE(answers_[4].accepted);
  EXPECT_FALSE(answers_[5].accepted);
  run();
  for (RequestId id = 1; id <= 6; ++id) EXPECT_EQ(answers_[id].ends, 1) << id;
}

TEST_F(BatcherTest, the_line_has_a_bound) {
  for (RequestId id = 0; id < 5 + Batcher::kMaxWaiting; ++id) batcher_->start(request(id, std::string("x")));
  EXPECT_EQ(answers_[4 + Batcher::kMaxWaiting].error->code, Code::kQueueFull);
  run();
}

TEST_F(BatcherTest, a_prompt_past_the_context_names_both_numbers) {
  const Answer text = ask(request(1, words(300)));
  ASSERT_TRUE(text.error);
  EXPECT_EQ(text.error->code, Code::kBadRequest);
  EXPECT_EQ(text.error->param, "prompt");
  EXPECT_THAT(text.error->message, HasSubstr("301"));
  EXPECT_THAT(text.error->message, HasSubstr("256"));
  EXPECT_EQ(ask(request(2, std::vector<ChatMessage>{{"user", words(300)}})).error->param, "messages");
  EXPECT_EQ(ask(request(3, std::vector<Token>{})).error->param, "prompt");
}

TEST_F(BatcherTest, a_full_context_ends_the_answer_as_length) {
  const Answer answer = ask(request(1, words(250), 0));
  EXPECT_EQ(answer.done->reason, FinishReason::kLength);
  EXPECT_EQ(answer.done->prompt_tokens + answer.done->completion_tokens, 257u);  // the last is not fed back
  EXPECT_EQ(ask(request(2, words(255, "y"), 0)).done->completion_tokens, 1u);
}

TEST_F(BatcherTest, answers_that_grow_into_each_other_are_all_finished) {
  const auto prompt = [](RequestId id) { return words(40, fmt::format("r{}", id)); };
  std::vector<std::string> alone;
  for (RequestId id = 0; id < 4; ++id) {
    make({256, 4, 32, false});
    alone.push_back(ask(request(id, prompt(id), 120)).text);
  }
  make({256, 4, 32, false});
  answers_.clear();
  for (RequestId id = 0; id < 4; ++id) batcher_->start(request(id, prompt(id), 120));
  run();
  for (RequestId id = 0; id < 4; ++id) {
    EXPECT_EQ(answers_[id].ends, 1);
    EXPECT_EQ(answers_[id].text, alone[id]);
    EXPECT_EQ(answers_[id].tokens, 120u);
  }
}

TEST_F(BatcherTest, what_is_kept_for_reuse_gives_way) {
  for (RequestId id = 1; id <= 4; ++id) (void)ask(request(id, words(50, std::to_string(id))));
  const Answer big = ask(request(5, words(200, "big"), 20));
  EXPECT_EQ(big.done->completion_tokens, 20u);
}

TEST_F(BatcherTest, a_stop_string_across_tokens_never_goes_out) {
  Generate generate = request(1, std::string("[[say:one<end>two]]"), 50);
  generate.stop = {"<end>"};
  generate.sampling.top_logprobs = 1;
  const Answer answer = ask(generate);
  EXPECT_EQ(answer.text, "page:base one");
  EXPECT_EQ(answer.done->reason, FinishReason::kStop);
  EXPECT_EQ(answer.done->completion_tokens, 10u);
  EXPECT_EQ(answer.tokens, 10u);
  EXPECT_EQ(answer.logprobs.size(), 5u);  // of the text that went out
}

TEST_F(BatcherTest, held_back_text_goes_out_when_the_answer_ends_otherwise) {
  Generate generate = request(1, std::string("[[say:one<en]]"), 50);
  generate.stop = {"<end>"};
  EXPECT_EQ(ask(generate).text, "page:base one<en");
}

TEST_F(BatcherTest, characters_cut_by_tokens_go_out_whole) {
  batcher_->start(request(1, std::string("[[say:\xE2\x82\xAC]]"), 50));
  while (batcher_->has_work()) {
    step();
    EXPECT_EQ(answers_[1].text.find('\xE2') != std::string::npos, answers_[1].text.ends_with("\xE2\x82\xAC"));
  }
  EXPECT_EQ(answers_[1].text, "page:base \xE2\x82\xAC");
}

TEST_F(BatcherTest, logprobs_come_for_every_token) {
  Generate generate = request(1, std::string("x"));
  generate.sampling.top_logprobs = 2;
  const Answer answer = ask(generate);
  ASSERT_EQ(answer.logprobs.size(), 8u);
  std::string text;
  for (const TokenLogprobs& token : answer.logprobs) {
    text += token.chosen.text;
    EXPECT_EQ(token.top.size(), 2u);
  }
  EXPECT_EQ(text, answer.text);
}

TEST_F(BatcherTest, a_seed_repeats_an_answer_and_none_does_not) {
  Generate generate = request(1, std::string("x"), 20);
  generate.sampling.temperature = 1;
  generate.sampling.seed = 7;
  const std::string first = ask(generate).text;
  EXPECT_EQ(ask(generate).text, first);
  generate.sampling.seed.reset();
  EXPECT_NE(ask(generate).text, ask(generate).text);
}

TEST_F(BatcherTest, cancel_ends_it_between_steps_and_while_it_waits) {
  for (RequestId id = 1; id <= 5; ++id) batcher_->start(request(id, std::string("x"), 100));
  step();
  batcher_->cancel(5);
  batcher_->cancel(1);
  batcher_->cancel(99);
  EXPECT_EQ(answers_[5].done->reason, FinishReason::kCancelled);
  EXPECT_EQ(answers_[1].done->reason, FinishReason::kCancelled);
  EXPECT_EQ(answers_[1].done->completion_tokens, 1u);
  run();
  EXPECT_EQ(answers_[2].done->completion_tokens, 100u);
}

TEST_F(BatcherTest, cancel_inside_a_prefill_aborts_it_and_leaves_the_kv_usable) {
  make({256, 4, 32, false}, "prefill_us_per_token=20000");
  const Instant start = monotonic_now();
  engine_->set_abort([&] {
    if (monotonic_now() - start > std::chrono::milliseconds(30)) batcher_->cancel(1);
    return batcher_->should_abort();
  });
  const Answer cancelled = ask(request(1, words(100)));
  EXPECT_EQ(cancelled.done->reason, FinishReason::kCancelled);
  EXPECT_EQ(cancelled.done->decode_us, 0);
  EXPECT_LT(monotonic_now() - start, std::chrono::milliseconds(500));  // one chunk takes 640 ms
  engine_->set_abort({});
  EXPECT_TRUE(ask(request(2, words(5))).done);
}

TEST_F(BatcherTest, requests_that_arrive_inside_a_decode_follow_it) {
  bool is_sent = false;
  engine_->set_abort([&] {
    if (!std::exchange(is_sent, true)) {
      batcher_->start(request(2, std::string("late")));
      batcher_->start(request(3, std::string("never")));
      batcher_->cancel(3);
    }
    return batcher_->should_abort();
  });
  EXPECT_TRUE(ask(request(1, std::string("x"))).done);
  EXPECT_EQ(answers_[2].done->completion_tokens, 8u);
  EXPECT_EQ(answers_[3].done->reason, FinishReason::kCancelled);
}

TEST_F(BatcherTest, deterministic_mode_is_one_at_a_time_without_reuse) {
  make({256, 4, 32, true});
  batcher_->start(request(1, words(20)));
  batcher_->start(request(2, words(20)));
  step();
  EXPECT_TRUE(answers_[1].accepted);
  EXPECT_FALSE(answers_[2].accepted);
  run();
  EXPECT_EQ(answers_[1].text, answers_[2].text);
  EXPECT_EQ(answers_[2].accepted->cached_tokens, 0u);
}

TEST_F(BatcherTest, times_split_at_the_first_token) {
  make({256, 4, 32, false}, "prefill_us_per_token=1000,decode_ms=2");
  const Answer answer = ask(request(1, words(20), 5));
  EXPECT_GE(answer.done->prefill_us, 22'000);
  EXPECT_GE(answer.done->decode_us, 8'000);
}

}  // namespace
}  // namespace genepool
