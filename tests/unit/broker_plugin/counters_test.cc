#include "topics/broker_plugin/counters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace convoke::broker_plugin {
namespace {

using testing::Pair;
using testing::UnorderedElementsAre;

TEST(Counters, ListsWhatHappenedByReason) {
  Counters counters;
  EXPECT_TRUE(counters.list().empty());
  counters.denied(topics::Access::publish, topics::Decision::deny_not_member);
  counters.denied(topics::Access::receive, topics::Decision::deny_blocked);
  counters.denied(topics::Access::receive, topics::Decision::deny_blocked);
  counters.refused(token::Refusal::expired);
  counters.refused(ConnectRefusal::not_ready);
  counters.stamped = 3;
  EXPECT_THAT(counters.list(),
              UnorderedElementsAre(Pair("denied_publish_not_member", 1), Pair("denied_receive_blocked", 2),
                                   Pair("refused_token_expired", 1), Pair("refused_not_ready", 1),
                                   Pair("stamped", 3)));
}

TEST(Counters, HasRoomForEveryReason) {
  Counters counters;
  for (const auto access : {topics::Access::publish, topics::Access::subscribe, topics::Access::receive}) {
    counters.denied(access, topics::Decision::deny_retain);  // the last
  }
  counters.refused(token::Refusal::wrong_site);  // the last
  counters.refused(ConnectRefusal::taken);       // the last
  EXPECT_EQ(counters.list().size(), 5u);
}

}  // namespace
}  // namespace convoke::broker_plugin
