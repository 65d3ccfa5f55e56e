#include "backend/app/staff_answers.h"

#include <gtest/gtest.h>

#include "backend/store/journal.h"

namespace convoke::app {
namespace {

struct Answers : StaffAnswers {
  void had(const std::string& who, const std::string& request, std::int64_t now_ms) {
    remember(who, request, "done", now_ms, fx);
  }
  core::Effects fx;
};

TEST(StaffAnswers, KnowsARepeatByDeviceAndBytesForTenMinutes) {
  Answers answers;
  answers.had("eve", "extend", 1000);
  ASSERT_NE(answers.find("eve", "extend", 2000), nullptr);
  EXPECT_EQ(*answers.find("eve", "extend", 2000), "done");
  EXPECT_EQ(answers.find("sam", "extend", 2000), nullptr);
  EXPECT_EQ(answers.find("eve", "end", 2000), nullptr);
  EXPECT_EQ(answers.find("eve", "extend", 1000 + StaffAnswers::kMaxAgeMs), nullptr);
}

TEST(StaffAnswers, ForgetsTheOldestOfTooMany) {
  Answers answers;
  for (std::size_t i = 0; i <= StaffAnswers::kMax; ++i) answers.had("eve", std::to_string(i), 0);
  EXPECT_EQ(answers.find("eve", "0", 1), nullptr);
  EXPECT_NE(answers.find("eve", "1", 1), nullptr);
}

/// What the records of these effects' journal say.
std::vector<std::pair<std::string, core::StaffAnswer>> written(store::Store& store, const core::Effects& fx) {
  const core::Engine engine(topics::SiteId::parse("demo"), geo::Rule::plain());
  store::Journal journal(store);
  journal.add(engine, fx);
  EXPECT_FALSE(journal.commit());
  return journal.staff_answers();
}

TEST(StaffAnswers, KnowsARepeatAfterARestart) {
  const auto store = store::make_memory_store();
  Answers before, after;
  before.had("eve", "extend", 2000);
  before.had("eve", "announce", 1000);
  const auto kept = written(*store, before.fx);
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].second.at_ms, 1000) << "the oldest first";
  after.load(kept);
  ASSERT_NE(after.find("eve", "extend", 3000), nullptr);
  EXPECT_EQ(*after.find("eve", "extend", 3000), "done");
  EXPECT_EQ(after.find("eve", "extend", 2000 + StaffAnswers::kMaxAgeMs), nullptr);
}

TEST(StaffAnswers, LeavesNoRecordOfThoseThatAreTooOldOrTooMany) {
  const auto store = store::make_memory_store();
  Answers answers;
  for (std::size_t i = 0; i < StaffAnswers::kMax + 10; ++i)
    answers.had("eve", std::to_string(i), static_cast<std::int64_t>(i));
  EXPECT_EQ(written(*store, answers.fx).size(), StaffAnswers::kMax);
  answers.fx = {};
  answers.forget_old(StaffAnswers::kMaxAgeMs + 20, answers.fx);
  EXPECT_EQ(written(*store, answers.fx).size(), StaffAnswers::kMax - 11);
  answers.fx = {};
  answers.had("eve", "30", StaffAnswers::kMaxAgeMs + 31);  // asked again when it counts no more
  answers.forget_old(StaffAnswers::kMaxAgeMs + 1000, answers.fx);
  EXPECT_EQ(written(*store, answers.fx).size(), 1U);
}

}  // namespace
}  // namespace convoke::app
