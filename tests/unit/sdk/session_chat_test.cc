#include "tests/unit/sdk/phone.h"

namespace convoke::sdk {
namespace {

using messages::ArchivedMessage;
using messages::ArchivedUpTo;
using messages::HistoryAnswer;
using messages::HistoryRequest;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kOwnChat = kPrefix + "chat/mia";

Phone in_chat() {
  Phone phone;
  phone.online();
  phone.start_group();
  phone.no_history();
  phone.forget_commands();
  return phone;
}

std::vector<std::string> texts(Phone& phone) {
  std::vector<std::string> ids;
  for (const MessageReceived& received : phone.take_events<MessageReceived>())
    ids.push_back(received.message.id);
  return ids;
}

ArchivedMessage archived(const std::string& from, const std::string& id, std::uint64_t epoch,
                         std::uint64_t n) {
  return {from, {id, "text", "hello", {}}, {"demo", epoch, n, 1}};
}

std::string ack(std::uint64_t epoch, std::uint64_t upto,
                std::vector<std::pair<std::uint64_t, std::uint64_t>> missing = {}) {
  return encode(ArchivedUpTo{epoch, upto, std::move(missing)});
}

TEST(Session, DeliversAMessageOnceHoweverOftenItComes) {
  Phone phone = in_chat();
  phone.chat("ben", "m1", 1, 1);
  phone.chat("ben", "m1", 1, 1);
  phone.chat("ben", "m1", 1, 2);
  EXPECT_THAT(texts(phone), ElementsAre("m1"));
}

TEST(Session, IgnoresAMessageWithoutStamp) {
  Phone phone = in_chat();
  phone.arrive(kPrefix + "chat/ben", encode(messages::ChatMessage{"m1", "text", "hello", {}}));
  EXPECT_THAT(texts(phone), IsEmpty());
}

TEST(Session, BelievesAnAnnouncementOnlyWhereOnlyTheServerSpeaks) {
  Phone phone = in_chat();
  const messages::Notice notice{"eve", {"cv-1", "announcement", "the bar closes at ten", {}}};
  phone.arrive(kPrefix + "notice", encode(notice), {"demo", 1, 1, 1});
  phone.arrive(kPrefix + "notice", encode(notice), {"demo", 1, 2, 1});
  const auto received = phone.take_events<MessageReceived>();
  ASSERT_THAT(received, SizeIs(1));
  EXPECT_EQ(received[0].message.type, "announcement");
  EXPECT_EQ(received[0].message.from, "eve");
  EXPECT_EQ(received[0].message.stamp.n, 1U);
  phone.arrive(kPrefix + "chat/ben", encode(notice.message), {"demo", 1, 3, 1});
  phone.arrive(kPrefix + "chat/ben", encode(messages::ChatMessage{"b1", "system", "hello", {}}),
               {"demo", 1, 4, 1});
  EXPECT_THAT(phone.take_events<MessageReceived>(), IsEmpty());
}

TEST(Session, TellsEditsAndDeletesLiveAndFromTheArchive) {
  Phone phone = in_chat();
  phone.arrive(kPrefix + "chat/ben", encode(messages::ChatMessage{"e1", "edit", "new", {}, "m1"}),
               {"demo", 1, 1, 1});
  const auto edited = phone.take_events<MessageEdited>();
  ASSERT_THAT(edited, SizeIs(1));
  EXPECT_EQ(edited[0].from + edited[0].id + edited[0].text, "benm1new");
  messages::Notice notice{"eve", {"cv-1", "delete", "deleted", {}, "m1", "ben"}};
  phone.arrive(kPrefix + "notice", encode(notice), {"demo", 1, 2, 1});
  // The same words of a member are about that member's own message.
  notice.message.id = "x1";
  phone.arrive(kPrefix + "chat/zoe", encode(notice.message), {"demo", 1, 3, 1});
  const auto deleted = phone.take_events<MessageDeleted>();
  ASSERT_THAT(deleted, SizeIs(2));
  EXPECT_EQ(deleted[0].from + deleted[0].id + deleted[0].by, "benm1eve");
  EXPECT_EQ(deleted[1].from + deleted[1].id + deleted[1].by, "zoem1zoe");
  phone.chat("ben", "m9", 1, 6);
  phone.wait(5'000);
  ArchivedMessage gone = archived("ben", "m4", 1, 4);
  gone.deleted = messages::Stamp{"demo", 1, 5, 1};
  gone.deleted_by = "ben";
  ArchivedMessage last = archived("ben", "e2", 1, 5);
  last.message.type = "edit";
  last.message.of = "m1";
  phone.respond(phone.request<HistoryRequest>().first, HistoryAnswer{{gone, last}, false});
  EXPECT_THAT(phone.take_events<MessageEdited>(), SizeIs(1));
  const auto received = phone.take_events<MessageReceived>();
  ASSERT_THAT(received, SizeIs(2));
  EXPECT_TRUE(received[1].message.deleted);
  EXPECT_EQ(received[1].message.text, "");
}

TEST(Session, SendsAnEditOnceItsMessageIsArchived) {
  Phone phone = in_chat();
  const std::string id = *phone.session().send(kGroup, "helo", {}, phone.now());
  const std::string edit = *phone.session().edit(kGroup, id, "hello", phone.now());
  EXPECT_FALSE(phone.session().edit(kGroup, id, "", phone.now()));
  EXPECT_FALSE(phone.session().edit(kGroup, "no id!", "hello", phone.now()));
  phone.wait(0);
  EXPECT_THAT(phone.take_published(kOwnChat), SizeIs(1));
  phone.chat("mia", id, 1, 1);
  phone.arrive(kPrefix + "ack", ack(1, 1));
  const auto sent = phone.take_published(kOwnChat);
  ASSERT_THAT(sent, SizeIs(1));
  const auto message = messages::decode_chat_message(sent[0].payload);
  EXPECT_EQ(message->type, "edit");
  EXPECT_EQ(message->id, edit);
  EXPECT_EQ(message->of, id);
  ASSERT_TRUE(phone.session().delete_message(kGroup, id, phone.now()));
  phone.wait(0);
  EXPECT_THAT(phone.take_events<OwnMessage>(),
              testing::Contains(Field(&OwnMessage::state, OwnMessage::State::dropped)));
}

TEST(Session, ReportsAMessage) {
  Phone phone = in_chat();
  ASSERT_TRUE(phone.session().report(kGroup, "ben", "m1", "rude", phone.now()));
  EXPECT_FALSE(phone.session().report(kGroup, "ben", "no id!", "rude", phone.now()));
  EXPECT_FALSE(phone.session().report(kGroup, "ben", "m1", std::string(1'001, 'x'), phone.now()));
  phone.wait(0);
  const auto [id, request] = phone.request<messages::ReportRequest>();
  EXPECT_EQ(request.message, "m1");
  phone.respond(id, messages::RequestError{"unknown-message", "x", {}});
  const auto refused = phone.take_events<Refused>();
  ASSERT_THAT(refused, SizeIs(1));
  EXPECT_EQ(refused[0].what, "report-message");
}

TEST(Session, SendsAMessageUntilItIsArchived) {
  Phone phone = in_chat();
  const std::string id = *phone.session().send(kGroup, "see you at the bar", {}, phone.now());
  phone.wait(0);
  ASSERT_THAT(phone.take_published(kOwnChat), SizeIs(1));
  phone.wait(5'000);
  const auto repeat = phone.take_published(kOwnChat);
  ASSERT_THAT(repeat, SizeIs(1));
  EXPECT_EQ(messages::decode_chat_message(repeat[0].payload)->id, id);
  phone.chat("mia", id, 1, 4);
  phone.arrive(kPrefix + "ack", ack(1, 4));
  EXPECT_THAT(phone.take_events<OwnMessage>(),
              ElementsAre(Field(&OwnMessage::state, OwnMessage::State::sent),
                          Field(&OwnMessage::state, OwnMessage::State::archived)));
  phone.forget_commands();
  phone.wait(600'000);
  EXPECT_THAT(phone.take_published(kOwnChat), IsEmpty());
  EXPECT_THAT(texts(phone), IsEmpty());  // one's own is no received message
}

TEST(Session, SendsAgainAtOnceWhatTheArchiveMisses) {
  Phone phone = in_chat();
  const std::string id = *phone.session().send(kGroup, "hello", {}, phone.now());
  phone.wait(0);
  phone.take_published(kOwnChat);
  phone.chat("mia", id, 1, 4);
  phone.arrive(kPrefix + "ack", ack(1, 6, {{4, 5}}));
  EXPECT_THAT(phone.take_published(kOwnChat), SizeIs(1));
}

TEST(Session, KeepsMessagesWhileOfflineAndSendsThemAfterTheResume) {
  Phone phone = in_chat();
  phone.on(LinkDown{0, "connection lost"});
  ASSERT_TRUE(phone.session().send(kGroup, "one", {}, phone.now()));
  ASSERT_TRUE(phone.session().send(kGroup, "two", {}, phone.now()));
  phone.wait(60'000);
  phone.on(LinkUp{true});
  EXPECT_THAT(phone.take_published(kOwnChat), IsEmpty());
  phone.respond(phone.request<messages::ResumeRequest>().first, messages::ResumeAnswer{});
  const auto sent = phone.take_published(kOwnChat);
  ASSERT_THAT(sent, SizeIs(2));
  EXPECT_EQ(messages::decode_chat_message(sent[0].payload)->text, "one");
}

TEST(Session, TriesAMessageAgainThatCameTooSoon) {
  for (const int code : {0x10, 0x97}) {
    Phone phone = in_chat();
    ASSERT_TRUE(phone.session().send(kGroup, "hello", {}, phone.now()));
    phone.wait(0);
    phone.on(PublishDone{phone.take_published(kOwnChat).at(0).ticket, code});
    EXPECT_THAT(phone.take_events<OwnMessage>(), IsEmpty());
    phone.wait(4'999);
    EXPECT_THAT(phone.take_published(kOwnChat), IsEmpty());
    phone.wait(1);
    EXPECT_THAT(phone.take_published(kOwnChat), SizeIs(1));
  }
}

TEST(Session, SpacesMessagesOutInASlowGroup) {
  Phone phone = in_chat();
  messages::RosterHead head = header(1);
  head.rules.slow_ms = 10'000;
  phone.arrive(kPrefix + "head", encode(head));
  ASSERT_TRUE(phone.session().send(kGroup, "one", {}, phone.now()));
  ASSERT_TRUE(phone.session().send(kGroup, "two", {}, phone.now()));
  phone.wait(0);
  EXPECT_THAT(phone.take_published(kOwnChat), SizeIs(1));
  EXPECT_EQ(phone.session().group(kGroup)->slow_ms, 10'000);
}

TEST(Session, DropsAMessageThatTheBrokerRefuses) {
  Phone phone = in_chat();
  ASSERT_TRUE(phone.session().send(kGroup, "hello", {}, phone.now()));
  phone.wait(0);
  phone.on(PublishDone{phone.take_published(kOwnChat).at(0).ticket, 0x87});
  EXPECT_THAT(phone.take_events<OwnMessage>(),
              ElementsAre(Field(&OwnMessage::state, OwnMessage::State::dropped)));
  EXPECT_THAT(phone.take_events<Refused>(), SizeIs(1));
  phone.wait(60'000);
  EXPECT_THAT(phone.take_published(kOwnChat), IsEmpty());
}

TEST(Session, RefusesTextThatNobodyWouldAccept) {
  Phone phone = in_chat();
  EXPECT_FALSE(phone.session().send(kGroup, "", {}, phone.now()));
  EXPECT_FALSE(phone.session().send(kGroup, std::string(4'097, 'x'), {}, phone.now()));
  EXPECT_FALSE(phone.session().send(kGroup, "\xff\xfe", {}, phone.now()));
  EXPECT_FALSE(phone.session().send(std::string(32, 'b'), "hello", {}, phone.now()));
  EXPECT_TRUE(phone.session().send(kGroup, std::string(4'096, 'x'), {}, phone.now()));
}

TEST(Session, MergesTheHistoryByIdAfterAReconnect) {
  Phone phone = in_chat();
  phone.chat("ben", "m1", 1, 1);
  phone.on(LinkDown{0, "connection lost"});
  phone.wait(60'000);
  phone.on(LinkUp{true});
  phone.respond(phone.request<messages::ResumeRequest>().first, messages::ResumeAnswer{});
  const auto first = phone.request<HistoryRequest>();
  EXPECT_EQ(first.second.epoch, 1U);
  EXPECT_EQ(first.second.n, 1U);
  phone.chat("ben", "m4", 1, 4);  // live, before the answer
  phone.respond(first.first, HistoryAnswer{{archived("ben", "m2", 1, 2), archived("mia", "m3", 1, 3)}, true});
  const auto second = phone.request<HistoryRequest>();
  EXPECT_EQ(second.second.n, 4U);  // up to there nothing is missing now
  phone.respond(second.first, HistoryAnswer{});
  EXPECT_THAT(texts(phone), ElementsAre("m1", "m4", "m2", "m3"));
  EXPECT_FALSE(phone.asked<HistoryRequest>());
}

TEST(Session, GoesOnBehindAPartOfTheHistoryThatIsEmpty) {
  Phone phone = in_chat();
  phone.chat("ben", "m3000", 1, 3000);
  phone.wait(5'000);
  phone.respond(phone.request<HistoryRequest>().first, HistoryAnswer{{}, true, {{1, 1000}}});
  const auto second = phone.request<HistoryRequest>();
  EXPECT_EQ(second.second.n, 1000U);
  phone.respond(second.first, HistoryAnswer{{archived("ben", "m2999", 1, 2999)}, false});
  EXPECT_THAT(texts(phone), ElementsAre("m3000", "m2999"));
}

TEST(Session, TakesItsOwnMessageInTheHistoryForArchived) {
  Phone phone = in_chat();
  const std::string id = *phone.session().send(kGroup, "hello", {}, phone.now());
  phone.on(LinkDown{0, "connection lost"});
  phone.wait(60'000);
  phone.on(LinkUp{true});
  phone.respond(phone.request<messages::ResumeRequest>().first, messages::ResumeAnswer{});
  phone.respond(phone.request<HistoryRequest>().first, HistoryAnswer{{archived("mia", id, 1, 1)}, false});
  EXPECT_THAT(phone.take_events<OwnMessage>(),
              ElementsAre(Field(&OwnMessage::state, OwnMessage::State::archived)));
  EXPECT_THAT(texts(phone), IsEmpty());
}

TEST(Session, FetchesWhatTheBrokerLost) {
  Phone phone = in_chat();
  phone.chat("ben", "m1", 1, 1);
  phone.chat("ben", "m3", 1, 3);
  phone.arrive(kPrefix + "ack", ack(1, 3));
  phone.wait(1'000);
  const auto history = phone.request<HistoryRequest>();
  EXPECT_EQ(history.second.n, 1U);
  phone.respond(history.first,
                HistoryAnswer{{archived("ben", "m2", 1, 2), archived("ben", "m3", 1, 3)}, false});
  EXPECT_THAT(texts(phone), ElementsAre("m1", "m3", "m2"));
  phone.wait(100'000);
  EXPECT_FALSE(phone.asked<HistoryRequest>());
}

TEST(Session, RepeatsAHistoryThatTheServerPutsOff) {
  Phone phone = in_chat();
  phone.chat("ben", "m2", 1, 2);
  phone.wait(5'000);
  const std::string id = phone.request<HistoryRequest>().first;
  phone.respond(id, messages::RequestError{"unavailable", "starting", 2'000});
  phone.wait(1'999);
  EXPECT_FALSE(phone.asked<HistoryRequest>());
  phone.wait(1);
  EXPECT_EQ(phone.request<HistoryRequest>().first, id);
}

TEST(Session, PassesSignalsOnButNotItsOwn) {
  Phone phone = in_chat();
  phone.arrive(kPrefix + "signal/ben", encode(messages::Signal{}));
  phone.arrive(kPrefix + "signal/mia", encode(messages::Signal{}));
  EXPECT_THAT(phone.take_events<SignalReceived>(), ElementsAre(Field(&SignalReceived::from, "ben")));
  phone.session().signal(kGroup, SignalReceived::Kind::read, {1, 4}, {});
  phone.wait(0);
  const auto sent = phone.take_published(kPrefix + "signal/mia");
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].qos, 0);
}

// ---- Hidden users -----------------------------------------------------------------------------------------

void hide(Phone& phone, std::vector<std::string> users, bool all = true) {
  phone.arrive(kInbox, encode(messages::InboxMessage(messages::Hidden{std::move(users), all})));
}

TEST(Session, ShowsNothingOfWhoIsHidden) {
  Phone phone;
  phone.online();
  phone.start_group();
  phone.no_history();
  phone.take_events<BuddyListChanged>();
  hide(phone, {"ben"});
  EXPECT_THAT(phone.take_events<BuddyListChanged>(), SizeIs(1));
  ASSERT_THAT(phone.session().buddies(kGroup), SizeIs(1));
  EXPECT_EQ(phone.session().buddies(kGroup)[0].user, "mia");
  EXPECT_THAT(phone.session().available_buddies(kGroup), IsEmpty());
  phone.chat("ben", "m1", 1, 1);
  phone.arrive(kPrefix + "signal/ben", encode(messages::Signal{}));
  EXPECT_THAT(phone.take_events<MessageReceived>(), IsEmpty());
  EXPECT_THAT(phone.take_events<SignalReceived>(), IsEmpty());
  phone.chat("cleo", "m2", 1, 2);
  EXPECT_THAT(phone.take_events<MessageReceived>(), SizeIs(1)) << "the place of the hidden one is no hole";
  hide(phone, {});
  EXPECT_THAT(phone.session().buddies(kGroup), SizeIs(2));
}

TEST(Session, StaffOfTheSameNameAreHeard) {
  Phone phone;
  phone.online();
  phone.start_group();
  hide(phone, {"ben"});
  const messages::Notice notice{"ben", {"cv-1", "announcement", "The bar closes at ten", {}}};
  phone.arrive(kPrefix + "notice", encode(notice), {"demo", 1, 1, 1});
  EXPECT_THAT(phone.take_events<MessageReceived>(), SizeIs(1));
}

TEST(Session, HidesMoreWhereNotAllAreTold) {
  Phone phone;
  phone.online();
  phone.start_group();
  hide(phone, {"zoe"});
  hide(phone, {"ben"}, false);
  EXPECT_THAT(phone.session().buddies(kGroup), SizeIs(1));
  hide(phone, {"zoe"});
  EXPECT_THAT(phone.session().buddies(kGroup), SizeIs(2));
}

TEST(Session, NobodyIsHiddenAfterAResumeThatDoesNotSaySo) {
  for (const bool hidden : {true, false}) {
    Phone phone;
    phone.online();
    phone.start_group();
    hide(phone, {"ben"});
    phone.on(LinkDown{0, "lost"});
    phone.wait(60'000);
    phone.on(LinkUp{true});
    phone.respond(phone.request<messages::ResumeRequest>().first,
                  messages::ResumeAnswer{{{header(1)}}, {}, hidden});
    EXPECT_THAT(phone.session().buddies(kGroup), SizeIs(hidden ? 1 : 2));
  }
}

TEST(Session, R34_SaysWhetherOtherSitesMayAndTellsWhenItIsKept) {
  Phone phone;
  phone.online();
  ASSERT_TRUE(phone.session().let_other_sites(true, phone.now()));
  ASSERT_TRUE(phone.session().let_other_sites(false, phone.now()));
  phone.wait(0);
  const auto first = phone.request<messages::OtherSitesRequest>();
  const auto second = phone.request<messages::OtherSitesRequest>();
  phone.respond(first.first, messages::EmptyAnswer{});
  EXPECT_THAT(phone.take_events<OtherSites>(), IsEmpty()) << "a newer wish has taken its place";
  phone.respond(second.first, messages::EmptyAnswer{});
  const auto events = phone.take_events<OtherSites>();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_FALSE(events[0].allowed);
}

TEST(Session, BlocksAndTellsWhenItIsInForce) {
  Phone phone;
  phone.online();
  EXPECT_FALSE(phone.session().set_blocked("mia", true, phone.now())) << "oneself";
  EXPECT_FALSE(phone.session().set_blocked("a b", true, phone.now()));
  EXPECT_TRUE(phone.session().set_blocked("ben", true, phone.now()));
  ASSERT_TRUE(phone.session().set_blocked("ben", false, phone.now()));
  phone.wait(0);
  const auto first = phone.request<messages::BlockRequest>();
  const auto second = phone.request<messages::BlockRequest>();
  EXPECT_TRUE(second.second.undo);
  phone.respond(first.first, messages::EmptyAnswer{});
  EXPECT_THAT(phone.take_events<Blocked>(), IsEmpty()) << "a newer wish has taken its place";
  phone.respond(second.first, messages::EmptyAnswer{});
  const auto events = phone.take_events<Blocked>();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_FALSE(events[0].blocked);
  const auto asked = phone.session().request_blocked(phone.now());
  phone.wait(0);
  phone.respond(*asked, messages::BlockedAnswer{{"zoe"}});
  const auto users = phone.take_events<BlockedUsers>();
  ASSERT_THAT(users, SizeIs(1));
  EXPECT_EQ(users[0].request, *asked);
  EXPECT_THAT(users[0].users, testing::ElementsAre("zoe"));
}

TEST(Session, DoesNotEditWhatItIsDeleting) {
  Phone phone;
  phone.online();
  phone.start_group();
  const auto id = phone.session().send(kGroup, "hello", {}, phone.now());
  ASSERT_TRUE(id);
  ASSERT_TRUE(phone.session().delete_message(kGroup, *id, phone.now()));
  EXPECT_FALSE(phone.session().edit(kGroup, *id, "hello again", phone.now()));
}

}  // namespace
}  // namespace convoke::sdk
