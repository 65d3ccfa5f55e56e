// What starts a chat, when it then opens, and with whom: the real broker with the plugin, the real server,
// phones on the real SDK. Named after the requirements that each shows.

#include "tests/integration/story_fixture.h"
#include "topics/rfc3339.h"

namespace convoke {
namespace {

class StartStory : public Story {
 protected:
  std::int64_t next_start() { return get("/plans").at("plans").at(0).at("next_start_ms").as_int64(); }
  std::size_t groups() { return get("/groups").at("groups").as_array().size(); }
  std::string reasons(const std::string& group) { return serialize(get("/groups/" + group).at("reasons")); }
  std::int64_t started_ms(const std::string& group) {
    return get("/groups/" + group).at("started_ms").as_int64();
  }
  void end(const std::string& group) {
    EXPECT_EQ(server.call("POST", "/groups/" + group + "/end").status, 200);
  }
  void expect_scheduled(const boost::json::object& answer, std::int64_t opens_ms) {
    EXPECT_EQ(answer.at("state"), "scheduled");
    EXPECT_EQ(answer.at("members"), 0);
    EXPECT_GE(answer.at("opens_ms").as_int64(), opens_ms);
  }
};

TEST_F(StartStory, R14_R31_StartsAtATimeThatRepeatsAndThenWaitsForTheNext) {
  constexpr std::int64_t kDayMs = 86'400'000, kTokyoMs = 9 * 3'600'000;  // ahead of UTC, all the year
  wait_for_presence("available");
  const std::int64_t at = in_ms(5'000) / 1000 * 1000;
  const std::string third = topics::format_rfc3339(at - 2 * kDayMs + kTokyoMs).substr(0, 19);
  plan(kFourUsers + ("[[plan.start]]\non = \"schedule\"\nrule = \"FREQ=DAILY\"\nfrom = \"" + third) +
       "\"\nzone = \"Asia/Tokyo\"\n" + kForAnHour);
  EXPECT_EQ(next_start(), at) << "the third time";
  wait_for_list({0, 1, 2, 3}, kAllFour);
  const std::string group = group_of(phones[0]);
  EXPECT_GE(started_ms(group), at) << "not before its time";
  EXPECT_NE(reasons(group).find("schedule"), std::string::npos) << reasons(group);
  end(group);
  wait_for_end({0, 1, 2, 3});
  EXPECT_EQ(next_start(), at + kDayMs);
}

TEST_F(StartStory, R1_R8_R35_AnAreaThatEmptiesStartsAChat) {
  plan(kFourUsers + ("[[plan.start]]\non = \"occupancy\"\narea = \"bar\"\nfalls_to = 1\n" + kForAnHour));
  wait_for_presence("available");
  for (const int i : {0, 1, 2}) comes_in(i);
  wait_for_occupancy(3);
  goes_out(0);
  wait_for_occupancy(2);
  EXPECT_EQ(groups(), 0U) << "there are still more";
  goes_out(1);
  wait_for_list({0, 1, 2, 3}, kAllFour);
  const std::string group = group_of(phones[0]);
  EXPECT_EQ(reasons(group), R"(["occupancy: bar fell to 1"])");

  end(group);
  wait_for_end({0, 1, 2, 3});
  goes_out(2);
  wait_for_occupancy(0);
  EXPECT_EQ(groups(), 1U) << "there were no more in between";
}

TEST_F(StartStory, R1_R17_R38_OpensAfterADelayWithThoseWhoQualifyThen) {
  plan(
      "audience = { presence = \"any\", any = [{ registered = true }] }\nstart_timing = { delay = \"3s\" "
      "}\n" +
      kForAnHour);
  const auto registers = [&](const char* method, const std::string& user) {
    EXPECT_EQ(server.call(method, "/plans/p/registrations/" + user).status, 200);
  };
  for (const char* user : {"user0", "user1"}) registers("PUT", user);
  const std::int64_t before = in_ms(0);
  const auto answer = start();
  expect_scheduled(answer, before + 3'000);
  registers("DELETE", "user0");
  registers("PUT", "user2");
  wait_for_list({1, 2}, {"user1", "user2"});
  EXPECT_EQ(group_of(phones[1]), answer.at("group").as_string());
  EXPECT_GE(started_ms(group_of(phones[1])), answer.at("opens_ms").as_int64());
  EXPECT_TRUE(phones[0].started.empty()) << "who qualified at the event, and not any more";
}

TEST_F(StartStory, R1_R17_R38_OpensAtASetTimeAfterTheEvent) {
  wait_for_presence("available");
  const std::int64_t at = in_ms(3'000);
  plan(kFourUsers + ("start_timing = { at = " + topics::format_rfc3339(at)) + " }\n" + kForAnHour);
  const auto answer = start();
  expect_scheduled(answer, at);
  wait_for_list({0, 1, 2, 3}, kAllFour);
  EXPECT_EQ(group_of(phones[0]), answer.at("group").as_string());
  EXPECT_EQ(answer.at("opens_ms"), at);
  EXPECT_GE(started_ms(group_of(phones[0])), at);
}

TEST_F(StartStory, R1_R17_R38_OpensToOneMemberAfterTheOther) {
  plan(kFourUsers + ("start_timing = { spread = \"4s\" }\n" + kForAnHour));
  wait_for_presence("available");
  const auto answer = start();
  EXPECT_EQ(answer.at("state"), "open");
  EXPECT_EQ(answer.at("members"), 1) << "a crowd does not come in one instant";
  wait_for_list({0, 1, 2, 3}, kAllFour);
  const std::string group = group_of(phones[0]);
  const auto users = get("/groups/" + group + "/why").at("users").as_array();
  ASSERT_EQ(users.size(), 4U);
  for (int i = 0; i < 4; ++i)
    EXPECT_GE(users[i].at("joined_ms").as_int64(), started_ms(group) + i * 1'000) << "not before their turn";
}

TEST_F(StartStory, R1_R17_R26_EachComesInOnceTheyAreAvailableAndNotAfterTheLimit) {
  plan(kFourUsers + ("start_timing = { when_available = \"5s\" }\n" + kForAnHour));
  for (auto& phone : phones.all()) phone->client->set_presence(sdk::Presence::busy);
  wait_for_presence("busy");
  const auto answer = start();
  EXPECT_EQ(answer.at("state"), "gathering") << "nobody is there yet";
  phones[1].client->set_presence(sdk::Presence::available);
  wait_for_list({1}, {"user1"});
  phones[2].client->set_presence(sdk::Presence::available);
  wait_for_list({1, 2}, {"user1", "user2"});
  const std::string group = group_of(phones[1]);
  EXPECT_EQ(group, answer.at("group").as_string());

  const auto standing = [&] { return get("/groups/" + group + "/why/user0").at("standing"); };
  EXPECT_TRUE(phones.until([&] { return standing() != "invited"; }));
  phones[0].client->set_presence(sdk::Presence::available);
  ASSERT_TRUE(phones.until([&] { return presence_of("user0") == "available"; }));
  EXPECT_EQ(standing(), "passed-over") << "the time is over";
  EXPECT_EQ(get("/groups/" + group).at("members"), 2);
}

TEST_F(StartStory, R8_R24_R17_R38_DrawsInWhoMeetsAllThatThePlanAsksFor) {
  const auto profile = [&](const std::string& user, const std::string& attributes) {
    EXPECT_EQ(server.call("PUT", "/users/" + user, "{\"attributes\":{" + attributes + "}}").status, 200);
  };
  for (const char* user : {"user0", "user1", "user2"}) profile(user, R"("ticket":"vip")");
  profile("user3", R"("ticket":"day")");
  const std::string audience =
      "all = [{ attribute = \"ticket\", equals = \"vip\" }, { area = \"bar\", within = \"10m\" }], "
      "none = [{ users = [\"user1\"] }]";
  plan("audience = { " + audience + " }\n" + kForAnHour);
  wait_for_presence("available");
  for (int i = 0; i < 4; ++i) comes_in(i);
  wait_for_occupancy(4);
  goes_out(0);
  wait_for_occupancy(3);
  press_start();
  wait_for_list({0, 2}, {"user0", "user2"});
  for (const int i : {1, 3}) EXPECT_TRUE(phones[i].started.empty()) << i;
  const std::string first = group_of(phones[0]);

  // Another plan draws from its members, and takes no more than it may.
  const auto applied = server.call(
      "PUT", "/plans",
      "schema = 1\n[[plan]]\nid = \"q\"\naudience = { max = 1, any = [{ member_of = \"p\" }] }\n" +
          kForAnHour,
      "application/toml");
  ASSERT_EQ(applied.status, 200) << applied.body;
  EXPECT_EQ(server.call("POST", "/groups", R"({"plan":"q"})").status, 201);
  const auto in_both = [&](int i) { return phones[i].client->groups().size() == 2; };
  EXPECT_TRUE(phones.until([&] { return in_both(0) || in_both(2); })) << phones.stories();
  end(first);
  EXPECT_TRUE(phones.until([&] {
    return phones[0].ended.contains(first) && phones[2].ended.contains(first);
  })) << phones.stories();
}

}  // namespace
}  // namespace convoke
