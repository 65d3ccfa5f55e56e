#include "backend/app/staff_answers.h"

#include <gtest/gtest.h>

namespace convoke::app {
namespace {

TEST(StaffAnswers, KnowsARepeatByDeviceAndBytesForTenMinutes) {
  StaffAnswers answers;
  answers.remember("eve", "extend", "done", 1000);
  ASSERT_NE(answers.find("eve", "extend", 2000), nullptr);
  EXPECT_EQ(*answers.find("eve", "extend", 2000), "done");
  EXPECT_EQ(answers.find("sam", "extend", 2000), nullptr);
  EXPECT_EQ(answers.find("eve", "end", 2000), nullptr);
  EXPECT_EQ(answers.find("eve", "extend", 1000 + StaffAnswers::kMaxAgeMs), nullptr);
}

TEST(StaffAnswers, ForgetsTheOldestOfTooMany) {
  StaffAnswers answers;
  for (std::size_t i = 0; i <= StaffAnswers::kMax; ++i) answers.remember("eve", std::to_string(i), "done", 0);
  EXPECT_EQ(answers.find("eve", "0", 1), nullptr);
  EXPECT_NE(answers.find("eve", "1", 1), nullptr);
}

}  // namespace
}  // namespace convoke::app
