#include "topics/messages/presence.h"

#include <gtest/gtest.h>

#include "tests/unit/messages/kinds.h"

namespace convoke::messages {
namespace {

TEST(Presence, IsWrittenAsDocumented) {
  EXPECT_EQ(encode(Presence{PresenceState::available, 1767225600000}),
            R"({"state":"available","n":1767225600000})");
}

TEST(Presence, ReadsEveryState) {
  for (const auto state :
       {PresenceState::available, PresenceState::away, PresenceState::busy, PresenceState::offline}) {
    const auto presence = decode_presence(encode(Presence{state, 9}));
    ASSERT_TRUE(presence);
    EXPECT_EQ(presence->state, state);
    EXPECT_EQ(presence->connect_number, 9u);
    EXPECT_EQ(parse_presence_state(to_string(state)), state);
  }
  EXPECT_EQ(parse_presence_state("Available"), std::nullopt);
  EXPECT_EQ(parse_presence_state(""), std::nullopt);
}

TEST(Presence, RefusesOtherStatesAndNumbers) {
  testing::expect_refusals("presence", 0,
                           {{"state", "", "one of available, away, busy, offline"},
                            {"state", "\"here\"", "one of available, away, busy, offline"},
                            {"state", "\"\"", "one of available, away, busy, offline"},
                            {"state", "1", "one of available, away, busy, offline"},
                            {"n", "", "an integer from 1 to 9007199254740991"},
                            {"n", "0", "an integer from 1 to 9007199254740991"},
                            {"n", "-1", "an integer from 1 to 9007199254740991"},
                            {"n", "1.5", "an integer from 1 to 9007199254740991"},
                            {"n", "9007199254740992", "an integer from 1 to 9007199254740991"},
                            {"n", "\"1\"", "an integer from 1 to 9007199254740991"}});
}

}  // namespace
}  // namespace convoke::messages
