#include "backend/gateways/hooks/hint_queue.h"

#include <gtest/gtest.h>

namespace convoke::gateways::hooks {
namespace {

using Asked = HookService::Asked;

std::string next(HintQueue& queue, std::int64_t now_ms) {
  auto hint = queue.take(now_ms);
  if (!hint) return "nobody";
  const std::string about = hint->hook + " " + hint->about;
  queue.asked(*std::move(hint), Asked::done, true, now_ms);
  return about;
}

TEST(HintQueue, TheOldestIsAskedAboutFirstAndHooksTakeTurns) {
  HintQueue queue;
  EXPECT_TRUE(queue.empty());
  for (const char* about : {"1", "2", "3"}) queue.put({"a", about, 1, 0});
  queue.put({"b", "4", 1, 0});
  std::string turns;
  while (!queue.empty()) turns += next(queue, 0) + ", ";
  EXPECT_EQ(turns, "a 1, b 4, a 2, a 3, ");
  EXPECT_EQ(next(queue, 0), "nobody");
}

TEST(HintQueue, AShopThatIsAwayIsLeftInPeaceEverLongerAndHoldsUpNoOther) {
  HintQueue queue;
  for (const char* about : {"1", "2"}) queue.put({"a", about, 1, 0});
  std::int64_t now = 0;
  for (std::int64_t pause = HintQueue::kFirstPauseMs; pause < 4 * HintQueue::kLongestPauseMs; pause *= 2) {
    queue.asked(queue.take(now).value(), Asked::away, false, now);
    const std::int64_t until = now + std::min(pause, HintQueue::kLongestPauseMs);
    EXPECT_FALSE(queue.take(until - 1)) << pause;
    now = until;
  }
  queue.asked(queue.take(now).value(), Asked::away, false, now);
  queue.put({"b", "3", 1, 0});
  EXPECT_EQ(next(queue, now), "b 3");
  now += HintQueue::kLongestPauseMs;
  EXPECT_NE(next(queue, now), "nobody");
  EXPECT_NE(next(queue, now), "nobody") << "once it answers, it is asked about all";
  EXPECT_TRUE(queue.empty());
}

TEST(HintQueue, AQuestionWithoutAnAnswerHoldsUpNoOther) {
  HintQueue queue;
  for (const char* about : {"1", "2"}) queue.put({"a", about, 1, 0});
  queue.asked(queue.take(0).value(), Asked::unclear, false, 0);
  EXPECT_EQ(next(queue, 0), "a 2");
  EXPECT_EQ(next(queue, HintQueue::kLongestPauseMs - 1), "nobody");
  EXPECT_EQ(next(queue, HintQueue::kLongestPauseMs), "a 1");
}

TEST(HintQueue, WhatIsToldAgainIsAskedOnceAndAfterTheLastTelling) {
  HintQueue queue;
  queue.put({"a", "1", 1, 100});
  queue.put({"a", "1", 2, 200});
  auto hint = queue.take(0);
  ASSERT_TRUE(hint);
  EXPECT_EQ(hint->number, 2u);
  EXPECT_EQ(hint->told_ms, 100);
  queue.put({"a", "1", 3, 300});  // while the shop is asked
  queue.asked(*std::move(hint), Asked::done, true, 0);
  hint = queue.take(0);
  ASSERT_TRUE(hint) << "what it said may be of before";
  EXPECT_EQ(hint->number, 3u);
  queue.put({"a", "1", 4, 400});
  queue.asked(*std::move(hint), Asked::unclear, false, 0);
  hint = queue.take(0);
  ASSERT_TRUE(hint) << "news are asked about at once";
  EXPECT_EQ(hint->number, 4u);
  EXPECT_EQ(hint->told_ms, 300);
  queue.asked(*std::move(hint), Asked::done, true, 0);
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace convoke::gateways::hooks
