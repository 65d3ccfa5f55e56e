#include "geo/decision.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <vector>

namespace convoke::geo {
namespace {

constexpr double kWide = 1e6;  // the depth of an area so large that its size does not matter

/// One user and one area; fixes a second apart unless said otherwise.
struct Pair {
  AreaRule rule;
  bool inside = false;
  double depth_m = kWide;
  PairState state = {.inside = inside};
  std::int64_t time_ms = 0;

  Decision at(double distance_m, double accuracy_m = 10, std::int64_t after_ms = 1000) {
    time_ms += after_ms;
    const Verdict ended = elapse(state, rule, time_ms);
    const Verdict verdict = step(state, rule, depth_m, {distance_m, accuracy_m, time_ms});
    return ended.decision != Decision::none ? ended.decision : verdict.decision;
  }

  /// How many fixes at this distance it takes to change the state; nothing if 1000 are not enough.
  std::optional<int> fixes_until_change(double distance_m, double accuracy_m = 10) {
    for (int n = 1; n <= 1000; ++n) {
      if (at(distance_m, accuracy_m) != Decision::none) return n;
    }
    return std::nullopt;
  }
};

TEST(AreaRule, NamesItsPresets) {
  for (const char* name : {"strict", "balanced", "calm"}) {
    const auto rule = AreaRule::preset(name);
    ASSERT_TRUE(rule);
    EXPECT_EQ(rule->name(), name);
    EXPECT_EQ(rule->fault(), "");
  }
  EXPECT_FALSE(AreaRule::preset("custom"));
  EXPECT_EQ((AreaRule{.confirm = 2, .of_last = 2}.name()), "custom");
}

TEST(AreaRule, SaysWhatIsOutOfRange) {
  EXPECT_EQ(AreaRule{.enter_margin_m = -1}.fault(), "enter_margin_m must be 0 to 10000");
  EXPECT_EQ((AreaRule{.exit_margin_accuracy = std::numeric_limits<double>::quiet_NaN()}.fault()),
            "exit_margin_accuracy must be 0 to 10");
  EXPECT_EQ(AreaRule{.enter_margin_share = 1.1}.fault(), "enter_margin_share must be 0 to 1");
  EXPECT_EQ(AreaRule{.confirm = 0}.fault(), "confirm must be 1 to 8");
  EXPECT_EQ((AreaRule{.confirm = 3, .of_last = 2}.fault()), "of_last must be confirm to 8");
  EXPECT_EQ((AreaRule{.confirm = 3, .of_last = 9}.fault()), "of_last must be confirm to 8");
  EXPECT_EQ(AreaRule{.enter_dwell_ms = 86'400'001}.fault(), "enter_dwell_ms must be at most a day");
}

TEST(Step, OnTheEdgeIsInside) {
  Pair outside{AreaRule::strict()};
  EXPECT_EQ(outside.at(0.001), Decision::none);
  EXPECT_EQ(outside.at(0), Decision::enter);
  EXPECT_EQ(outside.at(0), Decision::none);
  EXPECT_EQ(outside.at(0.001), Decision::exit);
}

TEST(Step, EnterAndExitHaveMarginsOfTheirOwn) {
  const AreaRule rule = {
      .enter_margin_m = 5, .enter_margin_accuracy = 2, .exit_margin_m = 7, .exit_margin_accuracy = 0.5};
  Pair pair{rule};
  EXPECT_EQ(pair.at(-19.9, 10), Decision::none);
  EXPECT_EQ(pair.at(-4.9, 1), Decision::none) << "the fixed margin is larger";
  EXPECT_EQ(pair.at(-20, 10), Decision::enter);
  EXPECT_EQ(pair.at(6.9, 10), Decision::none) << "the fixed margin is larger";
  EXPECT_EQ(pair.at(14.9, 30), Decision::none);
  EXPECT_EQ(pair.at(15.1, 30), Decision::exit);
}

TEST(Step, MarginOfEnteringIsAtMostAShareOfTheDepth) {
  const AreaRule rule = {.enter_margin_accuracy = 1.5, .enter_margin_share = 0.75};
  EXPECT_EQ(margin_m(rule, false, 20, 20), 15);
  EXPECT_EQ(margin_m(rule, false, 10, 20), 15);
  EXPECT_EQ(margin_m(rule, false, 28, 20), 21) << "nothing of the area is so deep: it cannot be entered";
  EXPECT_EQ(margin_m(rule, false, 9, 20), 13.5);
  EXPECT_EQ(margin_m({.enter_margin_accuracy = 1.5}, false, 30, 20), 45) << "no share, no limit";
  EXPECT_EQ(margin_m({.exit_margin_accuracy = 1.5}, true, 30, 20), 45) << "leaving needs no room";
}

TEST(Step, WantsSoManyOfTheLastFixes) {
  Pair pair{{.confirm = 3, .of_last = 5}};
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(pair.at(-1), Decision::none);
    EXPECT_EQ(pair.at(-1), Decision::none);
    for (int n = 0; n < 3; ++n) EXPECT_EQ(pair.at(1), Decision::none);
  }
  pair.at(-1);
  pair.at(-1);
  pair.at(1);
  pair.at(1);
  EXPECT_EQ(pair.at(-1), Decision::enter);
}

TEST(Step, SaysWhichFixesDecided) {
  Pair pair{AreaRule::balanced()};
  pair.at(-50);
  pair.at(1);
  pair.at(-50);
  const Verdict verdict = step(pair.state, pair.rule, kWide, {-50, 10, 4000});
  EXPECT_EQ(verdict, (Verdict{Decision::enter, 0b1011}));
  EXPECT_EQ(pair.state, PairState{.inside = true}) << "starts afresh on the other side";
}

TEST(Step, FixesOnTheSameSideSettleThePair) {
  Pair pair{AreaRule::calm()};
  EXPECT_TRUE(pair.state.settled());
  pair.at(-50);
  EXPECT_FALSE(pair.state.settled());
  for (int i = 0; i < 5; ++i) pair.at(50);
  EXPECT_TRUE(pair.state.settled());
  EXPECT_EQ(pair.state, PairState{});
}

TEST(Step, DwellEndsWithTimeAlone) {
  Pair pair{{.enter_dwell_ms = 60'000}};
  EXPECT_EQ(due_ms(pair.state, pair.rule), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(pair.at(-1), Decision::none);
  EXPECT_EQ(due_ms(pair.state, pair.rule), 61'000);
  EXPECT_EQ(elapse(pair.state, pair.rule, 60'999), Verdict{});
  EXPECT_EQ(elapse(pair.state, pair.rule, 61'000), (Verdict{Decision::enter, 0b1}));
  EXPECT_EQ(pair.state, PairState{.inside = true});
  EXPECT_EQ(elapse(pair.state, pair.rule, 1'000'000), Verdict{}) << "only once";
}

TEST(Step, FixOnTheOldSideEndsADwell) {
  Pair pair{{.confirm = 3, .of_last = 4, .exit_dwell_ms = 10'000}, true};
  for (int i = 0; i < 8; ++i) EXPECT_EQ(pair.at(1), Decision::none);
  EXPECT_EQ(pair.at(-1), Decision::none);
  EXPECT_EQ(due_ms(pair.state, pair.rule), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(pair.fixes_until_change(1), 11) << "three of four hold at once, and so begins a new dwell";
}

TEST(Step, DwellNeedsEvidenceToItsEnd) {
  Pair pair{{.enter_margin_m = 10, .confirm = 3, .of_last = 4, .enter_dwell_ms = 10'000}};
  for (int i = 0; i < 3; ++i) pair.at(-15);
  pair.at(-5);
  EXPECT_EQ(due_ms(pair.state, pair.rule), 13'000) << "one fix within the margin does no harm";
  pair.at(-5);
  EXPECT_EQ(due_ms(pair.state, pair.rule), std::numeric_limits<std::int64_t>::max());
}

TEST(Step, DwellWorksWithFixesFarApart) {
  Pair pair{{.enter_dwell_ms = 60'000}};
  EXPECT_EQ(pair.at(-1, 10, 50'000), Decision::none);
  EXPECT_EQ(pair.at(-1, 10, 50'000), Decision::none);
  EXPECT_EQ(pair.at(-1, 10, 50'000), Decision::enter);
}

TEST(Agree, IsStepWithoutTheDistance) {
  std::mt19937_64 random(1);
  for (const char* name : {"strict", "balanced", "calm"}) {
    Pair pair{*AreaRule::preset(name)};
    for (int i = 0; i < 10'000; ++i) {
      PairState agreed = pair.state;
      agree(agreed, pair.rule);
      PairState stepped = pair.state;
      step(stepped, pair.rule, kWide, {stepped.inside ? -1.0 : 1.0, 10, pair.time_ms + 1});
      ASSERT_EQ(agreed, stepped);
      pair.at(static_cast<double>(random() % 200) - 100, 10, 5000);
    }
  }
}

TEST(Presets, StrictDecidesByEveryFix) {
  Pair pair{AreaRule::strict()};
  EXPECT_EQ(pair.fixes_until_change(-0.1, 50), 1);
  EXPECT_EQ(pair.fixes_until_change(0.1, 50), 1);
}

// Whatever was before, and however well or badly the phone knows its place.
TEST(Presets, BalancedSeesTwoSigmaAtTheThirdFix) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 10'000; ++i) {
    Pair pair{AreaRule::balanced()};
    for (int n = 0; n < 6; ++n) pair.at(static_cast<double>(random() % 100) - 50);
    const double accuracy = 1 + static_cast<double>(random() % 100);
    const double side = pair.state.inside ? 1 : -1;
    const double distance = pair.state.inside ? std::max(2 * accuracy, 5.1) : 2 * accuracy;
    const auto fixes = pair.fixes_until_change(side * distance, accuracy);
    ASSERT_TRUE(fixes);
    ASSERT_LE(*fixes, 3);
  }
}

TEST(Presets, BalancedSeesEveryVisitOfHalfAMinute) {
  for (const std::int64_t every_ms : {500, 1000, 2000, 5000, 10'000, 15'000}) {
    Pair pair{AreaRule::balanced()};
    for (int i = 0; i < 20; ++i) pair.at(20, 10, every_ms);
    int fixes = 0;
    while (pair.at(-20, 10, every_ms) == Decision::none) ++fixes;
    EXPECT_EQ(fixes + 1, 3) << every_ms;
    EXPECT_LE((fixes)*every_ms, 30'000);
  }
}

TEST(Presets, CalmDecidesAfterFourFixesAndItsDwell) {
  Pair pair{AreaRule::calm()};
  EXPECT_EQ(pair.fixes_until_change(-20), 24);
  EXPECT_EQ(pair.fixes_until_change(20), 24);
}

TEST(Presets, SmallHallsCanBeEnteredOnlyWithBalanced) {
  const double depth_m = 20;
  Pair balanced{AreaRule::balanced(), false, depth_m}, calm{AreaRule::calm(), false, depth_m};
  EXPECT_EQ(balanced.fixes_until_change(-20, 30), std::nullopt) << "smaller than the accuracy";
  EXPECT_EQ(balanced.fixes_until_change(-16, 20), 3);
  EXPECT_EQ(calm.fixes_until_change(-20, 20), std::nullopt);
}

}  // namespace
}  // namespace convoke::geo
