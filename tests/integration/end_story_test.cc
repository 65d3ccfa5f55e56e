// What ends a chat, when it then closes, and for whom: the real broker with the plugin, the real server,
// phones on the real SDK. Named after the requirements that each shows.

#include "tests/integration/story_fixture.h"
#include "topics/rfc3339.h"

namespace convoke {
namespace {

class EndStory : public Story {
 protected:
  /// A chat of those in the bar, which ends when the last of them leaves.
  void plan_of_the_bar(const std::string& more = {}) {
    plan("audience = { presence = \"any\", any = [{ area = \"bar\" }] }\n" + more +
         "[[plan.end]]\non = \"empty\"\narea = \"bar\"\n" + kForAnHour);
  }
  boost::json::value shown(const std::string& group) { return get("/groups/" + group); }
  void expect_ended(const std::string& group, const char* reason, std::int64_t not_before_ms) {
    EXPECT_EQ(shown(group).at("end_reason"), reason);
    EXPECT_GE(shown(group).at("ended_ms").as_int64(), not_before_ms);
  }
};

TEST_F(EndStory, R2_R8_R19_EndsWhenTheLastOneLeavesTheArea) {
  plan_of_the_bar();
  for (const int i : {0, 1}) comes_in(i);
  wait_for_occupancy(2);
  start();
  wait_for_list({0, 1}, {"user0", "user1"});
  const std::string group = group_of(phones[0]);
  goes_out(0);
  wait_for_occupancy(1);
  EXPECT_EQ(shown(group).at("state"), "open") << "one is still there";
  goes_out(1);
  wait_for_end({0, 1});
  EXPECT_EQ(shown(group).at("end_reason"), "area-empty");
}

TEST_F(EndStory, R2_R19_ClosesAtASetTimeAfterTheEvent) {
  comes_in(0);
  wait_for_occupancy(1);
  const std::int64_t at = in_ms(6'000);
  plan_of_the_bar("end_timing = { at = " + topics::format_rfc3339(at) + " }\n");
  start();
  wait_for_list({0}, {"user0"});
  const std::string group = group_of(phones[0]);
  goes_out(0);
  EXPECT_TRUE(phones.until([&] {
    const auto groups = phones[0].client->groups();
    return !groups.empty() && groups[0].ends_ms == at;
  })) << "the list tells the ending time";
  wait_for_end({0});
  expect_ended(group, "area-empty", at);
}

TEST_F(EndStory, R2_R19_R25_ASpreadEndGivesEachMemberAnEndingTimeInTheListThatHolds) {
  plan(kFourUsers + std::string("end_timing = { spread = \"3s\" }\n"
                                "[[plan.end]]\non = \"duration\"\nafter = \"4s\"\n"));
  wait_for_presence("available");
  start();
  wait_for_list({0, 1, 2, 3}, kAllFour);
  const std::string group = group_of(phones[0]);
  const std::int64_t started = shown(group).at("started_ms").as_int64();
  const auto told = phones[3].client->buddies(group);
  wait_for_end({0, 1, 2, 3});
  ASSERT_EQ(told.size(), 4U);
  for (const sdk::Buddy& buddy : told) {
    ASSERT_TRUE(buddy.ends_ms) << buddy.user;
    EXPECT_GE(*buddy.ends_ms, started + 4'000) << "not before the event";
    EXPECT_LT(*buddy.ends_ms, started + 7'000);
    const auto why = get("/groups/" + group + "/why/" + buddy.user);
    EXPECT_EQ(why.at("ended"), "duration");
    EXPECT_GE(why.at("left_ms").as_int64(), *buddy.ends_ms) << "it is the one that counts";
  }
}

TEST_F(EndStory, R11_R25_AChatInWhichEachHasTheirOwnDurationEndsWithItsLast) {
  const auto profile = [&](const std::string& user, const std::string& duration_ms) {
    EXPECT_EQ(server.call("PUT", "/users/" + user, "{\"chat_duration_ms\":" + duration_ms + "}").status, 200);
  };
  profile("user0", "4000");
  profile("user1", "6000");
  plan("audience = { presence = \"any\", any = [{ users = [\"user0\", \"user1\"] }] }\n" + kForAnHour);
  start();
  wait_for_list({0, 1}, {"user0", "user1"});
  const std::string group = group_of(phones[1]);
  const std::int64_t started = shown(group).at("started_ms").as_int64();
  const auto told = phones[1].client->buddies(group);
  wait_for_end({0});
  wait_for_list({1}, {"user1"});
  wait_for_end({1});
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].ends_ms, started + 4'000);
  EXPECT_EQ(told[1].ends_ms, started + 6'000);
  expect_ended(group, "duration", started + 6'000);
}

TEST_F(EndStory, R16_R33_EndsSoLongAfterTheOpeningIfNobodyEverWrites) {
  plan(kFourUsers + ("[[plan.end]]\non = \"idle\"\nafter = \"3s\"\n" + kForAnHour));
  wait_for_presence("available");
  const std::string group(start().at("group").as_string());
  wait_for_end({0, 1, 2, 3});
  for (auto& phone : phones.all()) EXPECT_EQ(phone->started, std::set<std::string>{group});
  expect_ended(group, "idle", shown(group).at("started_ms").as_int64() + 3'000);
}

/// Another chat, which opens later than the grace time is over, is the clock.
TEST_F(EndStory, R13_R30_AnAbsenceShorterThanTheGraceTimeEndsNothing) {
  plan(kFourUsers + ("[[plan.end]]\non = \"unavailable\"\nuser = \"user3\"\ngrace = \"3s\"\n" + kForAnHour) +
       "[[plan]]\nid = \"q\"\nstart_timing = { delay = \"3s\" }\n"
       "audience = { presence = \"any\", any = [{ users = [\"user0\"] }] }\n" +
       kForAnHour);
  wait_for_presence("available");
  const std::string group(start().at("group").as_string());
  wait_for_list({0, 1, 2, 3}, kAllFour);
  const auto says = [&](sdk::Presence presence, const char* name) {
    phones[3].client->set_presence(presence);
    return phones.until([&] { return presence_of("user3") == name; });
  };
  ASSERT_TRUE(says(sdk::Presence::busy, "busy"));
  ASSERT_TRUE(says(sdk::Presence::available, "available"));
  EXPECT_EQ(server.call("POST", "/groups", R"({"plan":"q"})").status, 201);
  EXPECT_TRUE(phones.until([&] { return phones[0].client->groups().size() == 2; }));
  EXPECT_EQ(shown(group).at("state"), "open");
  EXPECT_TRUE(phones[3].ended.empty());
}

}  // namespace
}  // namespace convoke
