#include "ops/crowd/light_phone.h"

#include <gmock/gmock.h>

#include "topics/messages/chat.h"
#include "topics/messages/position.h"
#include "topics/messages/presence.h"

namespace convoke::crowd {
namespace {

using messages::HoldRequest;
using messages::ResumeRequest;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kGroup(32, 'a');
const std::string kPrefix = "cv1/demo/g/" + kGroup + "/";
const std::string kOwn = "cv1/demo/u/mia/light/";

class LightPhoneTest : public testing::Test {
 protected:
  LightPhoneTest()
      : phone(topics::SiteId::parse("demo"), topics::UserId::parse("mia"), topics::DeviceId::parse("light"),
              Walker(venue, 1, Walker::Habit::walks, 1), 1) {}

  void connect() {
    phone.hello("token", 1'767'225'600'000);
    wire::Packet connack;
    connack.type = wire::Type::connack;
    take(phone.on(connack, counts));
  }
  void arrive(const std::string& topic, const std::string& payload, bool stamped = false) {
    wire::Packet packet;
    packet.type = wire::Type::publish;
    packet.id = 7;
    packet.topic = topic;
    packet.payload = payload;
    packet.stamped = stamped;
    take(phone.on(packet, counts));
  }
  void a_second() { take(phone.second(0, 0, 1'767'225'600'000, counts)); }
  void start() {
    arrive("cv1/demo/u/mia/in", encode(messages::InboxMessage(messages::ChatStart{head()})));
    arrive(kPrefix + "head", encode(head()));
    arrive(kPrefix + "buddies/0", encode(messages::RosterPage{kGroup, 1, 0, {}}));
  }
  static messages::RosterHead head() {
    messages::RosterHead h;
    h.group = kGroup;
    h.plan = "hall";
    h.version = 1;
    h.pages = 1;
    return h;
  }
  /// Keeps what the phone sends: its publishes as packets, of the rest the first byte.
  void take(std::string_view bytes) {
    published.clear();
    firsts.clear();
    while (!bytes.empty()) {
      const wire::Parsed parsed = wire::parse(bytes);
      firsts.push_back(static_cast<unsigned char>(bytes[0]));
      if (parsed.packet && parsed.packet->type == wire::Type::publish) published.push_back(*parsed.packet);
      std::size_t size = 2 + static_cast<unsigned char>(bytes[1]);  // what parse does not know is short here
      if ((bytes[1] & 0x80) != 0) size = 3 + (bytes[1] & 0x7f) + static_cast<std::size_t>(bytes[2]) * 128;
      bytes.remove_prefix(parsed.size > 0 ? parsed.size : size);
    }
  }
  std::vector<std::string> topics_published() const {
    std::vector<std::string> all;
    for (const wire::Packet& packet : published) all.push_back(packet.topic);
    return all;
  }
  template <class R>
  R request() const {
    for (const wire::Packet& packet : published) {
      if (packet.topic != kOwn + "req") continue;
      const auto decoded = messages::decode_request(packet.payload);
      if (decoded && std::holds_alternative<R>(decoded->op)) return std::get<R>(decoded->op);
    }
    ADD_FAILURE() << "no such request";
    return {};
  }

