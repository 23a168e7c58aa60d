#include "pool/event_log.h"

#include <gtest/gtest.h>

#include "pool/pool_harness.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;

const GenomeSpec kSpec{test_digest('G', 'A'), 100, {{test_digest('L', 'A'), 30}, {test_digest('L', 'B'), 20}}};
const Error kError{Code::kLayerCorrupt, "50 % of\nlayer \"ä\" is gone", "", 1500ms};

std::vector<Event> one_of_each() {
  return {Arrive{7, kSpec, 5s, 3, true},
          Cancel{7},
          FirstToken{7},
          Release{7, false, true, 11, 50ms, kError},
          PageBuilt{kSpec.identity, 90, kSpec.layers},
          PageFailed{kSpec.identity, kError},
          WorkerReady{3},
          WorkerFailed{3, Error{Code::kIo, "", "weights", std::nullopt}},
          WorkerGone{3},
          WorkerAlive{3},
          WorkerMeasured{3, 1u << 20},
          ProbeAnswered{3},
          BringTo{9, kSpec, Goal::kCold, Instant::max()},
          Prewarm{9, kSpec, kSpec.identity, 6s, Instant::max()},
          Demote{9, kSpec.identity},
          SetPin{GenomeSpec{kSpec.identity, 0, {}}, false},
          LayerGone{kSpec.layers[0].id},
          LayerChanged{kSpec.layers[0].id},
          SetBreaker{kSpec.identity, BreakerWish::kDisable},
          BaseState{false, true},
          SetKnobs{test_knobs()},
          Drain{},
          Tick{}};
}

TEST(EventLog, every_event_reads_back_as_it_was_written) {
  const std::vector<Event> events = one_of_each();
  ASSERT_EQ(events.size(), std::variant_size_v<Event>);
  for (std::size_t i = 0; i < events.size(); ++i) {
    ASSERT_EQ(events[i].index(), i);
    const std::string line = event_line(events[i], 1234567890123456789ns);
    const auto parsed = parse_event_line(line);
    ASSERT_TRUE(parsed) << line << ": " << parsed.error().message;
    EXPECT_EQ(parsed->second, 1234567890123456789ns);
    EXPECT_EQ(event_line(parsed->first, parsed->second), line);
    EXPECT_EQ(line.find('\n'), std::string::npos);
  }
}

TEST(EventLog, an_error_keeps_every_byte) {
  const auto parsed = parse_event_line(event_line(PageFailed{kSpec.identity, kError}, 1ns));
  ASSERT_TRUE(parsed);
  const Error& error = std::get<PageFailed>(parsed->first).error;
  EXPECT_EQ(error.message, kError.message);
  EXPECT_EQ(error.code, kError.code);
  EXPECT_EQ(error.param, "");
  EXPECT_EQ(error.retry_after, kError.retry_after);
}

TEST(EventLog, a_damaged_line_is_refused) {
  for (const Event& event : one_of_each()) {
    const std::string line = event_line(event, 1ns);
    EXPECT_FALSE(parse_event_line(line + " 1"));
    for (std::size_t cut = 0; cut < line.rfind(' '); ++cut) EXPECT_FALSE(parse_event_line(line.substr(0, cut))) << line;
  }
  for (const char* line : {"", "E", "E x Tick", "E 1 Tock", "A 1 Tick", "E 1 Release 7 2 0 0 0 -", "E 1 SetBreaker 7 3", "E 1 Cancel -7", "E 1 Cancel 7x",
                           "E 1 BaseState 1", "E 1 Cancel  7", "E 1 WorkerFailed 3 no_such_code : : -",
                           "E 1 WorkerFailed 3 io :%4 : -", "E 1 WorkerFailed 3 io x : -"}) {
    EXPECT_FALSE(parse_event_line(line)) << line;
  }
}

TEST(EventLog, an_action_is_one_line) {
  EXPECT_EQ(action_line(RefuseRequest{7, kError}),
            "A Refuse 7 layer_corrupt :50%20%25%20of%0alayer%20\"%c3%a4\"%20is%20gone : 1500 0");
  EXPECT_EQ(action_line(ProbeWorker{3}), "A ProbeWorker 3");
  EXPECT_EQ(action_line(BreakerChanged{.to = BreakerState::kOpen, .cause = BreakerCause::kFailure, .times_opened = 1, .retry_in = 2s, .why = "3 failures"}),
            "A BreakerChanged " + std::string(64, '0') + " 0 0 1 1 1 2000000000 :3%20failures");
  EXPECT_EQ(action_line(KillWorker{3, {}, KillReason::kStuck}), "A Kill 3 " + std::string(64, '0') + " 4");
}

TEST(EventLog, a_history_replays_to_the_same_actions) {
  Harness h;
  for (const char genome : std::string("ABCDABDC")) {
    (void)h.arrive(genome);
    h.run(30ms);
  }
  h.run_until_quiet();
  const auto report = replay(h.log);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->events, h.events);
  EXPECT_EQ(report->actions, static_cast<std::uint64_t>(h.count("A ")));
}

TEST(EventLog, replay_names_the_line_that_differs) {
  Harness h;
  (void)h.arrive('A');
  h.run(10s);
  const std::size_t grant = h.log.find("A Grant 1");
  ASSERT_NE(grant, std::string::npos);
  std::string changed = h.log;
  changed[grant + 8] = '2';
  const auto report = replay(changed);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::kConflict);
  const auto line = 1 + std::count(h.log.begin(), h.log.begin() + static_cast<std::ptrdiff_t>(grant), '\n');
  EXPECT_NE(report.error().message.find("line " + std::to_string(line)), std::string::npos) << report.error().message;

  EXPECT_EQ(replay(h.log.substr(0, grant)).error().code, Code::kConflict) << "an action is missing";
  EXPECT_EQ(replay(h.log + "\nA ProbeWorker 1").error().code, Code::kConflict) << "an action too many";
}

TEST(EventLog, what_is_not_a_log_is_refused) {
  EXPECT_EQ(replay("").error().code, Code::kBadRequest);
  EXPECT_EQ(replay("genepool-events 2\n").error().code, Code::kBadRequest);
  EXPECT_EQ(replay("genepool-events 1\nE 1 Tick").error().code, Code::kBadRequest);
  EXPECT_EQ(replay("genepool-events 1\nnoise").error().code, Code::kBadRequest);
  EXPECT_TRUE(replay("genepool-events 1"));
}

}  // namespace
}  // namespace genepool
