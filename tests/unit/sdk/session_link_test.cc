#include "tests/unit/sdk/phone.h"

namespace convoke::sdk {
namespace {

using messages::ChatEnd;
using messages::ChatStart;
using messages::HoldRequest;
using messages::ResumeAnswer;
using messages::ResumeRequest;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

messages::Presence presence_in(const std::string& payload) { return *messages::decode_presence(payload); }

TEST(Session, ConnectsWithAWillThatSaysOffline) {
  Phone phone;
  phone.open();
  const auto connect = phone.take<ConnectCommand>();
  EXPECT_EQ(connect.will_topic, kOwn + "presence");
  EXPECT_EQ(presence_in(connect.will_payload).state, messages::PresenceState::offline);
  EXPECT_EQ(presence_in(connect.will_payload).connect_number, 1'767'225'600'000U);
  EXPECT_FALSE(connect.fresh_token);
}

TEST(Session, SubscribesPublishesPresenceAndResumesFirstOfAll) {
  Phone phone;
  phone.open();
  phone.on(LinkUp{});
  EXPECT_THAT(phone.take<SubscribeCommand>().filters,
              ElementsAre(std::pair(kInbox, 1), std::pair(kOwn + "res", 1)));
  const auto presence = phone.take_published(kOwn + "presence");
  ASSERT_THAT(presence, SizeIs(1));
  EXPECT_TRUE(presence[0].retain);
  EXPECT_EQ(presence[0].qos, 1);
  EXPECT_EQ(presence_in(presence[0].payload).connect_number, 1'767'225'600'000U);
  EXPECT_TRUE(phone.asked<ResumeRequest>());
}

TEST(Session, RepeatsTheResumeUntilItIsAnswered) {
  Phone phone;
  phone.open();
  phone.on(LinkUp{});
  const std::string id = phone.request<ResumeRequest>().first;
  phone.wait(5'000);
  EXPECT_EQ(phone.request<ResumeRequest>().first, id);
  phone.respond(id, ResumeAnswer{});
  phone.forget_commands();
  phone.wait(100'000);
  EXPECT_FALSE(phone.asked<ResumeRequest>());
}

TEST(Session, NumbersEachConnectHigherEvenIfTheClockStepsBack) {
  Phone phone(SavedState{1'900'000'000'000, {}});
  phone.open();
  EXPECT_EQ(presence_in(phone.take<ConnectCommand>().will_payload).connect_number, 1'900'000'000'001U);
  EXPECT_EQ(phone.session().take_state_to_save()->connect_number, 1'900'000'000'001U);
}

TEST(Session, ComesBackByItselfWithTheNextBroker) {
  Phone phone;
  phone.online();
  phone.take<ConnectCommand>();
  phone.on(LinkDown{0, "connection lost"});
  const auto down = phone.take_events<Disconnected>();
  ASSERT_THAT(down, SizeIs(1));
  EXPECT_FALSE(phone.has<ConnectCommand>());
  EXPECT_EQ(*phone.session().next_tick(), phone.now().steady_ms + down[0].retry_in_ms);
  phone.wait(down[0].retry_in_ms);
  EXPECT_EQ(phone.take<ConnectCommand>().attempt, 1U);
}

TEST(Session, TriesAtOnceWhenTheAppSaysSo) {
  Phone phone;
  phone.session().retry_now(phone.now());  // closed: no attempt
  phone.open();
  phone.on(LinkDown{0, "no token yet"});
  phone.take<ConnectCommand>();
  EXPECT_FALSE(phone.has<ConnectCommand>());
  phone.session().retry_now(phone.now());
  phone.session().retry_now(phone.now());  // one attempt at a time
  phone.wait(0);
  phone.take<ConnectCommand>();
  EXPECT_FALSE(phone.has<ConnectCommand>());
}

TEST(Session, AsksForAFreshTokenAfterARefusalAndOnlyThen) {
  Phone phone;
  phone.open();
  phone.on(LinkDown{0, "network"});
  phone.wait(60'000);
  EXPECT_FALSE((phone.take<ConnectCommand>(), phone.take<ConnectCommand>()).fresh_token);
  phone.on(LinkDown{0x87, "not authorized"});
  phone.wait(60'000);
  EXPECT_TRUE(phone.take<ConnectCommand>().fresh_token);
  phone.on(LinkUp{});
  phone.on(LinkDown{0, "network"});
  phone.wait(60'000);
  EXPECT_FALSE(phone.take<ConnectCommand>().fresh_token);
}

TEST(Session, StaysDownAfterClose) {
  Phone phone;
  phone.online();
  phone.session().close();
  phone.on(LinkDown{0, "closed"});
  EXPECT_TRUE(phone.has<DisconnectCommand>());
  EXPECT_THAT(phone.take_events<Disconnected>(), IsEmpty());
  EXPECT_FALSE(phone.session().next_tick().has_value());
}

TEST(Session, ClosesAConnectionThatCameUpAfterClose) {
  Phone phone;
  phone.open();
  phone.session().close();
  phone.take_events<Connected>();
  phone.on(LinkUp{});
  EXPECT_FALSE(phone.session().connected());
  phone.take<DisconnectCommand>();
  phone.take<DisconnectCommand>();
  EXPECT_FALSE(phone.session().closed());
  phone.on(LinkDown{0, "closed"});
  EXPECT_TRUE(phone.session().closed());
}

TEST(Session, OpensAgainOnlyWhenTheClosedConnectionIsDown) {
  Phone phone;
  phone.online();
  phone.report({.time_ms = 1, .lat = 1, .lon = 2});
  phone.session().close();
  phone.wait(0);
  phone.forget_commands();
  phone.open();
  EXPECT_FALSE(phone.has<ConnectCommand>());
  EXPECT_FALSE(phone.session().closed());
  phone.on(LinkDown{0, "closed"});
  EXPECT_THAT(phone.take_events<Disconnected>(), IsEmpty());
  const auto connect = phone.take<ConnectCommand>();
  EXPECT_GT(presence_in(connect.will_payload).connect_number, 1'767'225'600'000U);
  phone.on(LinkUp{true});
  EXPECT_TRUE(phone.session().connected());
  EXPECT_THAT(phone.take_published(kOwn + "pos"), SizeIs(1));  // the broker had not taken it
}

TEST(Session, EndsAnAttemptOfBeforeTheCloseAndThenMakesItsOwn) {
  Phone phone;
  phone.open();
  phone.session().close();
  phone.open();
  phone.forget_commands();
  phone.on(LinkUp{});  // with the old will: not the one to keep
  EXPECT_FALSE(phone.session().connected());
  phone.take<DisconnectCommand>();
  phone.on(LinkDown{0, "closed"});
  phone.take<ConnectCommand>();
}

TEST(Session, StaysClosedIfClosedAgainBeforeTheConnectionIsDown) {
  Phone phone;
  phone.online();
  phone.session().close();
  phone.open();
  phone.session().close();
  phone.forget_commands();
  phone.on(LinkDown{0, "closed"});
  EXPECT_TRUE(phone.session().closed());
  EXPECT_FALSE(phone.has<ConnectCommand>());
}

TEST(Session, SendsOfflineFixesAsOneReport) {
  Phone phone;
  for (int i = 0; i < 250; ++i) phone.report({.time_ms = 1'000 + i, .lat = 1, .lon = 2});
  phone.open();
  phone.on(LinkUp{});
  const auto sent = phone.take_published(kOwn + "pos");
  ASSERT_THAT(sent, SizeIs(1));
  const auto report = messages::decode_position_report(sent[0].payload);
  ASSERT_TRUE(report.has_value());
  ASSERT_THAT(report->fixes, SizeIs(200));
  EXPECT_EQ(report->fixes[0].time_ms, 1'050);  // the oldest 50 were dropped
}

TEST(Session, KeepsFixesThatTheBrokerHasNotTaken) {
  Phone phone;
  phone.online();
  phone.report({.time_ms = 1, .lat = 1, .lon = 2});
  phone.report({.time_ms = 2, .lat = 1, .lon = 2});
  phone.wait(1);
  const auto sent = phone.take_published(kOwn + "pos");
  ASSERT_THAT(sent, SizeIs(2));
  phone.on(PublishDone{sent[0].ticket, 0});
  phone.on(LinkDown{0, "connection lost"});
  phone.wait(60'000);
  phone.on(LinkUp{true});
  const auto again = phone.take_published(kOwn + "pos");
  ASSERT_THAT(again, SizeIs(1));
  const auto report = *messages::decode_position_report(again[0].payload);
  ASSERT_THAT(report.fixes, SizeIs(1));
  EXPECT_EQ(report.fixes[0].time_ms, 2);
}

TEST(Session, PublishesAPresenceThatTheAppSets) {
  Phone phone;
  phone.online();
  phone.take_published(kOwn + "presence");
  phone.session().set_presence(Presence::busy);
  phone.wait(1);
  const auto sent = phone.take_published(kOwn + "presence");
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(presence_in(sent[0].payload).state, messages::PresenceState::busy);
}

TEST(Session, TellsTheAppWhatTheBrokerRefused) {
  Phone phone;
  phone.open();
  phone.on(LinkUp{});
  const auto subscribe = phone.take<SubscribeCommand>();
  phone.on(SubscribeDone{subscribe.ticket, {1, 0x87}});
  const auto presence = phone.take_published(kOwn + "presence").at(0);
  phone.on(PublishDone{presence.ticket, 0x87});
  const auto refused = phone.take_events<Refused>();
  ASSERT_THAT(refused, SizeIs(2));
  EXPECT_EQ(refused[0].topic, kOwn + "res");
  EXPECT_EQ(refused[1].topic, kOwn + "presence");
  EXPECT_EQ(refused[1].code, 0x87);
}

TEST(Session, TellsTheAppThatTheServerCouldNotUseAReport) {
  Phone phone;
  phone.online();
  phone.forget_commands();
  phone.respond("", messages::RequestError{"bad-request", "n: expected a connect number of now", {}});
  const auto refused = phone.take_events<Refused>();
  ASSERT_THAT(refused, SizeIs(1));
  EXPECT_EQ(refused[0].what, "report");
  EXPECT_EQ(refused[0].detail, "bad-request: n: expected a connect number of now");
  EXPECT_FALSE(
      phone.has<DisconnectCommand>());  // the number is the clock's: another would be refused as well
}

TEST(Session, GivesUpAConnectNumberOfAClockThatWasFast) {
  Phone phone(SavedState{1'900'000'000'000, {}});
  phone.online();
  phone.forget_commands();
  phone.respond("", messages::RequestError{"bad-request", "n: expected a connect number of now", {}});
  phone.take<DisconnectCommand>();
  phone.on(LinkDown{0, "closed"});
  phone.wait(60'000);
  EXPECT_EQ(presence_in(phone.take<ConnectCommand>().will_payload).connect_number, 1'767'225'660'000U);
}

TEST(Session, ResumesTheGroupsOfAnEarlierProcess) {
  Phone phone(SavedState{5, {{kGroup, "hall-a"}}});
  EXPECT_THAT(phone.session().groups(), IsEmpty());
  phone.open();
  phone.on(LinkUp{true});
  const auto [id, resume] = phone.request<ResumeRequest>();
  ASSERT_THAT(resume.groups, SizeIs(1));
  EXPECT_EQ(resume.groups[0].group, kGroup);
  phone.respond(id, ResumeAnswer{{ChatStart{header(3)}}, {}});
  EXPECT_THAT(phone.take_events<ChatStarted>(), SizeIs(1));
  phone.load(3);
  EXPECT_EQ(phone.session().group(kGroup)->version, 3U);
}

TEST(Session, LearnsFromTheResumeThatAChatEndedWhileItWasAway) {
  Phone phone(SavedState{5, {{kGroup, "hall-a"}}});
  phone.online(false, ResumeAnswer{{}, {ChatEnd{kGroup, "hall-a", "duration", 9}}});
  const auto ended = phone.take_events<ChatEnded>();
  ASSERT_THAT(ended, SizeIs(1));
  EXPECT_EQ(ended[0].reason, "duration");
  const auto hold = phone.request<HoldRequest>().second;
  ASSERT_THAT(hold.groups, SizeIs(1));
  EXPECT_TRUE(hold.groups[0].ended);
  EXPECT_THAT(phone.session().take_state_to_save()->groups, IsEmpty());
}

}  // namespace
}  // namespace convoke::sdk
