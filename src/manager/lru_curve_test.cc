#include "manager/lru_curve.h"

#include <gtest/gtest.h>

#include <numbers>
#include <string_view>

namespace genepool {
namespace {

using namespace std::chrono_literals;

TEST(LruCurve, a_place_is_how_many_genomes_were_used_since_and_it) {
  LruCurve curve(3);
  std::string places;
  for (const char genome : std::string_view("ABCADDBEAB")) {
    const auto place = curve.observe(static_cast<std::uint32_t>(genome), 1, 1s);
    places += place ? std::to_string(*place) : "-";
  }
  // D comes when A, C, B are in the stack; B is then the fourth, too old for three slots.
  EXPECT_EQ(places, "---3-1---3");
}

TEST(LruCurve, a_hit_in_its_slot_is_worth_the_load_it_saved) {
  LruCurve curve(8);
  curve.observe(1, 5, 1s);
  curve.observe(2, 5, 1s);
  EXPECT_EQ(curve.gain(1, 1s), 0) << "first uses: no slot would have saved them";
  EXPECT_EQ(curve.gain(2, 1s), 0);
  curve.observe(1, 3, 1s);
  curve.observe(1, 0.5, 1s);
  const double per_second = std::numbers::ln2 / 1800;
  EXPECT_NEAR(curve.gain(1, 1s), 0.5 * per_second, 1e-12);
  EXPECT_NEAR(curve.gain(2, 1s), 3 * per_second, 1e-12);
  EXPECT_NEAR(curve.gain_between(0, 2, 1s), 3.5 * per_second, 1e-12);
  EXPECT_EQ(curve.gain(3, 1s), 0);
  EXPECT_EQ(curve.gain(9, 1s), 0) << "beyond the last slot";
}

TEST(LruCurve, a_gain_is_half_after_a_half_life) {
  LruCurve curve(8);
  curve.observe(1, 1, 1s);
  curve.observe(1, 1, 1s);
  ASSERT_EQ(curve.half_life(1s), 30min);
  EXPECT_NEAR(curve.gain(1, 1s + 30min), curve.gain(1, 1s) / 2, 1e-12);
  const double before = curve.gain(1, 1s);
  curve.observe(2, 1, 1s + 30min);
  EXPECT_NEAR(curve.gain(1, 1s + 60min), before / 4, 1e-12) << "as well when a request came in between";
}

TEST(LruCurve, the_half_life_is_the_time_of_75_requests_within_5_and_30_minutes) {
  LruCurve curve(8);
  Instant now{};
  for (int i = 0; i < 74; ++i) curve.observe(1, 1, now += 10s);
  EXPECT_EQ(curve.half_life(now), 30min) << "too few to tell";
  curve.observe(1, 1, now += 10s);
  EXPECT_EQ(curve.half_life(now), 740s) << "75 requests have 74 gaps";
  EXPECT_EQ(curve.half_life(now + 10min), 740s + 10min) << "a pause counts";
  for (int i = 0; i < 75; ++i) curve.observe(1, 1, now += 1s);
  EXPECT_EQ(curve.half_life(now), 5min);
  for (int i = 0; i < 75; ++i) curve.observe(1, 1, now += 1min);
  EXPECT_EQ(curve.half_life(now), 30min);
}

TEST(LruCurve, a_steady_stream_reads_as_its_rate) {
  LruCurve curve(8);
  Instant now{};
  // Two genomes in turn, one request in two seconds: from the third on all are at place 2. Each would cost 0.4 s.
  for (int i = 0; i < 3000; ++i) curve.observe(static_cast<std::uint32_t>(i % 2), 0.4, now += 2s);
  EXPECT_NEAR(curve.gain(2, now), 0.2, 0.005);
  EXPECT_EQ(curve.gain(1, now), 0);
  for (int i = 0; i < 6000; ++i) curve.observe(static_cast<std::uint32_t>(i % 2), 0.4, now += 20s);
  EXPECT_NEAR(curve.gain(2, now), 0.02, 0.0005) << "with another half-life";
}

}  // namespace
}  // namespace genepool
