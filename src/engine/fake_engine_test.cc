#include "engine/fake_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/hash.h"

namespace genepool {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<Engine> ready_engine(const std::string& script, Mapping page = {}) {
  auto engine = make_fake_engine(script);
  EXPECT_TRUE(engine);
  EXPECT_TRUE((*engine)->load({"", 256, 2, 256}));
  EXPECT_TRUE((*engine)->attach(std::move(page)));
  return std::move(*engine);
}

Mapping page_of(const std::string& bytes) {
  MemoryFile file = std::move(MemoryFile::create("page", bytes.size()).value());
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(file.writable().data()));
  EXPECT_TRUE(file.seal());
  return std::move(Mapping::of_fd(file.fd()).value());
}

std::string answer_of(Engine& engine, const std::string& prompt, int count) {
  std::vector<Token> tokens = engine.tokenize(Prompt{prompt}).value();
  SamplingParams greedy;
  greedy.temperature = 0;
  const auto sampler = engine.make_sampler(greedy, tokens);
  engine.keep_only(0, 0);
  std::string text;
  std::size_t done = 0;
  for (int i = 0; i < count; ++i) {
    std::vector<BatchToken> batch;
    for (; done < tokens.size(); ++done) {
      batch.push_back({tokens[done], static_cast<std::int32_t>(done), 0, done + 1 == tokens.size()});
    }
    EXPECT_EQ(engine.decode(batch, 1).value(), DecodeStatus::kDone);
    const Token token = sampler->sample(0).token;
    if (engine.is_end(token)) break;
    text += engine.piece(token);
    tokens.push_back(token);
  }
  return text;
}

TEST(FakeEngine, the_answer_depends_on_page_and_prompt) {
  const auto base = ready_engine("");
  const auto engine = ready_engine("", page_of("abc"));
  const std::string answer = answer_of(*engine, "hi", 6);
  EXPECT_EQ(answer.substr(0, 17), "page:ba7816bf8f01");
  EXPECT_EQ(answer, answer_of(*engine, "hi", 6));
  EXPECT_NE(answer, answer_of(*engine, "ho", 6));
  EXPECT_EQ(answer_of(*base, "hi", 1), "page:base");
}

TEST(FakeEngine, a_leak_is_written_and_kept) {
  const auto engine = ready_engine("");
  const auto resident = [] {
    std::ifstream file("/proc/self/statm");
    std::size_t all = 0, pages = 0;
    file >> all >> pages;
    return pages * static_cast<std::size_t>(::getpagesize());
  };
  const std::size_t before = resident();
  EXPECT_EQ(answer_of(*engine, "hi [[leak:32]]", 4).substr(0, 9), "page:base");
  EXPECT_GE(resident(), before + (std::size_t{32} << 20));
}

TEST(FakeEngine, markers_shape_the_answer) {
  const auto engine = ready_engine("");
  EXPECT_EQ(answer_of(*engine, "please [[say:h\xC3\xA9!]]", 20), "page:base h\xC3\xA9!");
  EXPECT_EQ(answer_of(*engine, "[[end:1]]", 20), "page:base");
}

TEST(FakeEngine, scripts_delay_and_fail) {
  EXPECT_THAT(make_fake_engine("decode_ms=x").error().message, HasSubstr("decode_ms=x"));
  EXPECT_FALSE(make_fake_engine("nonsense"));
  auto engine = std::move(make_fake_engine("fail_load,decode_ms=3").value());
  EXPECT_FALSE(engine->load({}));
  const auto slow = ready_engine("decode_ms=20");
  const Instant start = monotonic_now();
  (void)answer_of(*slow, "x", 2);
  EXPECT_GE(monotonic_now() - start, std::chrono::milliseconds(40));
}

TEST(FakeEngine, an_abort_is_seen_in_a_decode_and_a_full_kv_changes_nothing) {
  const auto engine = ready_engine("prefill_us_per_token=1000000");
  engine->set_abort([] { return true; });
  const std::vector<BatchToken> batch{{5000, 0, 0, false}, {5001, 1, 0, false}};
  EXPECT_EQ(engine->decode(batch, 1).value(), DecodeStatus::kAborted);
  engine->keep_only(0, 0);
  std::vector<BatchToken> whole;
  for (std::int32_t i = 0; i < 256; ++i) whole.push_back({5000, i, 0, false});
  const auto roomy = ready_engine("");
  EXPECT_EQ(roomy->decode(whole, 1).value(), DecodeStatus::kDone);
  const std::vector<BatchToken> one_more{{5000, 0, 1, true}};
  EXPECT_EQ(roomy->decode(one_more, 1).value(), DecodeStatus::kNoRoom);
  roomy->keep_only(0, 255);
  EXPECT_EQ(roomy->decode(one_more, 1).value(), DecodeStatus::kDone);
}

TEST(FakeEngine, prompts_are_checked) {
  const auto engine = ready_engine("");
  EXPECT_FALSE(engine->tokenize(Prompt{std::vector<ChatMessage>{}}));
  EXPECT_FALSE(engine->tokenize(Prompt{std::vector<Token>{-1}}));
  EXPECT_EQ(engine->tokenize(Prompt{std::vector<ChatMessage>{{"user", "a b"}}})->size(), 5u);
}

}  // namespace
}  // namespace genepool
