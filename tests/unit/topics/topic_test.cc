#include "topics/topic.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace convoke::topics {
namespace {

const std::string kGroup = "0123456789abcdef0123456789abcdef";

struct Named {
  std::string name;
  Kind kind;
};

/// One name of every kind, as docs/protocol/topics.md lists them.
std::vector<Named> every_kind() {
  return {{"cv1/demo/u/anna/phone/pos", Kind::position},
          {"cv1/demo/u/anna/phone/presence", Kind::presence},
          {"cv1/demo/u/anna/phone/req", Kind::request},
          {"cv1/demo/u/anna@b/phone/res", Kind::response},
          {"cv1/demo/u/anna/in", Kind::inbox},
          {"cv1/demo/g/" + kGroup + "/head", Kind::group_head},
          {"cv1/demo/g/" + kGroup + "/buddies/0", Kind::group_buddies},
          {"cv1/demo/g/" + kGroup + "/buddies/9999", Kind::group_buddies},
          {"cv1/demo/g/" + kGroup + "/changes", Kind::group_changes},
          {"cv1/demo/g/" + kGroup + "/chat/anna", Kind::group_chat},
          {"cv1/demo/g/" + kGroup + "/ack", Kind::group_ack},
          {"cv1/demo/g/" + kGroup + "/signal/ben@b", Kind::group_signal},
          {"cv1/demo/g/" + kGroup + "/notice", Kind::group_notice},
          {"cv1/demo/area/hall-a/events", Kind::area_events},
          {"cv1/demo/area/hall-a/occupancy", Kind::area_occupancy},
          {"cv1/demo/staff/sam/desk/req", Kind::staff_request},
          {"cv1/demo/staff/sam/desk/res", Kind::staff_response},
          {"cv1/demo/staff/sam/gate/event", Kind::staff_event},
          {"cv1/demo/server/s1/status", Kind::server_status},
          {"cv1/demo/server/s1/marker", Kind::server_marker},
          {"cv1/demo/peer/other/x", Kind::peer},
          {"cv1/demo/peer/other/g/" + kGroup + "/chat", Kind::peer},
          {"owntracks/anna/phone", Kind::owntracks},
          {"owntracks/anna/phone/event", Kind::owntracks},
          {"owntracks/anna/phone/a/b", Kind::owntracks},
          {"$CONTROL/convoke/v1", Kind::feed},
          {"$CONTROL/convoke/v1/response", Kind::feed_response},
          {"$SYS/broker/uptime", Kind::broker_stats}};
}

TEST(Topic, ParsesEveryKind) {
  for (const Named& named : every_kind()) {
    const auto topic = parse_topic(named.name);
    ASSERT_TRUE(topic) << named.name;
    EXPECT_EQ(topic->kind, named.kind) << named.name;
  }
}

TEST(Topic, FormatIsTheExactInverseOfParse) {
  for (const Named& named : every_kind()) {
    const auto topic = parse_topic(named.name);
    ASSERT_TRUE(topic) << named.name;
    EXPECT_EQ(format_topic(*topic), named.name);
  }
}

TEST(Topic, SetsTheFieldsOfItsKindOnly) {
  const auto chat = parse_topic("cv1/demo/g/" + kGroup + "/chat/ben@b");
  ASSERT_TRUE(chat);
  Topic expected;
  expected.kind = Kind::group_chat;
  expected.site = SiteId::parse("demo");
  expected.group = GroupId::parse(kGroup);
  expected.user = UserId::parse("ben@b");
  EXPECT_EQ(*chat, expected);

  const auto page = parse_topic("cv1/demo/g/" + kGroup + "/buddies/17");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->page, 17u);
  const auto peer = parse_topic("cv1/demo/peer/other/a/b");
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->sender_site.str(), "other");
  EXPECT_EQ(peer->rest, "a/b");
  const auto owntracks = parse_topic("owntracks/anna/phone");
  ASSERT_TRUE(owntracks);
  EXPECT_EQ(owntracks->rest, "");
  EXPECT_TRUE(owntracks->site.empty());
}