  Venue venue{{{"bar", "", geo::Circle{{52.5, 13.2}, 30}}}};
  LightPhone phone;
  LightCounts counts;
  std::vector<wire::Packet> published;
  std::vector<int> firsts;
};

TEST_F(LightPhoneTest, SubscribesSaysThatItIsThereAndResumes) {
  connect();
  EXPECT_TRUE(phone.connected());
  EXPECT_THAT(firsts, ElementsAre(0x82, 0x33, 0x32));  // SUBSCRIBE; PUBLISH QoS 1, first one retained
  EXPECT_THAT(topics_published(), ElementsAre(kOwn + "presence", kOwn + "req"));
  EXPECT_THAT(request<ResumeRequest>().groups, IsEmpty());
}

TEST_F(LightPhoneTest, StaysAwayWhenItIsRefused) {
  phone.hello("token", 1);
  wire::Packet connack;
  connack.type = wire::Type::connack;
  connack.code = 0x87;
  EXPECT_EQ(phone.on(connack, counts), "");
  EXPECT_FALSE(phone.connected());
  EXPECT_EQ(counts.refused, 1U);
}

TEST_F(LightPhoneTest, JoinsAChatAndSaysWhichListItHolds) {
  connect();
  start();
  EXPECT_EQ(counts.started, 1U);
  EXPECT_EQ(counts.held, 1U);
  EXPECT_EQ(request<HoldRequest>().groups.at(0).version, 1U);
  start();  // everything once more
  EXPECT_EQ(counts.started, 1U);
  EXPECT_THAT(published, IsEmpty());
}

TEST_F(LightPhoneTest, DoesAllThatAPhoneDoesAtAStart) {
  connect();
  arrive("cv1/demo/u/mia/in", encode(messages::InboxMessage(messages::ChatStart{head()})));
  EXPECT_THAT(firsts, ElementsAre(0x40, 0x82, 0x32));  // PUBACK, SUBSCRIBE, the question for the archive
  EXPECT_EQ(request<messages::HistoryRequest>().group, kGroup);
  arrive(kPrefix + "head", encode(head()));
  EXPECT_THAT(firsts, ElementsAre(0x40));
  arrive(kPrefix + "buddies/0", encode(messages::RosterPage{kGroup, 1, 0, {}}));
  EXPECT_THAT(firsts,
              ElementsAre(0x40, 0x32, 0xa2));  // it holds the list, and follows the changes from now on
}

/// One version on.
messages::RosterChanges changes_from(std::uint64_t version) {
  messages::RosterChanges changes;
  changes.group = kGroup;
  changes.from = version;
  changes.version = version + 1;
  return changes;
}

TEST_F(LightPhoneTest, AsksForItsPageWhenThatHasChanged) {
  connect();
  start();
  messages::RosterChanges changes = changes_from(1);
  changes.pages_changed = {1};
  arrive(kPrefix + "changes", encode(changes));
  EXPECT_EQ(request<HoldRequest>().groups.at(0).version, 2U);
  changes = changes_from(2);
  changes.pages_changed = {0, 1};
  arrive(kPrefix + "changes", encode(changes));
  EXPECT_THAT(published, IsEmpty());
  a_second();
  EXPECT_EQ(request<messages::PageRequest>().page, 0U);
  changes = changes_from(3);
  changes.all = true;
  arrive(kPrefix + "changes", encode(changes));
  EXPECT_THAT(published, IsEmpty());  // one question at a time
  const std::string answer = encode(messages::Response{"1", messages::RosterPage{kGroup, 4, 0, {}}});
  arrive(kOwn + "res", answer);
  a_second();
  EXPECT_EQ(request<messages::PageRequest>().page, 0U);
  arrive(kOwn + "res", answer);
  EXPECT_EQ(request<HoldRequest>().groups.at(0).version, 4U);
}

TEST_F(LightPhoneTest, LeavesAChatThatEnds) {
  connect();
  start();
  arrive("cv1/demo/u/mia/in", encode(messages::InboxMessage(messages::ChatEnd{kGroup, "hall", "staff", 1})));
  EXPECT_EQ(counts.ended, 1U);
  EXPECT_EQ(phone.groups(), 0U);
  EXPECT_TRUE(request<HoldRequest>().groups.at(0).ended);
}

TEST_F(LightPhoneTest, JoinsAgainAfterALostConnection) {
  connect();
  start();
  phone.lost();
  connect();
  EXPECT_EQ(request<ResumeRequest>().groups.at(0).group, kGroup);
  arrive(kOwn + "res",
         encode(messages::Response{"1", messages::ResumeAnswer{{messages::ChatStart{head()}}, {}}}));
  EXPECT_EQ(firsts.at(1), 0x82);  // after the PUBACK: the group's topics
}

TEST_F(LightPhoneTest, CountsMessagesOfOthersThatCarryAStamp) {
  connect();
  start();
  const std::string message = encode(messages::ChatMessage{"m1", "text", "hello", {}});
  arrive(kPrefix + "chat/ben", message, true);
  arrive(kPrefix + "chat/ben", message, false);
  arrive(kPrefix + "chat/mia", message, true);
  EXPECT_EQ(counts.delivered, 1U);
  EXPECT_THAT(firsts, ElementsAre(0x40));  // PUBACK
}

TEST_F(LightPhoneTest, ChangesItsPresence) {
  connect();
  take(phone.flip(counts));
  EXPECT_THAT(topics_published(), ElementsAre(kOwn + "presence"));
  EXPECT_EQ(messages::decode_presence(published.at(0).payload)->state, messages::PresenceState::away);
  take(phone.flip(counts));
  EXPECT_EQ(messages::decode_presence(published.at(0).payload)->state, messages::PresenceState::available);
  EXPECT_EQ(counts.flips, 2U);
}

TEST_F(LightPhoneTest, WalksAndWrites) {
  connect();
  start();
  take(phone.second(60, 1, 1'767'225'600'000, counts));  // a message each second
  EXPECT_EQ(counts.fixes, 1U);
  EXPECT_EQ(counts.sent, 1U);
  EXPECT_THAT(topics_published(), ElementsAre(kOwn + "pos", kPrefix + "chat/mia"));
  const auto report = messages::decode_position_report(published.at(0).payload);
  ASSERT_TRUE(report.has_value());
  EXPECT_THAT(report->fixes, SizeIs(1));
  EXPECT_TRUE(messages::decode_chat_message(published.at(1).payload).has_value());
  take(phone.second(0, 0.1, 1'767'225'601'000, counts));  // hardly moved
  EXPECT_THAT(published, IsEmpty());
}

}  // namespace
}  // namespace convoke::crowd
