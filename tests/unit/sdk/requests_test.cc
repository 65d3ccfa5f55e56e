#include "mobile-sdk/src/requests.h"

#include <gtest/gtest.h>

namespace convoke::sdk {
namespace {

using messages::HoldRequest;
using messages::LeaveRequest;
using messages::PageRequest;
using messages::ResumeRequest;

const std::string kGroup(32, 'a');
const std::string kOther(32, 'b');

TEST(Requests, RepeatsOneWithTheSameIdUntilItIsAnswered) {
  Requests requests("p");
  const std::string id = *requests.add(PageRequest{kGroup, 1});
  EXPECT_EQ(requests.take_due(0).at(0).id, id);
  EXPECT_TRUE(requests.take_due(4'999).empty());
  EXPECT_EQ(requests.take_due(5'000).at(0).id, id);
  EXPECT_TRUE(requests.take_due(14'999).empty());  // pauses double
  EXPECT_EQ(requests.take_due(15'000).at(0).id, id);
  EXPECT_TRUE(requests.answered(id).has_value());
  EXPECT_FALSE(requests.answered(id).has_value());
  EXPECT_TRUE(requests.take_due(1'000'000).empty());
}

TEST(Requests, LetsNothingOvertakeAResume) {
  Requests requests("p");
  requests.add(PageRequest{kGroup, 1});
  const std::string resume = *requests.add(ResumeRequest{});
  const auto due = requests.take_due(0);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].id, resume);
  requests.answered(resume);
  EXPECT_EQ(requests.take_due(0).size(), 1U);
}

TEST(Requests, DropsThoseOfAGroupThatEnded) {
  Requests requests("p");
  requests.add(PageRequest{kGroup, 1});
  requests.add(LeaveRequest{kGroup});
  requests.add(PageRequest{kOther, 1});
  requests.add(HoldRequest{{{kGroup, 0, true}}});
  requests.drop_group(kGroup);
  EXPECT_EQ(requests.size(), 2U);
}

TEST(Requests, IsBounded) {
  Requests requests("p");
  for (std::size_t i = 0; i < Requests::kMax; ++i) ASSERT_TRUE(requests.add(PageRequest{kGroup, 1}));
  EXPECT_FALSE(requests.add(PageRequest{kGroup, 1}));
}

TEST(Requests, WaitsAsLongAsTheServerAsksTo) {
  Requests requests("p");
  const std::string id = *requests.add(PageRequest{kGroup, 1});
  requests.take_due(0);
  EXPECT_TRUE(requests.postpone(id, 10, 30'000));
  EXPECT_TRUE(requests.take_due(30'009).empty());
  EXPECT_EQ(requests.take_due(30'010).size(), 1U);
}

}  // namespace
}  // namespace convoke::sdk