TEST(Topic, IsNothingWhereNoKindFits) {
  const std::string g = "cv1/demo/g/" + kGroup;
  for (const std::string& bad : std::vector<std::string>{"",
                                                         "/",
                                                         "cv1",
                                                         "cv1/",
                                                         "cv1/demo",
                                                         "cv1/demo/",
                                                         "cv2/demo/u/anna/in",
                                                         "CV1/demo/u/anna/in",
                                                         "/cv1/demo/u/anna/in",
                                                         "cv1/demo/u/anna",
                                                         "cv1/demo/u/anna/",
                                                         "cv1/demo/u/anna/in/",
                                                         "cv1/demo/u/anna/out",
                                                         "cv1/demo/u//in",
                                                         "cv1//u/anna/in",
                                                         "cv1/demo/u/anna/phone",
                                                         "cv1/demo/u/anna/phone/position",
                                                         "cv1/demo/u/anna/phone/pos/",
                                                         "cv1/demo/u/anna/phone/pos/x",
                                                         "cv1/demo/u/anna/ph@one/pos",
                                                         "cv1/de@mo/u/anna/in",
                                                         g,
                                                         g + "/",
                                                         g + "/head/",
                                                         g + "/head/x",
                                                         g + "/chat",
                                                         g + "/chat/",
                                                         g + "/chat/anna/x",
                                                         g + "/talk/anna",
                                                         "cv1/demo/g/short/head",
                                                         "cv1/demo/area/hall/x",
                                                         "cv1/demo/area/hall/events/x",
                                                         "cv1/demo/area/a@b/events",
                                                         "cv1/demo/staff/sam/req",
                                                         "cv1/demo/staff/sam/desk/pos",
                                                         "cv1/demo/server/s1",
                                                         "cv1/demo/server/s1/x",
                                                         "cv1/demo/peer/other",
                                                         "cv1/demo/peer/other/",
                                                         "cv1/demo/peer/other//x",
                                                         "cv1/demo/peer/other/x/",
                                                         "cv1/demo/x",
                                                         "owntracks",
                                                         "owntracks/anna",
                                                         "owntracks/anna/phone/",
                                                         "owntracks/anna//event",
                                                         "$CONTROL/convoke/v2",
                                                         "$CONTROL/convoke/v1/",
                                                         "$CONTROL/dynamic-security/v1",
                                                         "$SYS",
                                                         "$SYS/"}) {
    EXPECT_FALSE(parse_topic(bad)) << bad;
  }
}

TEST(Topic, IsNothingWithAWildcardOrANul) {
  for (const Named& named : every_kind()) {
    for (std::size_t i = 0; i < named.name.size(); ++i) {
      for (const char foreign : {'+', '#', '\0'}) {
        std::string name = named.name;
        name[i] = foreign;
        EXPECT_FALSE(parse_topic(name)) << name;
      }
    }
  }
}

TEST(Topic, PageHasNoLeadingZeroAndAtMostFourDigits) {
  for (const std::string page : {"", "00", "01", "10000", "-1", "+1", "1x", " 1", "0x1"}) {
    EXPECT_FALSE(parse_topic("cv1/demo/g/" + kGroup + "/buddies/" + page)) << page;
  }
}

TEST(Topic, IsAtMost512Bytes) {
  const std::string stem = "cv1/demo/peer/other/";
  EXPECT_TRUE(parse_topic(stem + std::string(512 - stem.size(), 'x')));
  EXPECT_FALSE(parse_topic(stem + std::string(513 - stem.size(), 'x')));
}

TEST(Topic, EveryCutOfANameIsParsedSafely) {
  for (const Named& named : every_kind()) {
    for (std::size_t length = 0; length < named.name.size(); ++length) {
      const std::string cut = named.name.substr(0, length);
      const auto topic = parse_topic(cut);
      if (topic) {
        EXPECT_EQ(format_topic(*topic), cut);
      }
    }
  }
}

}  // namespace
}  // namespace convoke::topics
