#include "mobile-sdk/src/transcript.h"

#include <gtest/gtest.h>

namespace convoke::sdk {
namespace {

TEST(Transcript, DeliversEachMessageOnce) {
  Transcript transcript;
  EXPECT_TRUE(transcript.live("anna", "m1", {1, 1}, 0));
  EXPECT_FALSE(transcript.live("anna", "m1", {1, 1}, 0));  // delivered again by the broker
  EXPECT_FALSE(transcript.live("anna", "m1", {1, 2}, 0));  // sent again by anna
  EXPECT_TRUE(transcript.live("ben", "m1", {1, 3}, 0));    // ids belong to senders
  EXPECT_EQ(transcript.complete(), (Place{1, 3}));
  EXPECT_FALSE(transcript.next_due().has_value());
}

TEST(Transcript, AsksTheArchiveForAHole) {
  Transcript transcript;
  transcript.live("anna", "m1", {1, 1}, 0);
  EXPECT_TRUE(transcript.live("anna", "m4", {1, 4}, 0));
  EXPECT_FALSE(transcript.take_history_request().has_value());
  transcript.tick(Transcript::kGapMs);
  EXPECT_EQ(transcript.take_history_request(), (Place{1, 1}));
  EXPECT_TRUE(transcript.archived("ben", "m2", {1, 2}));
  EXPECT_TRUE(transcript.archived("ben", "m3", {1, 3}));
  EXPECT_FALSE(transcript.archived("anna", "m4", {1, 4}));
  transcript.history_done(false, Transcript::kGapMs);
  EXPECT_EQ(transcript.complete(), (Place{1, 4}));
  EXPECT_FALSE(transcript.next_due().has_value());
}

TEST(Transcript, AsksTheArchiveForWhatItHasAndThisPhoneHasNot) {
  Transcript transcript;
  transcript.acked({1, 2}, 0);
  EXPECT_EQ(transcript.next_due(), Transcript::kAckedGapMs);
  transcript.live("anna", "m1", {1, 1}, 10);
  transcript.live("anna", "m2", {1, 2}, 10);
  EXPECT_FALSE(transcript.next_due().has_value());  // they were only on their way
  transcript.acked({1, 5}, 20);
  transcript.tick(20 + Transcript::kAckedGapMs);
  EXPECT_EQ(transcript.take_history_request(), (Place{1, 2}));
}

TEST(Transcript, DoesNotAskForeverForWhatIsWithheld) {
  Transcript transcript;
  transcript.live("anna", "m1", {1, 1}, 0);
  transcript.live("anna", "m3", {1, 3}, 0);  // {1,2} came from somebody who is blocked
  transcript.acked({1, 3}, 0);
  transcript.tick(Transcript::kAckedGapMs);
  ASSERT_TRUE(transcript.take_history_request().has_value());
  transcript.history_done(false, 2'000);
  EXPECT_EQ(transcript.complete(), (Place{1, 3}));
  EXPECT_FALSE(transcript.next_due().has_value());
}

TEST(Transcript, AsksAgainLaterAndLaterWhileTheArchiveLags) {
  Transcript transcript;
  transcript.live("anna", "m2", {1, 2}, 0);
  std::int64_t now = 0, pause = 0;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(transcript.next_due().has_value());
    EXPECT_GT(*transcript.next_due() - now, pause);
    pause = *transcript.next_due() - now;
    now = *transcript.next_due();
    transcript.tick(now);
    ASSERT_TRUE(transcript.take_history_request().has_value());
    transcript.history_done(false, now);
  }
}

TEST(Transcript, FollowsOnIntoTheEpochAfterABrokerRestart) {
  Transcript transcript;
  transcript.live("anna", "m1", {1, 1}, 0);
  EXPECT_TRUE(transcript.live("anna", "m2", {9, 1}, 0));
  EXPECT_EQ(transcript.complete(), (Place{9, 1}));
  EXPECT_FALSE(transcript.live("anna", "old", {1, 2}, 0));
}

TEST(Transcript, ReadsALongHistoryInParts) {
  Transcript transcript;
  transcript.ask_archive();
  EXPECT_EQ(transcript.take_history_request(), (Place{0, 0}));
  EXPECT_FALSE(transcript.take_history_request().has_value());  // one at a time
  EXPECT_TRUE(transcript.archived("anna", "m1", {1, 1}));
  transcript.history_done(true, 0);
  EXPECT_EQ(transcript.take_history_request(), (Place{1, 1}));
  transcript.history_done(false, 0);
  EXPECT_FALSE(transcript.take_history_request().has_value());
}

TEST(Transcript, ForgetsOldIdsButNotTheirPlaces) {
  Transcript transcript;
  for (std::uint64_t n = 1; n <= Transcript::kMaxSeen + 10; ++n)
    ASSERT_TRUE(transcript.live("anna", std::to_string(n), {1, n}, 0));
  EXPECT_FALSE(transcript.live("anna", "1", {1, 1}, 0));
}

}  // namespace
}  // namespace convoke::sdk
