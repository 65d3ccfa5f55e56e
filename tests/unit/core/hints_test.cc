#include "backend/core/hints.h"

#include <gtest/gtest.h>

#include "tests/support/core_world.h"

namespace convoke::core {
namespace {

using test::CoreWorld;

std::optional<std::uint64_t> keep(CoreWorld& w, const std::string& hook, const std::string& about) {
  std::optional<std::uint64_t> number;
  w.step([&](Engine& e, Context& ctx) { number = e.keep_hint(hook, about, 1000, ctx); });
  return number;
}

void drop(CoreWorld& w, const std::string& about, std::uint64_t number) {
  w.step([&](Engine& e, Context& ctx) { e.drop_hint("pretix", about, number, ctx); });
}

TEST(Hints, R7_AHintIsKeptOnceUntilItIsAnswered) {
  CoreWorld w;
  const auto first = keep(w, "pretix", "o-1");
  ASSERT_TRUE(first);
  EXPECT_EQ(w.fx.hints.size(), 1u) << "is written";
  EXPECT_EQ(w.engine.state().hints.at("pretix").at("o-1").told_ms, 1000);
  drop(w, "o-1", *first);
  EXPECT_EQ(w.fx.hints.size(), 1u) << "is removed";
  EXPECT_TRUE(w.engine.state().hints.empty());
  drop(w, "o-1", *first);
  EXPECT_TRUE(w.fx.hints.empty());
}

TEST(Hints, R7_WhatIsToldWhileTheShopIsAskedIsNotLost) {
  CoreWorld w;
  const auto first = keep(w, "pretix", "o-1"), again = keep(w, "pretix", "o-1");
  ASSERT_TRUE(first && again);
  EXPECT_NE(first, again);
  EXPECT_TRUE(w.fx.hints.empty()) << "it is on the disk already";
  drop(w, "o-1", *first);
  EXPECT_TRUE(w.engine.state().hints.at("pretix").contains("o-1"));
  drop(w, "o-1", *again);
  EXPECT_TRUE(w.engine.state().hints.empty());
}

TEST(Hints, R7_AHookKeepsSoManyAndTakesNothingFromAnother) {
  CoreWorld w;
  w.step([&](Engine& e, Context& ctx) {
    for (std::size_t i = 0; i < kMaxHints; ++i)
      ASSERT_TRUE(e.keep_hint("pretix", std::to_string(i), 1000, ctx));
  });
  EXPECT_FALSE(keep(w, "pretix", "one more"));
  EXPECT_TRUE(keep(w, "pretix", "1")) << "it is there";
  EXPECT_TRUE(keep(w, "eventbrite", "one more"));
}

}  // namespace
}  // namespace convoke::core
