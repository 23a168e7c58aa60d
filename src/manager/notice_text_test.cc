#include "manager/notice_text.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/hash.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;

const Identity kA = sha256(std::as_bytes(std::span("a", 1))), kB = sha256(std::as_bytes(std::span("b", 1)));

std::vector<Notice> one_of_each_notice() {
  StatusSeen status;
  status.pressure.stalls = MemoryStalls{{0.1, 7}, {1e-300, 8}};
  status.pressure.missing = "no cgroup: \"50 %\"\n";
  status.layer_hit_rate = 2.0 / 3;
  status.followed_hot = "lru";
  Knobs knobs;
  knobs.hot_bytes = std::numeric_limits<std::uint64_t>::max();
  knobs.warm_policy = PolicyKind::kFillOnce;
  return {RequestSeen{{kA, "name with a space", 5, 3}, 9, 167}, Answered{}, CameIn{{kA, "a", 1, 1}, Tier::kWarm, 5ms, 3ms}, IsHot{{kB, "b", 1, 1}}, LeftHot{kB}, GuessDone{4, true},
          SessionExpected{1, GenomeSeen{kB, "", 1, 2}, 3, 4, 5s, 60s}, SettingsSeen{{.mode = ManagerMode::kAdvise, .sizing = SizingRule::kFounding}, knobs}, status};
}

std::vector<Wish> one_of_each_wish() {
  Decision d;
  d.id = 12;
  d.kind = DecisionKind::kGuess;
  d.action = "make a HOT";
  d.inputs = {{"p", 0.1, ""}, {"load", 1.0 / 3, "s"}};
  d.realised = -0.5;
  ManagerStatus status;
  status.voices = {{"d10m", 0.2, ""}};
  status.brake = "PSI";
  return {MakeHot{1, kA, kB, 9s, 0.25}, LetGo{kA}, SetNumber{"pool.max_hot", 4}, Decided{d}, Realised{12, -1.5, "unused"},
          HintAnswered{3, Error{Code::kQueueFull, "too many", "source", 1000ms}}, Said{"AI predicts: a (0.81)"}, Alive{status}};
}

TEST(NoticeText, what_is_written_reads_back_as_it_was) {
  const std::vector<Notice> notices = one_of_each_notice();
  ASSERT_EQ(notices.size(), std::variant_size_v<Notice>);
  for (const Notice& notice : notices) {
    const std::string line = notice_line(notice, 5s);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const auto read = parse_notice(line);
    ASSERT_TRUE(read) << line << ": " << read.error().message;
    EXPECT_EQ(read->second, 5s);
    EXPECT_EQ(notice_line(read->first, read->second), line);
  }
  const std::vector<Wish> wishes = one_of_each_wish();
  ASSERT_EQ(wishes.size(), std::variant_size_v<Wish>);
  for (const Wish& wish : wishes) {
    const auto read = parse_wish(wish_line(wish));
    ASSERT_TRUE(read) << wish_line(wish);
    EXPECT_EQ(wish_line(*read), wish_line(wish));
  }
  const auto decided = parse_wish(wish_line(one_of_each_wish()[3]));
  EXPECT_EQ(std::get<Decided>(*decided).decision, std::get<Decided>(one_of_each_wish()[3]).decision);
}

TEST(NoticeText, a_damaged_line_is_refused) {
  const std::string line = notice_line(one_of_each_notice()[0], 5s);
  for (std::size_t length = 0; length < line.size(); ++length) {
    const auto read = parse_notice(line.substr(0, length));
    EXPECT_FALSE(read && notice_line(read->first, read->second) == line) << length;
  }
  EXPECT_FALSE(parse_notice(line + " 1"));
  EXPECT_FALSE(parse_notice("N 5 Omen"));
  EXPECT_FALSE(parse_notice("W Said :x"));
  EXPECT_FALSE(parse_wish("N 5 LeftHot"));
  EXPECT_FALSE(parse_wish("W MakeHot 1 zz - 0"));
}

}  // namespace
}  // namespace genepool
