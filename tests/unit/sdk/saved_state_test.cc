#include "mobile-sdk/src/saved_state.h"

#include <gtest/gtest.h>

namespace convoke::sdk {
namespace {

const std::string kGroup(32, 'a');

TEST(SavedState, ReadsBackWhatItWrote) {
  const SavedState state{1767225600000, {{kGroup, "hall-a"}, {std::string(32, 'b'), "bar"}}};
  EXPECT_EQ(parse_saved_state(format(state)), state);
}

TEST(SavedState, StartsEmptyWithoutAFileOrWithAForeignOne) {
  EXPECT_EQ(parse_saved_state(""), SavedState{});
  EXPECT_EQ(parse_saved_state("{\"connect\":5}"), SavedState{});
  EXPECT_EQ(parse_saved_state("convoke-sdk 2\nconnect 5\n"), SavedState{});
}

TEST(SavedState, SkipsBrokenLinesAndKeepsTheOthers) {
  const SavedState state =
      parse_saved_state("convoke-sdk 1\nconnect 7x\nconnect 99999999999999999999\ngroup x hall\ngroup " +
                        kGroup + "\nfuture thing\ngroup " + kGroup + " hall-a");
  EXPECT_EQ(state, (SavedState{0, {{kGroup, "hall-a"}}}));
}

TEST(SavedState, HoldsABoundedNumberOfGroups) {
  std::string text = "convoke-sdk 1\n";
  for (int i = 0; i < 1000; ++i) text += "group " + kGroup + " hall-a\n";
  EXPECT_EQ(parse_saved_state(text).groups.size(), 256U);
}

}  // namespace
}  // namespace convoke::sdk
