#include "mobile-sdk/src/outbox.h"

#include <gmock/gmock.h>

namespace convoke::sdk {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string kGroup(32, 'a');

messages::ChatMessage message(std::string id) { return {std::move(id), "text", "hello", std::nullopt}; }
messages::Stamp stamp(std::uint64_t epoch, std::uint64_t n) { return {"demo", epoch, n, 0}; }

TEST(Outbox, SendsAgainUntilArchived) {
  Outbox outbox;
  outbox.add(kGroup, message("m1"));
  EXPECT_EQ(outbox.take_due(0).size(), 1U);
  EXPECT_THAT(outbox.take_due(4'999), IsEmpty());
  EXPECT_EQ(outbox.take_due(5'000).at(0)->message.id, "m1");
  outbox.stamped(kGroup, "m1", stamp(1, 7));
  EXPECT_THAT(outbox.archived(kGroup, {1, 7, {}}), ElementsAre("m1"));
  EXPECT_FALSE(outbox.next_due().has_value());
}

TEST(Outbox, HoldsAnEditBackUntilItsMessageIsArchived) {
  Outbox outbox;
  outbox.add(kGroup, message("m1"));
  outbox.add(kGroup, {"e1", "edit", "second", {}, "m1"});
  ASSERT_EQ(outbox.take_due(0).size(), 1U);
  EXPECT_EQ(outbox.next_due(), Outbox::kFirstRepeatMs);
  const messages::ChatMessage newer{"e2", "edit", "third", {}, "m1"};
  EXPECT_THAT(outbox.drop_changes(kGroup, newer), ElementsAre("e1"));
  outbox.add(kGroup, newer);
  outbox.remove(kGroup, "m1");
  EXPECT_EQ(outbox.next_due(), 0);
  EXPECT_EQ(outbox.take_due(0).at(0)->message.id, "e2");
}

TEST(Outbox, KeepsToThePaceOfASlowGroup) {
  Outbox outbox;
  outbox.set_pace(kGroup, 10'000);
  outbox.add(kGroup, message("m1"));
  outbox.add(kGroup, message("m2"));
  outbox.add("other", message("o1"));
  EXPECT_EQ(outbox.take_due(0).size(), 2U);
  outbox.remove(kGroup, "m1");
  outbox.remove("other", "o1");
  EXPECT_EQ(outbox.next_due(), 10'000);
  EXPECT_EQ(outbox.take_due(10'000).at(0)->message.id, "m2");
  outbox.put_off(kGroup, "m2", 10'000);
  EXPECT_EQ(outbox.next_due(), 20'000);
  outbox.set_pace(kGroup, 0);
  EXPECT_EQ(outbox.next_due(), 10'000 + Outbox::kPutOffMs);
}

TEST(Outbox, WaitsAsLongAsTheBrokerSaysAndThenSendsOneByOne) {
  Outbox outbox;
  for (const char* id : {"m1", "m2", "m3"}) outbox.add(kGroup, message(id));
  outbox.add("other", message("o1"));
  EXPECT_EQ(outbox.take_due(0).size(), 4U);
  outbox.remove(kGroup, "m1");  // archived
  for (const char* id : {"m2", "m3"}) {
    outbox.put_off(kGroup, id, 0);
    outbox.taken(kGroup, id, 0);
    outbox.hold_back(kGroup, 3'000, 0);
  }
  outbox.remove("other", "o1");
  EXPECT_TRUE(outbox.take_due(2'999).empty());
  EXPECT_EQ(outbox.next_due(), 3'000);
  auto due = outbox.take_due(3'000);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0]->message.id, "m2") << "in order";
  outbox.stamped(kGroup, "m2", {"demo", 1, 2, 0});
  EXPECT_EQ(outbox.next_due(), 6'000);
  EXPECT_EQ(outbox.take_due(6'000).at(0)->message.id, "m3");
  for (const char* id : {"m2", "m3"}) outbox.remove(kGroup, id);
  for (const char* id : {"m4", "m5"}) outbox.add(kGroup, message(id));
  EXPECT_EQ(outbox.take_due(9'000).size(), 2U) << "as fast as before";
}

TEST(Outbox, ForgetsWhatItLearnedOfARuleThatIsGone) {
  Outbox outbox;
  outbox.set_pace(kGroup, 10'000);
  for (const char* id : {"m1", "m2"}) outbox.add(kGroup, message(id));
  outbox.hold_back(kGroup, 10'000, 0);
  outbox.set_pace(kGroup, 0);
  EXPECT_EQ(outbox.take_due(0).size(), 2U);
}

TEST(Outbox, IsMorePatientOnceTheBrokerHasTheMessage) {
  Outbox outbox;
  outbox.add(kGroup, message("m1"));
  outbox.take_due(0);
  outbox.taken(kGroup, "m1", 100);
  EXPECT_THAT(outbox.take_due(100 + Outbox::kTakenRepeatMs - 1), IsEmpty());
  EXPECT_EQ(outbox.take_due(100 + Outbox::kTakenRepeatMs).size(), 1U);
}

TEST(Outbox, IsNotArchivedBeforeTheMarkerReachesIt) {
  Outbox outbox;
  outbox.add(kGroup, message("m1"));
  EXPECT_THAT(outbox.archived(kGroup, {1, 100, {}}), IsEmpty());  // not stamped yet
  outbox.stamped(kGroup, "m1", stamp(1, 7));
  EXPECT_THAT(outbox.archived(kGroup, {1, 6, {}}), IsEmpty());
  EXPECT_THAT(outbox.archived(std::string(32, 'b'), {1, 7, {}}), IsEmpty());
}

TEST(Outbox, SendsAgainAtOnceWhatTheArchiveMisses) {
  Outbox outbox;
  outbox.add(kGroup, message("m1"));
  outbox.take_due(0);
  outbox.stamped(kGroup, "m1", stamp(1, 7));
  EXPECT_THAT(outbox.archived(kGroup, {1, 9, {{5, 7}}}), IsEmpty());
  EXPECT_EQ(outbox.take_due(1).size(), 1U);
}

TEST(Outbox, SendsAgainWhatWasStampedBeforeTheBrokersRestart) {
  Outbox outbox;
  outbox.add(kGroup, message("m1"));
  outbox.take_due(0);
  outbox.stamped(kGroup, "m1", stamp(1, 7));
  EXPECT_THAT(outbox.archived(kGroup, {2, 1, {}}), IsEmpty());
  EXPECT_EQ(outbox.take_due(1).size(), 1U);
}

TEST(Outbox, KeepsTheOrderInWhichMessagesWereWritten) {
  Outbox outbox;
  for (const char* id : {"z", "a", "m"}) outbox.add(kGroup, message(id));
  std::vector<std::string> ids;
  for (const Outbox::Entry* entry : outbox.take_due(0)) ids.push_back(entry->message.id);
  EXPECT_THAT(ids, ElementsAre("z", "a", "m"));
}

TEST(Outbox, IsBounded) {
  Outbox outbox;
  for (std::size_t i = 0; i < Outbox::kMax; ++i) ASSERT_TRUE(outbox.add(kGroup, message(std::to_string(i))));
  EXPECT_FALSE(outbox.add(kGroup, message("one more")));
  EXPECT_EQ(outbox.drop_group(kGroup).size(), Outbox::kMax);
}

}  // namespace
}  // namespace convoke::sdk
