#include "tests/unit/messages/kinds.h"

#include <gtest/gtest.h>

#include "topics/messages/limits.h"

// What holds for every kind of payload.
namespace convoke::messages::testing {
namespace {

template <class Check>
void for_each_payload(Check check) {
  for (const Kind& one : kinds()) {
    for (const std::string& payload : one.full) {
      SCOPED_TRACE(one.name + ": " + payload);
      check(one, payload);
    }
  }
}

TEST(EveryKind, ComesBackAsItWasSent) {
  for_each_payload([](const Kind& one, const std::string& payload) {
    const auto again = one.recode(payload);
    ASSERT_TRUE(again) << again.error().to_string();
    EXPECT_EQ(*again, payload);
  });
}

TEST(EveryKind, IgnoresUnknownKeys) {
  for_each_payload([](const Kind& one, const std::string& payload) {
    const auto again = one.recode(with(payload, "later", R"({"more":[1,null,"x"]})"));
    ASSERT_TRUE(again) << again.error().to_string();
    EXPECT_EQ(*again, payload);
  });
}

TEST(EveryKind, RefusesWhatIsNoBoundedJsonObject) {
  for_each_payload([](const Kind& one, const std::string& payload) {
    const std::string blank(kMaxPayloadBytes + 1 - payload.size(), ' ');
    const std::string key_again = payload.substr(0, payload.size() - 1) + R"(,"x":1,"x":2})";
    const std::string deep = with(payload, "later", std::string(16, '[') + std::string(16, ']'));
    for (const std::string& bad : {payload + blank, key_again, deep, payload.substr(1), payload + "x",
                                   "[" + payload + "]", with(payload, "later", "\"\xff\""), std::string()}) {
      const auto result = one.recode(bad);
      ASSERT_TRUE(result.has_error()) << bad.substr(0, 200);
      EXPECT_EQ(result.error().field, "");
    }
    EXPECT_TRUE(one.recode(payload + blank.substr(1)));
  });
}

TEST(EveryKind, RefusesAnEmptyObject) {
  for (const Kind& one : kinds()) {
    const auto result = one.recode("{}");
    ASSERT_TRUE(result.has_error()) << one.name;
    EXPECT_NE(result.error().field, "") << one.name;
  }
}

}  // namespace
}  // namespace convoke::messages::testing
