#include "pool/breaker_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "pool/breaker.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;

constexpr BreakerState kClosed = BreakerState::kClosed, kOpen = BreakerState::kOpen, kHalf = BreakerState::kHalfOpen,
                       kForced = BreakerState::kForcedOpen, kDisabled = BreakerState::kDisabled, kShut = BreakerState::kQuarantined;
constexpr BreakerCause kNone = BreakerCause::kNone, kFailure = BreakerCause::kFailure, kSlowness = BreakerCause::kSlowness,
                       kFile = BreakerCause::kFile, kLoop = BreakerCause::kCrashLoop, kOperator = BreakerCause::kOperator;

constexpr std::array kStories{
    // closed -> open
    BreakerStory{"a new one", "", kClosed, kNone, 0},
    BreakerStory{"two failures in a row", "FF", kClosed, kNone, 0},
    BreakerStory{"three", "FFF", kOpen, kFailure, 1},
    BreakerStory{"three, hours apart", "FmFmF", kOpen, kFailure, 1},
    BreakerStory{"two after many good ones", "GGGGGGGGGGFF", kClosed, kNone, 0},
    BreakerStory{"three in a row, 23 %", "GGGGGGGGGGFFF", kOpen, kFailure, 1},
    BreakerStory{"50 % of four", "FGFG", kClosed, kNone, 0},
    BreakerStory{"40 % of five", "FGFGG", kClosed, kNone, 0},
    BreakerStory{"60 % of five", "FGFGF", kOpen, kFailure, 1},
    BreakerStory{"exactly 50 % of six", "FGGFGF", kOpen, kFailure, 1},
    BreakerStory{"43 % of seven", "FGGFGGF", kClosed, kNone, 0},
    BreakerStory{"60 % of five, the first ones over 10 minutes ago", "FGFGmF", kClosed, kNone, 0},
    BreakerStory{"9 of the last 20", "GGGGGGGGGGFFGFFGFFGFFGF", kClosed, kNone, 0},
    BreakerStory{"10 of the last 20, 42 % of all", "GGGGGGGGGGFFGFFGFFGFFGFF", kOpen, kFailure, 1},
    BreakerStory{"four slow ones", "SSSS", kClosed, kNone, 0},
    BreakerStory{"five", "SSSSS", kOpen, kSlowness, 1},
    BreakerStory{"four after many good ones", "GGGGGGGGGGSSSS", kClosed, kNone, 0},
    BreakerStory{"five in a row, 33 %", "GGGGGGGGGGSSSSS", kOpen, kSlowness, 1},
    BreakerStory{"50 % slow of four", "SGSG", kClosed, kNone, 0},
    BreakerStory{"exactly 60 % of five", "SGSGS", kOpen, kSlowness, 1},
    BreakerStory{"57 % of seven", "SGGSGSS", kClosed, kNone, 0},
    BreakerStory{"60 % failed, the rest slow", "FSFSF", kOpen, kFailure, 1},
    BreakerStory{"40 % failed, 60 % slow", "SFSFS", kOpen, kSlowness, 1},
    BreakerStory{"a slow one ends a row of failures, 80 % need none", "FFSFF", kOpen, kFailure, 1},
    BreakerStory{"slow where too many are kept out", "sssssss", kClosed, kNone, 0},
    BreakerStory{"slow again when there is room", "sssssS", kOpen, kSlowness, 1},
    // open -> half-open
    BreakerStory{"open: nothing is counted", "FFFG", kOpen, kFailure, 1},
    BreakerStory{"open: almost over", "FFF-", kOpen, kFailure, 1},
    BreakerStory{"open: over", "FFFw", kHalf, kFailure, 1},
    BreakerStory{"open for slowness: over", "SSSSSw", kHalf, kSlowness, 1},
    // half-open -> closed, open
    BreakerStory{"one good trial", "FFFwG", kHalf, kFailure, 1},
    BreakerStory{"two", "FFFwGG", kClosed, kNone, 1},
    BreakerStory{"the past is over", "FFFwGGFF", kClosed, kNone, 1},
    BreakerStory{"a failed trial", "FFFwF", kOpen, kFailure, 2},
    BreakerStory{"a failed one after a good one", "FFFwGF", kOpen, kFailure, 2},
    BreakerStory{"good trials are counted anew", "FFFwGFwG", kHalf, kFailure, 2},
    BreakerStory{"a slow trial", "FFFwS", kOpen, kSlowness, 2},
    BreakerStory{"a trial that is too late", "FFFwt", kOpen, kFailure, 2},
    BreakerStory{"a late one of a slow genome", "SSSSSwt", kOpen, kSlowness, 2},
    BreakerStory{"a trial whose client leaves", "FFFwr", kHalf, kFailure, 1},
    BreakerStory{"and two good ones", "FFFwrGG", kClosed, kNone, 1},
    BreakerStory{"waits double up to 300 s", "FFFwFwFwFwFwFwFwFwFwF", kOpen, kFailure, 10},
    BreakerStory{"n is remembered", "FFFwGGFFF", kOpen, kFailure, 2},
    BreakerStory{"n is forgotten after 10 minutes closed", "FFFwGGmFFF", kOpen, kFailure, 1},
    // quarantine
    BreakerStory{"a bad file", "q", kShut, kFile, 0},
    BreakerStory{"of an open one", "FFFq", kShut, kFile, 1},
    BreakerStory{"of one on trial", "FFFwq", kShut, kFile, 1},
    BreakerStory{"of a crash loop", "cq", kShut, kFile, 0},
    BreakerStory{"time does not heal it", "qh", kShut, kFile, 0},
    BreakerStory{"nor do answers", "qGG", kShut, kFile, 0},
    BreakerStory{"a crash loop is less", "qc", kShut, kFile, 0},
    BreakerStory{"its file has changed", "qx", kClosed, kNone, 0},
    BreakerStory{"a crash loop", "c", kShut, kLoop, 0},
    BreakerStory{"of an open one", "FFFc", kShut, kLoop, 1},
    BreakerStory{"of one on trial", "FFFwc", kShut, kLoop, 1},
    BreakerStory{"almost over", "c-", kShut, kLoop, 0},
    BreakerStory{"over", "cw", kHalf, kLoop, 0},
    BreakerStory{"over, and two good trials", "cwGG", kClosed, kNone, 0},
    BreakerStory{"over, and a failed one", "cwF", kOpen, kFailure, 1},
    // an operator
    BreakerStory{"forced open", "o", kForced, kOperator, 0},
    BreakerStory{"from open", "FFFo", kForced, kOperator, 1},
    BreakerStory{"from half-open", "FFFwo", kForced, kOperator, 1},
    BreakerStory{"from a bad file", "qo", kForced, kOperator, 0},
    BreakerStory{"from a crash loop", "co", kForced, kOperator, 0},
    BreakerStory{"from disabled", "do", kForced, kOperator, 0},
    BreakerStory{"held against time, outcomes and quarantine", "ohGGqc", kForced, kOperator, 0},
    BreakerStory{"reset from forced open", "ox", kClosed, kNone, 0},
    BreakerStory{"disabled", "d", kDisabled, kOperator, 0},
    BreakerStory{"from open", "FFFd", kDisabled, kOperator, 1},
    BreakerStory{"from half-open", "FFFwd", kDisabled, kOperator, 1},
    BreakerStory{"from a bad file", "qd", kDisabled, kOperator, 0},
    BreakerStory{"from a crash loop", "cd", kDisabled, kOperator, 0},
    BreakerStory{"from forced open", "od", kDisabled, kOperator, 0},
    BreakerStory{"held against time, outcomes and quarantine", "dhFFFFFSSSSSqc", kDisabled, kOperator, 0},
    BreakerStory{"reset from disabled", "dx", kClosed, kNone, 0},
    BreakerStory{"reset from open", "FFFx", kClosed, kNone, 0},
    BreakerStory{"reset from half-open", "FFFwx", kClosed, kNone, 0},
    BreakerStory{"reset from a crash loop", "cx", kClosed, kNone, 0},
};

