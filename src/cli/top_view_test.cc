#include "cli/top_view.h"

#include <gmock/gmock.h>

namespace genepool::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

StatusInfo status_of(std::size_t residents, std::size_t requests) {
  StatusInfo status;
  status.hot = {2, 3, 50 << 20, 100 << 20};
  status.warm = {5, 20, 10 << 20, 40 << 20};
  status.in_flight = requests;
  status.stats.hot_hits = 3;
  status.stats.cold_starts = 1;
  for (std::size_t i = 0; i < residents; ++i) status.residents.push_back({.name = fmt::format("genome{}", i), .tier = "warm"});
  for (std::size_t i = 0; i < requests; ++i) status.requests.push_back({fmt::format("req_{}", i), "captain", "decode", 12.5, 7});
  return status;
}

std::size_t lines_in(const std::string& text) { return static_cast<std::size_t>(std::ranges::count(text, '\n')); }

TEST(TopView, tiers_hits_requests_and_events_are_on_it) {
  const std::string text = top_text(status_of(2, 1), {"12:04:05 tier    captain: warm -> hot"}, {24, 120}, Colours::kPlain);
  EXPECT_THAT(text, HasSubstr("HOT   [#############.......]    2 of 3    50.0 MiB of 100 MiB"));
  EXPECT_THAT(text, HasSubstr("HOT 3 (75 %)"));
  EXPECT_THAT(text, HasSubstr("genome1"));
  EXPECT_THAT(text, HasSubstr("req_0"));
  EXPECT_THAT(text, HasSubstr("captain: warm -> hot"));
}

TEST(TopView, it_fits_the_screen) {
  const std::vector<std::string> events(50, "12:04:05 tier    captain: warm -> hot, in 3.1 ms");
  for (const std::size_t rows : {5, 8, 24, 50}) {
    const std::string text = top_text(status_of(40, 30), events, {rows, 30}, Colours::kPlain);
    EXPECT_LE(lines_in(text), rows);
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) EXPECT_LE(text.find('\n', at) - at, 30u);
  }
  EXPECT_THAT(top_text(status_of(40, 0), {}, {24, 100}, Colours::kPlain), HasSubstr("... and "));
}

TEST(TopView, an_empty_pool_has_no_tables_of_requests) {
  EXPECT_THAT(top_text(status_of(0, 0), {}, {24, 100}, Colours::kPlain), Not(HasSubstr("REQUEST ")));
}

TEST(EventLine, says_who_what_and_how_long) {
  EXPECT_THAT(*event_line("tier", R"({"time_ms":0,"genome":"captain","from":"warm","to":"hot","ms":3.14})"),
              HasSubstr(" tier    captain: warm -> hot, in 3.1"));
  EXPECT_THAT(*event_line("request", R"({"time_ms":0,"request":"req_1","genome":"captain","stage":"ended","code":"ok","tokens":8,"total_ms":100.0})"),
              HasSubstr(" request captain, request req_1, stage ended, code ok, tokens 8, total 100"));
  EXPECT_FALSE(event_line("tier", "no JSON"));
}

}  // namespace
}  // namespace genepool::cli
