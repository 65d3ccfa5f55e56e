// What the product does for people, end to end: the real broker with the plugin, the real server, phones on
// the real SDK. Named after the requirements that each shows.

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/integration/story_fixture.h"
#include "tests/support/test_client.h"
#include "topics/messages/presence.h"
#include "topics/rfc3339.h"

namespace convoke {
namespace {

using test::Phone;

TEST_F(Story, R1_R2_R3_R8_R18_R19_R20_R24_R36_R37_R38_R39_R40_AFullAreaStartsAChatOfThoseInItAndStaffEndIt) {
  plan(R"(audience = { any = [{ area = "bar" }] }
[[plan.start]]
on = "occupancy"
area = "bar"
reaches = 3
[[plan.end]]
on = "duration"
after = "1h"
)");
  phones[3].client->report_position(kOutside);
  for (int i = 0; i < 3; ++i) phones[i].client->report_position(kInside);
  wait_for_list({0, 1, 2}, kFirstThree);
  EXPECT_TRUE(phones[3].started.empty());

  const std::string group = group_of(phones[0]);
  const auto id = phones[0].client->send(group, "Hello!");
  ASSERT_TRUE(id);
  for (const int i : {1, 2})
    EXPECT_TRUE(phones.until([&] { return phones[i].received[group].contains("user0/" + *id); }));
  EXPECT_TRUE(phones.until([&] { return phones[0].archived.contains("user0/" + *id); }));

  EXPECT_EQ(server.call("POST", "/groups/" + group + "/end").status, 200);
  wait_for_end({0, 1, 2});
  EXPECT_TRUE(phones[1].client->buddies(group).empty()) << "the list is deleted with the end";
  EXPECT_FALSE(phones[1].client->send(group, "anyone?"));
  for (auto& phone : phones.all()) EXPECT_EQ(phone->repeats, 0);
}

TEST_F(Story, R4_R26_OnlyTheAvailableAreDrawnInAndTheFilterFollowsPresence) {
  plan(std::string(kFourUsers) + "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  phones[3].client->set_presence(sdk::Presence::busy);
  ASSERT_TRUE(phones.until([&] {
    return server.call("GET", "/users/user3").body.find("\"presence\":\"busy\"") != std::string::npos;
  }));
  for (const int i : {0, 1, 2})
    ASSERT_TRUE(phones.until([&] {
      return server.call("GET", "/users/user" + std::to_string(i)).body.find("\"presence\":\"available\"") !=
             std::string::npos;
    }));
  press_start();
  wait_for_list({0, 1, 2}, kFirstThree);
  EXPECT_TRUE(phones[3].started.empty()) << "who is busy is not drawn in";

  phones[2].client->set_presence(sdk::Presence::away);
  const auto available = [&] { return users_of(phones[0].client->available_buddies(group_of(phones[0]))); };
  EXPECT_TRUE(phones.until([&] { return available() == std::vector<std::string>{"user1"}; }));
  phones[2].client->set_presence(sdk::Presence::available);
  EXPECT_TRUE(phones.until([&] { return available() == std::vector<std::string>{"user1", "user2"}; }));
  EXPECT_EQ(list(phones[0]), kFirstThree) << "the list itself keeps everybody";
}

TEST_F(Story, R2_R11_R25_EndsAfterItsDurationAndForSomeEarlier) {
  plan(std::string(kFourUsers) + "[[plan.end]]\non = \"duration\"\nafter = \"9s\"\n");
  ASSERT_EQ(server.call("PUT", "/users/user0", R"({"name":"Anna","chat_duration_ms":5000})").status, 200);
  wait_for_presence("available");
  press_start();
  wait_for_list({0, 1, 2, 3}, {"user0", "user1", "user2", "user3"});
  const auto buddies = phones[1].client->buddies(group_of(phones[1]));
  ASSERT_EQ(buddies.size(), 4U);
  EXPECT_EQ(buddies[0].name, "Anna");
  EXPECT_TRUE(buddies[0].ends_ms) << "the list carries her own ending time";
  EXPECT_FALSE(buddies[1].ends_ms);
  wait_for_end({0});
  wait_for_list({1, 2, 3}, {"user1", "user2", "user3"});
  wait_for_end({1, 2, 3});
}

TEST_F(Story, R14_R15_R31_R32_StartsAtASetTimeAndEndsAtASetTime) {
  const std::int64_t at = in_ms(3'000);
  plan(std::string(kFourUsers) + "[[plan.start]]\non = \"schedule\"\nat = " + topics::format_rfc3339(at) +
       "\n[[plan.end]]\non = \"set-time\"\nat = " + topics::format_rfc3339(in_ms(10'000)) + "\n");
  for (auto& phone : phones.all()) EXPECT_TRUE(phone->started.empty()) << "not before its time";
  wait_for_list({0, 1, 2, 3}, {"user0", "user1", "user2", "user3"});
  const auto shown = boost::json::parse(server.call("GET", "/groups/" + group_of(phones[0])).body);
  const std::int64_t late_ms = shown.at("started_ms").as_int64() - at;
  EXPECT_GE(late_ms, 0) << "not before its time";
  RecordProperty("started_late_ms", std::to_string(late_ms));
  wait_for_end({0, 1, 2, 3});
}

/// The host's phone, as the broker sees it: there for six seconds, then its connection dies.
TEST_F(Story, R12_R29_R13_R30_StartsWhenTheHostIsThereAndEndsWhenTheirConnectionIsLost) {
  plan(std::string(kFourUsers) +
       "[[plan.start]]\non = \"available\"\nuser = \"host\"\n"
       "[[plan.end]]\non = \"unavailable\"\nuser = \"host\"\ngrace = \"1s\"\n"
       "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  wait_for_presence("available");
  const std::string topic = "cv1/demo/u/host/phone/presence";
  const auto presence = [](messages::PresenceState state) { return encode(messages::Presence{state, 1}); };
  test::TestClient host(broker.url(), "demo:host:phone");
  const std::string token = tokens.make(topics::Role::terminal, "host", "phone", 6);
  const test::Outgoing will{topic, presence(messages::PresenceState::offline), 1, true};
  ASSERT_EQ(host.connect(token, {.will = will}), test::kSuccess);
  EXPECT_TRUE(phones[0].started.empty());
  host.publish({topic, presence(messages::PresenceState::available), 1, true});
  wait_for_list({0, 1, 2, 3}, {"user0", "user1", "user2", "user3"});
  const std::string group = group_of(phones[0]);
  wait_for_end({0, 1, 2, 3});
  EXPECT_NE(server.call("GET", "/groups/" + group).body.find("\"end_reason\":\"unavailable\""),
            std::string::npos);
}

TEST_F(Story, R16_R33_EndsWhenNobodyHasWrittenForSomeTime) {
  plan(std::string(kFourUsers) +
       "[[plan.end]]\non = \"idle\"\nafter = \"5s\"\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  wait_for_presence("available");
  press_start();
  wait_for_list({0, 1, 2, 3}, {"user0", "user1", "user2", "user3"});
  const std::string group = group_of(phones[0]);
  const std::int64_t before = in_ms(0);
  phones[1].client->send(group, "Anybody here?");
  EXPECT_TRUE(phones.until([&] { return !phones[1].archived.empty(); }));
  wait_for_end({0, 1, 2, 3});
  const auto shown = boost::json::parse(server.call("GET", "/groups/" + group).body).as_object();
  EXPECT_EQ(shown.at("end_reason").as_string(), "idle");
  EXPECT_GE(shown.at("ended_ms").as_int64(), before + 5000) << "the message has put the end off";
}

TEST_F(Story, R1_R2_R17_OpensAndClosesLaterWhereThePlanSaysSo) {
  plan(
      "audience = { any = [{ users = [\"user0\", \"user1\"] }] }\nstart_timing = { when_available = \"1h\" "
      "}\n"
      "end_timing = { delay = \"3s\" }\n"
      "[[plan.end]]\non = \"unavailable\"\nuser = \"user1\"\ngrace = \"1s\"\n[[plan.end]]\non = "
      "\"duration\"\nafter = \"1h\"\n");
  phones[1].client->set_presence(sdk::Presence::busy);
  ASSERT_TRUE(
      phones.until([&] { return presence_of("user1") == "busy" && presence_of("user0") == "available"; }));
  press_start();
  wait_for_list({0}, {"user0"});
  EXPECT_TRUE(phones[1].started.empty());
  phones[1].client->set_presence(sdk::Presence::available);
  wait_for_list({0, 1}, {"user0", "user1"});
  EXPECT_FALSE(phones[0].client->groups()[0].ends_ms < in_ms(60'000));
  phones[1].client->set_presence(sdk::Presence::busy);
  EXPECT_TRUE(phones.until([&] {
    const auto groups = phones[1].client->groups();
    return !groups.empty() && groups[0].ends_ms < in_ms(60'000);
  })) << "the list tells the new ending time";
  wait_for_end({0, 1});
}

TEST_F(Story, R1_R35_AnEventFromOutsideStartsAChatOnce) {
  plan(std::string(kFourUsers) +
       "[[plan.start]]\non = \"event\"\ntype = \"doors.open\"\n[[plan.end]]\non = \"duration\"\nafter = "
       "\"1h\"\n");
  wait_for_presence("available");
  const std::string event = R"({"specversion":"1.0","id":"7","source":"/gate","type":"doors.open"})";
  EXPECT_NE(server.call("POST", "/events", event).body.find("\"result\":\"started\""), std::string::npos);
  wait_for_list({0, 1, 2, 3}, {"user0", "user1", "user2", "user3"});
  EXPECT_NE(server.call("POST", "/events", event).body.find("\"result\":\"known\""), std::string::npos);
  for (auto& phone : phones.all()) EXPECT_EQ(phone->started.size(), 1U);
}

TEST_F(Story, R1_WhoRegistersByThemselvesIsDrawnInWhileTheChatGoesOn) {
  plan(
      "audience = { follow = \"1s\", any = [{ registered = \"self\" }] }\nregistration = { self = true }\n"
      "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  wait_for_presence("available");
  for (const int i : {0, 1}) phones[i].client->set_registered("p");
  ASSERT_TRUE(phones.until([&] {
    return server.call("GET", "/plans/p/registrations").body.find("\"total\":2") != std::string::npos;
  }));
  press_start();
  wait_for_list({0, 1}, {"user0", "user1"});
  phones[2].client->set_registered("p");
  wait_for_list({0, 1, 2}, kFirstThree);
  phones[0].client->set_registered("p", false);
  wait_for_end({0});
  wait_for_list({1, 2}, {"user1", "user2"});
}

TEST_F(Story, R3_R4_WhoBlocksAnotherNeitherSeesNorHearsThemAndTheOtherIsNotTold) {
  plan(std::string(kFourUsers) + "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  wait_for_presence("available");
  press_start();
  wait_for_list({0, 1, 2, 3}, {"user0", "user1", "user2", "user3"});
  const std::string group = group_of(phones[0]);
  ASSERT_TRUE(phones[0].client->send(group, "Before"));
  for (const int i : {1, 2, 3})
    ASSERT_TRUE(phones.until([&] { return phones[i].texts.contains("user0: Before"); }));

  ASSERT_TRUE(phones[0].client->set_blocked("user1"));
  wait_for_list({0}, {"user0", "user2", "user3"});
  wait_for_list({1}, {"user1", "user2", "user3"});
  EXPECT_EQ(list(phones[2]).size(), 4U) << "the others see both";
  EXPECT_TRUE(phones.until([&] { return phones[0].story.find(" blocked(user1)") != std::string::npos; }));
  EXPECT_EQ(phones[1].story.find("blocked"), std::string::npos);

  phones[0].client->send(group, "From 0");
  phones[1].client->send(group, "From 1");
  EXPECT_TRUE(phones.until([&] {
    return phones[2].texts.contains("user0: From 0") && phones[2].texts.contains("user1: From 1");
  }));
  // What user2 says comes after all that could have come.
  phones[2].client->send(group, "Last");
  for (const int i : {0, 1})
    EXPECT_TRUE(phones.until([&] { return phones[i].texts.contains("user2: Last"); }));
  EXPECT_FALSE(phones[0].texts.contains("user1: From 1"));
  EXPECT_FALSE(phones[1].texts.contains("user0: From 0"));

  // Another phone reads the archive from the beginning, also what was said before the block.
  phones.add("user1", broker.url(), "tablet");
  EXPECT_TRUE(phones.until([&] { return phones[4].texts.contains("user2: Last"); }));
  EXPECT_TRUE(phones[4].texts.contains("user1: From 1"));
  EXPECT_FALSE(phones[4].texts.contains("user0: Before"));
  EXPECT_FALSE(phones[4].texts.contains("user0: From 0"));

  EXPECT_EQ(server.call("POST", "/groups/" + group + "/end").status, 200);
  wait_for_end({0, 1, 2, 3});
  press_start();
  EXPECT_TRUE(phones.until([&] { return phones[2].started.size() == 2 && list(phones[2]).size() == 3; }))
      << "only one of the two is in a small chat" << phones.stories();
}

TEST_F(Story, R2_R26_WhyIsAnsweredAlsoAfterTheEnd) {
  plan(std::string(kFourUsers) + "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  phones[3].client->set_presence(sdk::Presence::busy);
  for (int i = 0; i < 4; ++i)
    ASSERT_TRUE(phones.until(
        [&] { return presence_of("user" + std::to_string(i)) == (i < 3 ? "available" : "busy"); }));
  press_start();
  wait_for_list({0, 1, 2}, kFirstThree);
  const std::string group = group_of(phones[0]), path = "/groups/" + group;
  phones[2].client->leave(group);
  wait_for_end({2});
  EXPECT_EQ(server.call("POST", path + "/end").status, 200);
  wait_for_end({0, 1});
  ASSERT_TRUE(phones.until([&] {  // all have confirmed it: their member records are gone
    return server.call("GET", path + "/members").body.find("\"total\":0") != std::string::npos;
  }));
  const auto why = [&](const std::string& user) { return server.call("GET", path + "/why/" + user).body; };
  EXPECT_NE(why("user0").find("\"why\":\"listed\""), std::string::npos) << why("user0");
  EXPECT_NE(why("user0").find("\"ended\":\"staff\""), std::string::npos);
  EXPECT_NE(why("user2").find("\"ended\":\"left\""), std::string::npos);
  EXPECT_NE(why("user3").find("\"ended\":\"not-available\""), std::string::npos);
}

TEST_F(Story, R2_WhyNotNamesWhatWasNotMetAlsoAfterTheEnd) {
  plan("audience = { any = [{ users = [\"user0\", \"user3\"] }], all = [{ attribute = \"crew\" }] }\n" +
       kForAnHour);
  ASSERT_EQ(server.call("PUT", "/users/user0", R"({"attributes":{"crew":"yes"}})").status, 200);
  wait_for_presence("available");
  press_start();
  wait_for_list({0}, {"user0"});
  const std::string path = "/groups/" + group_of(phones[0]);
  EXPECT_EQ(server.call("POST", path + "/end").status, 200);
  wait_for_end({0});
  // Too late: what counts is how it was.
  ASSERT_EQ(server.call("PUT", "/users/user3", R"({"attributes":{"crew":"yes"}})").status, 200);
  server.kill9();
  server.start();
  const auto why = get(path + "/why/user3").as_object();
  EXPECT_EQ(why.at("ended"), "not-met");
  EXPECT_EQ(why.at("unmet"), boost::json::parse(R"([{"part":"all","condition":"has crew"}])"));
  EXPECT_TRUE(phones[3].started.empty());
}

TEST_F(Story, R1_R35_ACloudEventOverMqttStartsAChatOnce) {
  plan(std::string(kFourUsers) +
       "[[plan.start]]\non = \"event\"\ntype = \"doors.open\"\n[[plan.end]]\non = \"duration\"\nafter = "
       "\"1h\"\n");
  wait_for_presence("available");
  test::TestClient gate(broker.url(), tokens.client_id("gate", "west"));
  ASSERT_EQ(gate.connect(tokens.make(topics::Role::staff, "gate", "west")), test::kSuccess);
  const std::string topic = "cv1/demo/staff/gate/west/event";
  const std::string event =
      R"({"specversion":"1.0","id":"7","source":"/gate","type":"doors.open","data":{}})";
  gate.publish(topic, "not an event");
  for (int i = 0; i < 2; ++i) gate.publish(topic, event);
  wait_for_list({0, 1, 2, 3}, {"user0", "user1", "user2", "user3"});
  EXPECT_NE(server.call("POST", "/events", event).body.find("\"result\":\"known\""), std::string::npos);
  EXPECT_NE(server.call("GET", "/status").body.find("\"event\":1"), std::string::npos);
  for (auto& phone : phones.all()) EXPECT_EQ(phone->started.size(), 1U);
}

TEST_F(Story, R1_R17_TwoTriggersInOneInstantStartOneGroupForBothReasons) {
  plan(
      std::string(kFourUsers) +
      "[[plan.start]]\non = \"occupancy\"\narea = \"bar\"\nreaches = 1\n[[plan.start]]\non = \"enter\"\narea "
      "= \"bar\"\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  wait_for_presence("available");
  phones[0].client->report_position(kInside);
  wait_for_list({0, 1, 2, 3}, {"user0", "user1", "user2", "user3"});
  const auto groups = boost::json::parse(server.call("GET", "/groups").body).at("groups").as_array();
  ASSERT_EQ(groups.size(), 1U);
  const auto& reasons = groups[0].at("reasons").as_array();
  ASSERT_EQ(reasons.size(), 2U);
  EXPECT_EQ(reasons[0].as_string(), "occupancy: bar reached 1");
  EXPECT_EQ(reasons[1].as_string(), "enter: user0 entered bar");
}

TEST_F(Story, R2_R11_TheMembersAreWarnedOfTheEndAndStaffMoveIt) {
  plan("warn = [\"29m\"]\n" + std::string(kFourUsers) + "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  wait_for_presence("available");
  press_start();
  wait_for_list({0, 1, 2, 3}, {"user0", "user1", "user2", "user3"});
  const std::string path = "/groups/" + group_of(phones[0]);
  const std::int64_t ends = in_ms(29 * 60'000 + 1500);
  const auto moved = server.call("POST", path + "/extend", "{\"ends_ms\":" + std::to_string(ends) + "}");
  EXPECT_EQ(moved.status, 200) << moved.body;
  for (const int i : {0, 1, 2, 3})
    EXPECT_TRUE(phones.until([&] {
      return phones[i].texts.contains("demo: This chat ends in 29 minutes.") &&
             phones[i].client->groups().at(0).ends_ms == ends;
    })) << phones.stories();
  EXPECT_EQ(server.call("POST", path + "/end").status, 200);
  wait_for_end({0, 1, 2, 3});
}

/// Most of its members have no phone at all.
TEST_F(Story, R3_R4_AChatOfManyPagesIsHeldAskedAndFollowedPartByPart) {
  std::string users = "\"user0\", \"user1\", \"user2\", \"user3\"";
  for (int i = 100; i < 500; ++i) users += ", \"nobody" + std::to_string(i) + "\"";
  plan("audience = { presence = \"any\", any = [{ users = [" + users +
       "] }] }\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  wait_for_presence("available");
  press_start();
  ASSERT_TRUE(phones.until_all([](Phone& p) { return !list(p).empty(); })) << phones.stories();
  const std::string group = group_of(phones[0]);
  EXPECT_LE(list(phones[0]).size(), 200U) << "at first one page";
  const std::string members = "/groups/" + group + "/members";
  EXPECT_TRUE(phones.until([&] {
    return server.call("GET", members + "?missing=true").body.find("\"total\":404,\"holding\":4") !=
           std::string::npos;
  })) << server.call("GET", members + "?missing=true").body.substr(0, 200);
  EXPECT_EQ(server.call("GET", members + "?missing=true").body.find("\"user1\""), std::string::npos);

  while (phones[0].client->load_more_buddies(group))
    ASSERT_TRUE(phones.until([&] {
      const auto shown = phones[0].client->group(group);
      return shown && shown->settled;
    })) << phones.stories();
  EXPECT_EQ(list(phones[0]).size(), 404U);
  const auto available = [&] { return users_of(phones[0].client->available_buddies(group)); };
  EXPECT_EQ(available(), (std::vector<std::string>{"user1", "user2", "user3"}));
  phones[1].client->set_presence(sdk::Presence::away);
  EXPECT_TRUE(phones.until([&] {
    return available() == std::vector<std::string>{"user2", "user3"};
  })) << "the page that has changed is fetched"
      << phones.stories();

  ASSERT_TRUE(phones[2].client->request_available(group, ""));
  EXPECT_TRUE(phones.until([&] { return phones[2].available.size() == 3; })) << phones.stories();
  EXPECT_EQ(phones[2].available, (std::set<std::string>{"user0", "user2", "user3"})) << "over the whole list";
}

TEST_F(Story, R1_APlanSaysWhoSpeaksInItsChat) {
  plan(std::string(kFourUsers) +
       "chat = { announcement_only = true, staff = [{ users = [\"user0\"] }] }\n[[plan.end]]\non = "
       "\"duration\"\nafter = \"1h\"\n");
  wait_for_presence("available");
  press_start();
  wait_for_list({0, 1, 2, 3}, {"user0", "user1", "user2", "user3"});
  const std::string group = group_of(phones[0]);
  EXPECT_TRUE(phones[1].client->groups().at(0).announcement_only);
  EXPECT_EQ(phones[1].client->buddies(group).at(0).standing, sdk::Standing::staff);
  phones[1].client->send(group, "May I?");
  ASSERT_TRUE(phones[0].client->send(group, "Welcome"));
  for (const int i : {1, 2, 3})
    EXPECT_TRUE(phones.until([&] { return phones[i].texts.contains("user0: Welcome"); })) << phones.stories();
  EXPECT_FALSE(phones[2].texts.contains("user1: May I?"));
}

}  // namespace
}  // namespace convoke
