#include "ops/crowd/wire.h"

#include <gmock/gmock.h>

namespace convoke::crowd::wire {
namespace {

using testing::ElementsAre;

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}

TEST(Wire, WritesConnectAsTheStandardHasIt) {
  Connect c;
  c.client_id = "id";
  c.user = "u";
  c.password = "p";
  c.keepalive_s = 10;
  EXPECT_EQ(connect(c), bytes({0x10, 21, 0, 4}) + "MQTT" + bytes({5, 0xc2, 0, 10, 0, 0, 2}) + "id" +
                            bytes({0, 1}) + "u" + bytes({0, 1}) + "p");
}

TEST(Wire, WritesAWillThatIsRetained) {
  Connect c;
  c.will_topic = "t";
  c.will_payload = "w";
  EXPECT_EQ(static_cast<unsigned char>(connect(c)[9]), 0xc2 | 0x2c);
}

TEST(Wire, WritesLengthsOverOneByte) {
  const std::string packet = publish("t", std::string(200, 'x'), 0);
  EXPECT_EQ(packet.substr(0, 3), bytes({0x30, 0xcc, 0x01}));
  EXPECT_EQ(packet.size(), 3U + 204U);
}

TEST(Wire, WritesUnsubscribeAsTheStandardHasIt) {
  EXPECT_EQ(unsubscribe(5, {"a/b"}), bytes({0xa2, 8, 0, 5, 0, 0, 3}) + "a/b");
}

TEST(Wire, ReadsWhatItWrites) {
  const std::string packet = publish("a/b", "hello", 7);
  const Parsed parsed = parse(packet + "rest");
  ASSERT_TRUE(parsed.packet);
  EXPECT_EQ(parsed.size, packet.size());
  EXPECT_EQ(parsed.packet->type, Type::publish);
  EXPECT_EQ(parsed.packet->id, 7);
  EXPECT_EQ(parsed.packet->topic, "a/b");
  EXPECT_EQ(parsed.packet->payload, "hello");
  EXPECT_FALSE(parsed.packet->stamped);
}

TEST(Wire, ReadsReasons) {
  EXPECT_EQ(parse(bytes({0x20, 3, 0, 0x87, 0})).packet->code, 0x87);
  EXPECT_EQ(parse(bytes({0x40, 3, 0, 5, 0x87})).packet->code, 0x87);
  EXPECT_EQ(parse(bytes({0x40, 2, 0, 5})).packet->code, 0);
  EXPECT_THAT(parse(bytes({0x90, 5, 0, 5, 0, 1, 0x87})).packet->codes, ElementsAre(1, 0x87));
  EXPECT_EQ(parse(bytes({0xe0, 2, 0x8e, 0})).packet->code, 0x8e);
}

TEST(Wire, SeesAStamp) {
  const std::string property = bytes({0x26, 0, 4}) + "cv-n" + bytes({0, 1}) + "9";
  const std::string body = bytes({0, 1}) + "t" + bytes({static_cast<int>(property.size())}) + property + "m";
  const Parsed parsed = parse(bytes({0x30, static_cast<int>(body.size())}) + body);
  ASSERT_TRUE(parsed.packet);
  EXPECT_TRUE(parsed.packet->stamped);
  EXPECT_EQ(parsed.packet->payload, "m");
}

TEST(Wire, WaitsForTheRestOfAPacket) {
  const std::string packet = publish("a/b", "hello", 7);
  for (std::size_t size = 0; size < packet.size(); ++size) {
    const Parsed parsed = parse(packet.substr(0, size));
    EXPECT_FALSE(parsed.packet);
    EXPECT_FALSE(parsed.broken);
    EXPECT_EQ(parsed.size, 0U);
  }
}

TEST(Wire, GivesUpOnWhatIsNotMqtt) {
  EXPECT_TRUE(parse(bytes({0x30, 0xff, 0xff, 0xff, 0xff, 0xff})).broken);  // a length of five bytes
  EXPECT_TRUE(parse(bytes({0x30, 0xff, 0xff, 0xff, 0x7f})).broken);        // 256 MB
  EXPECT_TRUE(parse(bytes({0x00, 0})).broken);                             // no such type
  EXPECT_TRUE(parse(bytes({0x30, 3, 0, 9, 'x'})).broken);                  // a topic beyond the end
}

}  // namespace
}  // namespace convoke::crowd::wire
