// Chats of another site: phones show them in the order of that site.

#include <algorithm>

#include "tests/unit/sdk/phone.h"

namespace convoke::sdk {
namespace {

using messages::ArchivedMessage;
using messages::ArchivedUpTo;
using messages::ChatMessage;
using messages::HistoryAnswer;
using messages::HistoryRequest;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Strings = std::vector<std::string>;

messages::Stamp at_home(std::uint64_t n, const std::string& site = "arena") { return {site, 3, n, 1}; }

/// In a chat of site "arena", with an app that shows what it is told.
class OrderedPhone : public Phone {
 public:
  OrderedPhone() {
    online();
    auto head = header(1);
    head.home = "arena";
    arrive(kInbox, encode(messages::InboxMessage(messages::ChatStart{head})));
    arrive(kPrefix + "head", encode(head));
    arrive(kPrefix + "buddies/0", encode(first_page(1)));
    no_history();
  }
  void says(const std::string& from, const std::string& id, std::uint64_t n,
            std::optional<messages::Stamp> home = {}) {
    ChatMessage message{id, "text", "hello", {}};
    message.home = std::move(home);
    arrive(kPrefix + "chat/" + from, encode(message), {"demo", 5, n, 1});
  }
  void places(std::vector<messages::HomePlace> places) {
    arrive(kPrefix + "ack", encode(ArchivedUpTo{5, 1, {}, std::move(places)}));
  }
  /// The ids of what is shown, in order.
  Strings shown() {
    for (auto& received : take_events<MessageReceived>()) messages_.push_back(received.message);
    for (const auto& placed : take_events<MessagePlaced>())
      for (Message& m : messages_)
        if (m.from == placed.from && m.id == placed.id) m.home = placed.home;
    std::sort(messages_.begin(), messages_.end(), earlier);
    Strings ids;
    for (const Message& m : messages_) ids.push_back(m.id);
    return ids;
  }

 private:
  std::vector<Message> messages_;
};

TEST(SessionOrder, R34_AfterAPartitionTheChatIsInHomesOrder) {
  OrderedPhone phone;
  EXPECT_EQ(phone.session().group(kGroup)->home, "arena");
  phone.says("ann@arena", "before", 1, at_home(1));
  phone.says("ben", "b1", 2);
  phone.says("eve", "b2", 3);
  EXPECT_THAT(phone.shown(), ElementsAre("before", "b1", "b2"));
  phone.says("ann@arena", "a1", 4, at_home(2));
  phone.says("ann@arena", "a2", 5, at_home(3));
  EXPECT_THAT(phone.shown(), ElementsAre("before", "a1", "a2", "b1", "b2")) << "they stay behind";
  phone.places({{5, 2, 3, 4}, {5, 3, 3, 5}});
  EXPECT_THAT(phone.shown(), ElementsAre("before", "a1", "a2", "b1", "b2"));
  phone.says("ann@arena", "a3", 6, at_home(6));
  EXPECT_THAT(phone.shown(), ElementsAre("before", "a1", "a2", "b1", "b2", "a3"));
}

TEST(SessionOrder, R34_AMarkerThatWasLostIsMadeUpForByTheArchive) {
  OrderedPhone phone;
  phone.says("ben", "b1", 1);
  phone.says("ann@arena", "a1", 2, at_home(8));
  EXPECT_THAT(phone.shown(), ElementsAre("a1", "b1"));
  phone.forget_commands();
  phone.wait(HomeOrder::kGapMs);
  const auto [id, asked] = phone.request<HistoryRequest>();
  EXPECT_EQ(asked.n, 0u);
  ArchivedMessage b1{"ben", {"b1", "text", "hello", {}}, {"demo", 5, 1, 1}};
  b1.message.home = at_home(7);
  ArchivedMessage a1{"ann@arena", {"a1", "text", "hello", {}}, {"demo", 5, 2, 1}};
  a1.message.home = at_home(8);
  phone.respond(id, HistoryAnswer{{b1, a1}, false, {}});
  EXPECT_THAT(phone.shown(), ElementsAre("b1", "a1"));
  phone.wait(HomeOrder::kMaxGapMs);
  EXPECT_FALSE(phone.asked<HistoryRequest>());
}

TEST(SessionOrder, R34_OnlyHomesPlacesCountAndNotWhatMembersHereWriteThemselves) {
  OrderedPhone phone;
  phone.says("ben", "forged", 1, at_home(1));
  phone.says("ann@arena", "other", 2, at_home(1, "club"));
  const auto received = phone.take_events<MessageReceived>();
  ASSERT_THAT(received, SizeIs(2));
  for (const auto& r : received) EXPECT_FALSE(r.message.home) << r.message.id;
}

TEST(SessionOrder, R34_AnAnnouncementHasAPlaceOfHomesToo) {
  OrderedPhone phone;
  phone.says("ben", "b1", 1);
  messages::Notice notice{"eve@arena", {"cv-1", "announcement", "Welcome", {}}};
  notice.message.home = at_home(2);
  phone.arrive(kPrefix + "notice", encode(notice), {"demo", 5, 2, 1});
  EXPECT_THAT(phone.shown(), ElementsAre("cv-1", "b1"));
}

TEST(SessionOrder, InAChatOfThisSiteNothingWaitsForAPlace) {
  Phone phone;
  phone.online();
  phone.start_group();
  phone.no_history();
  phone.chat("ben", "1", 5, 1);
  phone.chat("ann@arena", "2", 5, 2);
  phone.forget_commands();
  phone.wait(HomeOrder::kMaxGapMs);
  EXPECT_FALSE(phone.asked<HistoryRequest>());
  EXPECT_THAT(phone.take_events<MessagePlaced>(), IsEmpty());
}

}  // namespace
}  // namespace convoke::sdk
