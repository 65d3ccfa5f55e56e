#include "tests/unit/sdk/phone.h"

namespace convoke::sdk {
namespace {

using messages::ChatEnd;
using messages::ChatStart;
using messages::EmptyAnswer;
using messages::HistoryRequest;
using messages::HoldRequest;
using messages::InboxMessage;
using messages::PageRequest;
using messages::ResumeAnswer;
using messages::ResumeRequest;
using messages::RosterChanges;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Session, R1_R3_OpensAChatAndSaysWhichListItHolds) {
  Phone phone;
  phone.online();
  phone.forget_commands();
  phone.arrive(kInbox, encode(InboxMessage(ChatStart{header(1)})));
  ASSERT_THAT(phone.take_events<ChatStarted>(), SizeIs(1));
  EXPECT_THAT(phone.take<SubscribeCommand>().filters,
              ElementsAre(std::pair(kPrefix + "head", 1), std::pair(kPrefix + "buddies/0", 1),
                          std::pair(kPrefix + "changes", 1), std::pair(kPrefix + "ack", 0),
                          std::pair(kPrefix + "notice", 1), std::pair(kPrefix + "chat/+", 1),
                          std::pair(kPrefix + "signal/+", 0)));
  EXPECT_THAT(phone.take_events<BuddyListChanged>(), IsEmpty());
  phone.load(1);
  ASSERT_THAT(phone.take_events<BuddyListChanged>(), SizeIs(1));
  EXPECT_THAT(phone.session().buddies(kGroup), SizeIs(2));
  const auto hold = phone.request<HoldRequest>().second;
  ASSERT_THAT(hold.groups, SizeIs(1));
  EXPECT_EQ(hold.groups[0].version, 1U);
  EXPECT_THAT(phone.take<UnsubscribeCommand>().filters, ElementsAre(kPrefix + "buddies/0"));
}

TEST(Session, IsNotConfusedByARepeatedStart) {
  Phone phone;
  phone.online();
  phone.start_group();
  phone.forget_commands();
  phone.arrive(kInbox, encode(InboxMessage(ChatStart{header(1)})));
  EXPECT_THAT(phone.take_events<ChatStarted>(), SizeIs(1));
  EXPECT_FALSE(phone.has<SubscribeCommand>());
}

TEST(Session, R4_ListsWhoIsAvailableLive) {
  Phone phone;
  phone.online();
  phone.start_group();
  ASSERT_THAT(phone.session().available_buddies(kGroup), SizeIs(1));
  EXPECT_EQ(phone.session().available_buddies(kGroup)[0].user, "ben");
  RosterChanges changes;
  changes.group = kGroup;
  changes.from = 1;
  changes.version = 2;
  changes.put = {{"ben", "Ben", messages::PresenceState::busy, {}}};
  phone.arrive(kPrefix + "changes", encode(changes));
  EXPECT_THAT(phone.session().available_buddies(kGroup), IsEmpty());
  EXPECT_THAT(phone.session().buddies(kGroup), SizeIs(2));
}

TEST(Session, R4_AsksForWhoIsAvailableOverAWholeLargeList) {
  Phone phone;
  phone.online();
  phone.start_group(1, 40);
  const auto id = phone.session().request_available(kGroup, "ben", phone.now());
  ASSERT_TRUE(id);
  phone.wait(0);
  const auto request = phone.request<messages::AvailableRequest>();
  EXPECT_EQ(request.second.after, "ben");
  phone.respond(*id, messages::AvailableAnswer{{{"zoe", "", messages::PresenceState::available, {}}}, true});
  const auto answers = phone.take_events<AvailableBuddies>();
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_EQ(answers[0].request, *id);
  EXPECT_EQ(answers[0].buddies.at(0).user, "zoe");
  EXPECT_TRUE(answers[0].more);
}

TEST(Session, SaysWhichRequestHasFailed) {
  Phone phone;
  phone.online();
  phone.start_group();
  const auto refused_id = phone.session().request_available(kGroup, "", phone.now());
  phone.respond(*refused_id, messages::RequestError{"not-member", "group: expected another", {}});
  const auto dropped_id = phone.session().request_available(kGroup, "", phone.now());
  phone.end_group();
  const auto refused = phone.take_events<Refused>();
  ASSERT_THAT(refused, SizeIs(2));
  EXPECT_EQ(refused[0].request, *refused_id);
  EXPECT_EQ(refused[0].group, kGroup);
  EXPECT_EQ(refused[0].detail, "not-member: group: expected another");
  EXPECT_EQ(refused[1].request, *dropped_id);
  EXPECT_EQ(refused[1].group, kGroup);
  EXPECT_EQ(refused[1].detail, "the chat has ended");
}

TEST(Session, ReportsVersionsAtMostOnceASecond) {
  Phone phone;
  phone.online();
  phone.start_group();
  phone.respond(phone.request<HoldRequest>().first, EmptyAnswer{});
  for (std::uint64_t version = 1; version <= 5; ++version) {
    RosterChanges changes;
    changes.group = kGroup;
    changes.from = version;
    changes.version = version + 1;
    phone.arrive(kPrefix + "changes", encode(changes));
  }
  EXPECT_FALSE(phone.asked<HoldRequest>());
  phone.wait(Session::kHoldPauseMs);
  EXPECT_EQ(phone.request<HoldRequest>().second.groups.at(0).version, 6U);
  EXPECT_FALSE(phone.asked<HoldRequest>());
}

TEST(Session, FetchesAChangedPageByRequest) {
  Phone phone;
  phone.online();
  phone.start_group(1, 2);
  RosterChanges changes;
  changes.group = kGroup;
  changes.from = 1;
  changes.version = 2;
  changes.pages_changed = {0, 1};
  phone.arrive(kPrefix + "changes", encode(changes));
  const auto [id, asked] = phone.request<PageRequest>();
  EXPECT_EQ(asked.page, 0U);
  EXPECT_FALSE(phone.asked<PageRequest>());  // page 1 is not held
  EXPECT_FALSE(phone.session().group(kGroup)->settled);
  phone.respond(id, first_page(2));
  EXPECT_EQ(phone.session().group(kGroup)->version, 2U);
}

/// How long the phone waits before it asks for a page that has changed, in a chat of so many.
std::int64_t waits(std::uint64_t seed, std::uint32_t members) {
  Phone phone({}, true, seed);
  phone.online();
  phone.start_group(1, 2);
  RosterChanges changes;
  changes.group = kGroup;
  changes.members = members;
  for (changes.from = 1; changes.from < 4; ++changes.from) {
    changes.version = changes.from + 1;
    changes.all = true;
    phone.arrive(kPrefix + "changes", encode(changes));
  }
  std::int64_t waited = 0;
  while (!phone.asked<PageRequest>() && waited <= 60'000) {
    phone.wait(100);
    waited += 100;
  }
  phone.request<PageRequest>();
  EXPECT_FALSE(phone.asked<PageRequest>()) << "one question for all changes meanwhile";
  return waited;
}

TEST(Session, R4_PhonesOfALargeChatDoNotAskForAChangedPageInOneMoment) {
  std::set<std::int64_t> moments;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    moments.insert(waits(seed, 10'000));
    EXPECT_LE(*moments.rbegin(), 10'000);
    EXPECT_LE(waits(seed, 1'000'000), Session::kMaxPageWaitMs);
    EXPECT_LE(waits(seed, 201), 300);
  }
  EXPECT_GE(moments.size(), 15U);
}

TEST(Session, ReadsTheListAgainAfterAGap) {
  Phone phone;
  phone.online();
  phone.start_group();
  phone.forget_commands();
  RosterChanges changes;
  changes.group = kGroup;
  changes.from = 7;
  changes.version = 8;
  phone.arrive(kPrefix + "changes", encode(changes));
  EXPECT_THAT(phone.take<SubscribeCommand>().filters,
              ElementsAre(std::pair(kPrefix + "head", 1), std::pair(kPrefix + "buddies/0", 1)));
  phone.load(8);
  EXPECT_EQ(phone.session().group(kGroup)->version, 8U);
}

TEST(Session, R2_R3_EndDeletesTheListAndUnsentMessagesAtOnce) {
  Phone phone;
  phone.online();
  phone.start_group();
  const auto id = phone.session().send(kGroup, "too late", {}, phone.now());
  phone.take_events<OwnMessage>();
  phone.forget_commands();
  phone.end_group();
  const auto ended = phone.take_events<ChatEnded>();
  ASSERT_THAT(ended, SizeIs(1));
  EXPECT_EQ(ended[0].reason, "duration");
  const auto dropped = phone.take_events<OwnMessage>();
  ASSERT_THAT(dropped, SizeIs(1));
  EXPECT_EQ(dropped[0].id, *id);
  EXPECT_EQ(dropped[0].state, OwnMessage::State::dropped);
  EXPECT_THAT(phone.session().groups(), IsEmpty());
  EXPECT_THAT(phone.session().buddies(kGroup), IsEmpty());
  EXPECT_THAT(phone.take<UnsubscribeCommand>().filters, SizeIs(7));
  phone.wait(Session::kHoldPauseMs);
  const auto hold = phone.request<HoldRequest>();
  ASSERT_THAT(hold.second.groups, SizeIs(1));
  EXPECT_TRUE(hold.second.groups[0].ended);
  EXPECT_FALSE(phone.session().send(kGroup, "hello?", {}, phone.now()));
  phone.respond(hold.first, EmptyAnswer{});
  phone.end_group();  // the server repeats
  EXPECT_THAT(phone.take_events<ChatEnded>(), IsEmpty());
  phone.wait(Session::kHoldPauseMs);
  EXPECT_TRUE(phone.request<HoldRequest>().second.groups.at(0).ended);
}

TEST(Session, EndsOnTheTombstoneToo) {
  Phone phone;
  phone.online();
  phone.start_group();
  messages::RosterHead tombstone = header(1);
  tombstone.state = messages::GroupState::retired;
  phone.arrive(kPrefix + "head", encode(tombstone));
  EXPECT_THAT(phone.take_events<ChatEnded>(), SizeIs(1));
}

TEST(Session, NeverOpensAnEndedGroupAgain) {
  Phone phone;
  phone.online();
  phone.end_group();  // of a chat that this phone never saw: the end overtook the start
  EXPECT_THAT(phone.take_events<ChatEnded>(), IsEmpty());
  phone.respond(phone.request<HoldRequest>().first, EmptyAnswer{});
  phone.arrive(kInbox, encode(InboxMessage(ChatStart{header(1)})));
  EXPECT_THAT(phone.take_events<ChatStarted>(), IsEmpty());
  phone.wait(Session::kHoldPauseMs);
  EXPECT_TRUE(phone.request<HoldRequest>().second.groups.at(0).ended);
}

TEST(Session, OpensAGroupAgainThatTheUserWasAddedToAgain) {
  Phone phone;
  phone.online();
  phone.start_group(3);
  phone.end_group();
  phone.arrive(kInbox, encode(InboxMessage(ChatStart{header(3)})));  // a late repeat
  EXPECT_THAT(phone.take_events<ChatStarted>(), SizeIs(1));
  phone.forget_commands();
  phone.arrive(kInbox, encode(InboxMessage(ChatStart{header(4)})));
  EXPECT_THAT(phone.take_events<ChatStarted>(), SizeIs(1));
  EXPECT_THAT(phone.take<SubscribeCommand>().filters, SizeIs(7));
  phone.load(4);
  EXPECT_EQ(phone.session().group(kGroup)->version, 4U);
  phone.wait(Session::kHoldPauseMs);
  phone.end_group();  // and this end counts as well
  EXPECT_THAT(phone.take_events<ChatEnded>(), SizeIs(2));
}

TEST(Session, OpensAGroupAgainAtTheSecondStartIfItNeverSawTheFirst) {
  Phone phone(SavedState{5, {{kGroup, "hall-a"}}});
  phone.online(false, ResumeAnswer{{}, {ChatEnd{kGroup, "hall-a", "removed", 9}}});
  phone.arrive(kInbox, encode(InboxMessage(ChatStart{header(7)})));
  EXPECT_THAT(phone.take_events<ChatStarted>(), IsEmpty());
  phone.arrive(kInbox, encode(InboxMessage(ChatStart{header(8)})));
  EXPECT_THAT(phone.take_events<ChatStarted>(), SizeIs(1));
}

TEST(Session, SubscribesAgainIfTheBrokerLostTheSession) {
  Phone phone;
  phone.online();
  phone.start_group();
  phone.no_history();
  phone.grant_subscriptions();
  for (const bool session_present : {true, false}) {
    phone.on(LinkDown{0, "connection lost"});
    phone.wait(60'000);
    phone.forget_commands();
    phone.on(LinkUp{session_present});
    phone.take<SubscribeCommand>();  // inbox and res
    const auto resume = phone.request<ResumeRequest>();
    EXPECT_EQ(resume.second.groups.at(0).version, 1U);
    EXPECT_FALSE(phone.has<SubscribeCommand>());
    phone.respond(resume.first, ResumeAnswer{{ChatStart{header(1)}}, {}});
    EXPECT_EQ(phone.has<SubscribeCommand>(), !session_present);
    EXPECT_TRUE(phone.asked<HistoryRequest>());
    phone.no_history();
  }
  EXPECT_THAT(phone.take_events<ChatStarted>(), SizeIs(1));
}

/// The broker may have begun a new session for an attempt whose answer was lost: the one that it holds now is
/// not the one that was subscribed in.
TEST(Session, SubscribesAgainIfAnAttemptWasNotAnswered) {
  const auto subscribes_at = [](Phone& phone) {
    phone.forget_commands();
    phone.on(LinkUp{true});
    phone.take<SubscribeCommand>();  // inbox and res
    phone.respond(phone.request<ResumeRequest>().first, ResumeAnswer{{ChatStart{header(1)}}, {}});
    const bool subscribes = phone.has<SubscribeCommand>();
    phone.grant_subscriptions();
    phone.on(LinkDown{0, "connection lost"});
    phone.wait(60'000);
    return subscribes;
  };
  Phone phone;
  phone.online();
  phone.start_group();
  phone.grant_subscriptions();
  phone.on(LinkDown{0, "connection lost"});
  phone.wait(60'000);
  phone.on(LinkDown{0, "no answer"});
  phone.wait(60'000);
  EXPECT_TRUE(subscribes_at(phone));
  EXPECT_FALSE(subscribes_at(phone));
  phone.on(LinkDown{0x87, "not authorized"});  // it has said no, so there is no new session
  phone.wait(60'000);
  EXPECT_FALSE(subscribes_at(phone));
  phone.session().close();
  phone.wait(0);
  phone.on(LinkUp{false});  // too late
  phone.on(LinkDown{0, "closed"});
  phone.open();
  EXPECT_TRUE(subscribes_at(phone));
}

TEST(Session, TriesAgainWhenAGroupsSubscriptionIsRefused) {
  Phone phone;
  phone.online();
  phone.forget_commands();
  phone.arrive(kInbox, encode(InboxMessage(ChatStart{header(1)})));
  const auto subscribe = phone.take<SubscribeCommand>();
  phone.on(SubscribeDone{subscribe.ticket, std::vector<int>(6, 0x87)});
  EXPECT_FALSE(phone.has<SubscribeCommand>());
  EXPECT_THAT(phone.take_events<Refused>(), SizeIs(6));
  phone.wait(2'000);
  EXPECT_THAT(phone.take<SubscribeCommand>().filters, SizeIs(7));
}

TEST(Session, SubscribesAgainWhereTheConnectionTookTheSubscriptionWithIt) {
  Phone phone;
  phone.online();
  phone.arrive(kInbox, encode(InboxMessage(ChatStart{header(1)})));
  phone.on(LinkDown{0, "connection lost"});  // before the SUBACK
  phone.wait(60'000);
  phone.forget_commands();
  phone.on(LinkUp{true});
  EXPECT_THAT(phone.take<SubscribeCommand>().filters,
              SizeIs(2));  // inbox and res, whatever the session holds
  phone.respond(phone.request<ResumeRequest>().first, ResumeAnswer{{ChatStart{header(1)}}, {}});
  EXPECT_THAT(phone.take<SubscribeCommand>().filters, SizeIs(7));
  phone.load(1);
  EXPECT_EQ(phone.session().group(kGroup)->version, 1U);
}

TEST(Session, SubscribesAgainWhereTheSubscriptionNeverWentOut) {
  Phone phone;
  phone.online();
  phone.forget_commands();
  phone.arrive(kInbox, encode(InboxMessage(ChatStart{header(1)})));
  phone.on(SubscribeDone{phone.take<SubscribeCommand>().ticket, std::vector<int>(6, -1)});
  EXPECT_THAT(phone.take_events<Refused>(), IsEmpty());  // nobody refused anything
  phone.wait(2'000);
  EXPECT_THAT(phone.take<SubscribeCommand>().filters, SizeIs(7));
}

TEST(Session, IgnoresForeignGroupsSitesAndBrokenPayloads) {
  Phone phone;
  phone.online();
  phone.arrive("cv1/other/u/mia/in", encode(InboxMessage(ChatStart{header(1)})));
  phone.arrive("cv1/demo/g/" + std::string(32, 'b') + "/head", encode(header(1)));
  phone.arrive(kInbox, "{\"type\":\"chat-start\"");
  phone.arrive(kInbox, std::string(70'000, ' '));
  phone.arrive("", "");
  EXPECT_THAT(phone.session().groups(), IsEmpty());
  EXPECT_THAT(phone.take_events<Refused>(), SizeIs(1));  // the one on a topic of ours
}

TEST(Session, RefusesAListOfAnotherGroupOnThisGroupsTopic) {
  Phone phone;
  phone.online();
  phone.start_group();
  messages::RosterPage foreign = first_page(9);
  foreign.group = std::string(32, 'b');
  foreign.buddies.clear();
  phone.arrive(kPrefix + "buddies/0", encode(foreign));
  EXPECT_THAT(phone.session().buddies(kGroup), SizeIs(2));
}

TEST(Session, LeavesAChat) {
  Phone phone;
  phone.online();
  phone.start_group();
  EXPECT_FALSE(phone.session().leave(std::string(32, 'b'), phone.now()));
  EXPECT_TRUE(phone.session().leave(kGroup, phone.now()));
  phone.wait(0);
  EXPECT_EQ(phone.request<messages::LeaveRequest>().second.group, kGroup);
}

TEST(Session, PassesOnThatTheServerWantsAFix) {
  Phone phone;
  phone.online();
  phone.arrive(kInbox, encode(InboxMessage(messages::ReportPosition{})));
  EXPECT_THAT(phone.take_events<PositionWanted>(), SizeIs(1));
}

TEST(Session, R2_AsksWhichChatsLiveWhenItIsNoMemberOfOneThatItHolds) {
  Phone phone;
  phone.online();
  phone.start_group();
  phone.load(1);
  const auto history = phone.request<HistoryRequest>();
  phone.forget_commands();
  phone.respond(history.first, messages::RequestError{"not-member", "group: expected another", {}});
  const auto resume = phone.request<ResumeRequest>();
  ASSERT_THAT(resume.second.groups, SizeIs(1));
  EXPECT_EQ(resume.second.groups[0].group, kGroup);
  phone.respond(resume.first, ResumeAnswer{{}, {ChatEnd{kGroup, "hall-a", "duration", 5}}, false});
  EXPECT_THAT(phone.take_events<ChatEnded>(), SizeIs(1));
  EXPECT_THAT(phone.session().buddies(kGroup), IsEmpty());
}

}  // namespace
}  // namespace convoke::sdk