// A breaker with its clock.
class Teller {
 public:
  void tell(char letter) {
    const std::uint32_t opened = breaker_.times_opened();
    switch (letter) {
      case 'w': pass(breaker_.outlook(now_)); break;
      case '-': pass(breaker_.outlook(now_) - 1ns); break;
      case 't': try_in_vain(); break;
      case 'r': leave(); break;
      case 'm': pass(10min); break;
      case 'h': pass(24h); break;
      case 'q': breaker_.quarantine_file("its file", now_); break;
      case 'c': breaker_.quarantine_crash_loop("its workers", 20s, now_); break;
      case 'o': breaker_.force_open(now_); break;
      case 'd': breaker_.disable(now_); break;
      case 'x': breaker_.reset("the table", now_); break;
      default: end(letter);
    }
    if (breaker_.times_opened() > opened) check_wait();
  }
  [[nodiscard]] const Breaker& breaker() const { return breaker_; }
  [[nodiscard]] const std::string& wrong() const { return wrong_; }

 private:
  static constexpr Duration kTrial = 3s;

  void pass(Duration time) {
    now_ += time;
    breaker_.advance(now_, random_);
  }
  void end(char letter) {
    pass(1s);
    std::optional<RequestId> trial;
    if (breaker_.state() == kHalf && breaker_.enter(++last_)) trial = last_;
    const Grade grade = letter == 'G' ? Grade::kGood : letter == 'F' ? Grade::kFailed : Grade::kSlow;
    breaker_.on_ending({grade, trial, "the table", letter != 's'}, now_, random_);
  }
  void begin_trial() {
    if (!breaker_.enter(++last_)) wrong_ = "it was no trial";
    breaker_.begin_trial(last_, kTrial, now_);
    if (breaker_.lets_in()) wrong_ = "two trials at a time";
  }
  void try_in_vain() {
    begin_trial();
    pass(kTrial - 1ns);
    if (breaker_.state() != kHalf) wrong_ = "a trial ended before its deadline";
    pass(1ns);
  }
  void leave() {
    begin_trial();
    breaker_.release_trial(last_);
  }
  // random(0, min(300 s, 5 s x 2^(n-1))), at least 0.5 s
  void check_wait() {
    const double longest = std::min(300.0, 5.0 * static_cast<double>(1U << (std::min(breaker_.times_opened(), 20U) - 1)));
    const double wait = to_ms(breaker_.outlook(now_)) / 1e3;
    if (wait < 0.5 || wait > longest) wrong_ = fmt::format("it waits {} s at n = {}", wait, breaker_.times_opened());
  }

  Breaker breaker_;
  Random random_{7};
  Instant now_ = 1000s;
  RequestId last_ = 0;
  std::string wrong_;
};

}  // namespace

std::span<const BreakerStory> breaker_stories() { return kStories; }

std::string what_is_wrong(const BreakerStory& story) {
  Teller teller;
  for (const char letter : story.letters) teller.tell(letter);
  const Breaker& b = teller.breaker();
  if (!teller.wrong().empty()) return teller.wrong();
  const bool is_right = b.state() == story.state && b.cause() == story.cause && b.times_opened() == story.times_opened;
  const bool lets_in = story.state == kClosed || story.state == kDisabled || story.state == kHalf;
  if (is_right && b.lets_in() == lets_in) return "";
  return fmt::format("it is {} for {}, n = {}{}", breaker_state_name(b.state()), breaker_cause_name(b.cause()), b.times_opened(), b.lets_in() ? ", and lets in" : "");
}

}  // namespace genepool
