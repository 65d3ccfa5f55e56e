#include "topics/broker_plugin/membership_feed.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace convoke::broker_plugin {
namespace {

using namespace messages;
using Ops = std::vector<FeedOp>;
using Groups = std::vector<std::string>;

/// A feed that has been fed once: group g with anna.
MembershipFeed fed() {
  MembershipFeed feed;
  feed.apply({FeedBegin{}, FeedAdd{"g", {"anna"}}, FeedReady{}});
  return feed;
}

TEST(MembershipFeed, IsReadyAfterTheFirstFullFeed) {
  MembershipFeed feed;
  EXPECT_FALSE(feed.ready());
  EXPECT_EQ(feed.why_not({FeedBegin{}, FeedAdd{"g", {"anna"}}, FeedReady{}}), "");
  EXPECT_TRUE(fed().ready());
  EXPECT_TRUE(fed().table().is_member("g", "anna"));
}

TEST(MembershipFeed, WantsBeginFirstAfterTheBrokersStart) {
  const MembershipFeed feed;
  EXPECT_EQ(feed.why_not({FeedReady{}}), "ops[0]: expected begin before ready");
  for (const FeedOp& op : Ops{FeedAdd{"g", {"anna"}}, FeedRemove{"g", {"anna"}}, FeedRetire{"g"},
                              FeedBlock{"a", "b"}, FeedUnblock{"a", "b"}}) {
    EXPECT_EQ(feed.why_not({FeedCounters{}, op}),
              "ops[1]: expected begin first: this broker has not been fed since it started");
    EXPECT_EQ(feed.why_not({FeedBegin{}, op}), "");
  }
  EXPECT_EQ(feed.why_not({FeedCounters{}, FeedRevoke{"anna", 7}}), "");
}

TEST(MembershipFeed, WantsOneBeginForEachReady) {
  const MembershipFeed feed = fed();
  EXPECT_EQ(feed.why_not({FeedReady{}}), "ops[0]: expected begin before ready");
  EXPECT_EQ(feed.why_not({FeedBegin{}, FeedReady{}, FeedReady{}}), "ops[2]: expected begin before ready");
}

TEST(MembershipFeed, OldTableHoldsUntilTheNewOneIsComplete) {
  MembershipFeed feed = fed();
  feed.apply({FeedBegin{}, FeedAdd{"h", {"ben"}}, FeedBlock{"ben", "cleo"}});
  EXPECT_TRUE(feed.table().is_member("g", "anna"));
  EXPECT_FALSE(feed.table().is_member("h", "ben"));
  feed.apply({FeedAdd{"h", {"cleo"}}, FeedReady{}});
  EXPECT_FALSE(feed.table().is_member("g", "anna"));
  EXPECT_TRUE(feed.table().is_member("h", "ben"));
  EXPECT_TRUE(feed.table().is_member("h", "cleo"));
  EXPECT_TRUE(feed.table().is_blocked("cleo", "ben"));
}

TEST(MembershipFeed, TakesStandingsAndRules) {
  MembershipFeed feed = fed();
  feed.apply({FeedStanding{"g", topics::Standing::muted, {"anna"}}, FeedRules{"g", {false, 10}}});
  EXPECT_FALSE(feed.table().may_speak("g", "anna"));
  EXPECT_EQ(feed.table().rules("g").slow_ms, 10u);
  feed.apply({FeedBegin{}, FeedAdd{"g", {"anna"}}, FeedReady{}});
  EXPECT_TRUE(feed.table().may_speak("g", "anna")) << "a full feed says it all anew";
}

TEST(MembershipFeed, AFeedBegunAgainForgetsTheHalfOne) {
  MembershipFeed feed = fed();
  feed.apply({FeedBegin{}, FeedAdd{"h", {"ben"}}});
  feed.apply({FeedBegin{}, FeedAdd{"i", {"cleo"}}, FeedReady{}});
  EXPECT_FALSE(feed.table().is_member("h", "ben"));
  EXPECT_TRUE(feed.table().is_member("i", "cleo"));
}

TEST(MembershipFeed, ChangesAreInForceAtOnce) {
  MembershipFeed feed = fed();
  feed.apply({FeedAdd{"g", {"ben", "cleo"}}, FeedRemove{"g", {"anna"}}, FeedBlock{"ben", "cleo"}});
  EXPECT_FALSE(feed.table().is_member("g", "anna"));
  EXPECT_TRUE(feed.table().is_blocked("ben", "cleo"));
  feed.apply({FeedUnblock{"cleo", "ben"}});
  EXPECT_FALSE(feed.table().is_blocked("ben", "cleo"));
}

TEST(MembershipFeed, GivesRetiredGroupsBackOnceTheyAreOutOfForce) {
  MembershipFeed feed = fed();
  EXPECT_EQ(feed.apply({FeedBegin{}, FeedRetire{"g"}}), Groups{});  // the old table still has it
  EXPECT_TRUE(feed.table().is_member("g", "anna"));
  EXPECT_EQ(feed.apply({FeedReady{}}), Groups{"g"});
  EXPECT_EQ(feed.apply({FeedRetire{"h"}}), Groups{"h"});
  EXPECT_EQ(feed.apply({FeedCounters{}}), Groups{});
}

}  // namespace
}  // namespace convoke::broker_plugin
