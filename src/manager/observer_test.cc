#include "manager/observer.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "manager/notice_text.h"

namespace genepool {
namespace {

using namespace std::chrono_literals;

Identity id_of(char name) { return sha256(std::as_bytes(std::span(&name, 1))); }

class ObserverTest : public testing::Test {
 protected:
  std::string observe(const Event& event, const std::vector<Action>& actions) {
    std::string seen;
    observer_.observe(event, actions, 5, [&](const Notice& notice) { seen += notice_line(notice, {}) + "\n"; });
    return seen;
  }
  static std::string lines(const std::vector<Notice>& notices) {
    std::string all;
    for (const Notice& notice : notices) all += notice_line(notice, {}) + "\n";
    return all;
  }
  static GenomeSeen genome(char name) { return {id_of(name), std::string(1, name), 3, 2}; }
  void bring_in(char name, WorkerId worker) {
    (void)observe(Tick{}, {SpawnWorker{worker, id_of(name)}});
    (void)observe(WorkerReady{worker}, {BroughtIn{worker, id_of(name), Tier::kWarm, 2s, 1s}});
  }
  Observer observer_{[](const Identity& identity) { return identity == id_of('A') ? genome('A') : genome('B'); }};
};

TEST_F(ObserverTest, a_request_is_seen_when_it_comes_and_when_its_answer_ends) {
  bring_in('A', 1);
  EXPECT_EQ(observe(Arrive{.request = 7, .genome = {id_of('A'), 2, {}}, .user = 9}, {GrantRequest{7, 1, id_of('A')}}),
            lines({RequestSeen{genome('A'), 9, 5}}));
  EXPECT_EQ(observe(Release{.request = 7}, {}), lines({Answered{}}));
}

TEST_F(ObserverTest, who_is_turned_away_on_arrival_is_no_demand) {
  EXPECT_EQ(observe(Arrive{.request = 7, .genome = {id_of('A'), 2, {}}}, {RefuseRequest{7, {}}}), "");
}

TEST_F(ObserverTest, a_genome_leaves_when_its_worker_is_killed_or_dies_and_only_once) {
  EXPECT_EQ(observe(Tick{}, {SpawnWorker{1, id_of('A')}}), "") << "not before it is HOT";
  EXPECT_EQ(observe(WorkerReady{1}, {BroughtIn{1, id_of('A'), Tier::kCold, 2s, 1s}}), lines({CameIn{genome('A'), Tier::kCold, 2s, 1s}}));
  EXPECT_EQ(observe(Tick{}, {KillWorker{1, id_of('A')}}), lines({LeftHot{id_of('A')}}));
  EXPECT_EQ(observe(WorkerGone{1}, {}), "");
  bring_in('A', 2);
  EXPECT_EQ(observe(WorkerGone{2}, {}), lines({LeftHot{id_of('A')}})) << "it died by itself";
  (void)observe(Tick{}, {SpawnWorker{3, id_of('A')}});
  EXPECT_EQ(observe(WorkerFailed{3, {}}, {}), "") << "it never was HOT";
}

TEST_F(ObserverTest, knows_who_is_hot) {
  bring_in('B', 1);
  bring_in('A', 2);
  (void)observe(Tick{}, {SpawnWorker{3, id_of('A')}});
  ASSERT_EQ(observer_.hot().size(), 2u);
  EXPECT_EQ(observer_.hot()[0].name, "B");
  (void)observe(WorkerGone{1}, {});
  EXPECT_EQ(observer_.hot().size(), 1u);
}

}  // namespace
}  // namespace genepool
