#include "topics/ids.h"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <unordered_set>

namespace convoke::topics {
namespace {

TEST(PlainId, IsOneTo64OfTheAllowedCharacters) {
  EXPECT_TRUE(is_plain_id("a"));
  EXPECT_TRUE(is_plain_id("AZaz09._-"));
  EXPECT_TRUE(is_plain_id(std::string(64, 'x')));
  EXPECT_FALSE(is_plain_id(""));
  EXPECT_FALSE(is_plain_id(std::string(65, 'x')));
}

TEST(PlainId, AllowsExactly65OfThe256Bytes) {
  int allowed = 0;
  for (int byte = 0; byte < 256; ++byte) allowed += is_plain_id(std::string(1, static_cast<char>(byte)));
  EXPECT_EQ(allowed, 26 + 26 + 10 + 3);
}

TEST(UserId, IsAPlainIdOrUserAtSite) {
  EXPECT_TRUE(is_user_id("anna"));
  EXPECT_TRUE(is_user_id("anna@other-site"));
  EXPECT_TRUE(is_user_id(std::string(64, 'u') + "@" + std::string(64, 's')));
  for (const char* bad :
       {"", "@", "anna@", "@site", "a@b@c", "an na", "anna@si te", "anna/ben", "anna+", "#"}) {
    EXPECT_FALSE(is_user_id(bad)) << bad;
  }
  EXPECT_FALSE(is_user_id(std::string(65, 'u') + "@s"));
  EXPECT_FALSE(is_user_id("u@" + std::string(65, 's')));
}

TEST(GroupId, Is32LowerCaseHexDigits) {
  EXPECT_TRUE(is_group_id("0123456789abcdef0123456789abcdef"));
  EXPECT_FALSE(is_group_id("0123456789ABCDEF0123456789ABCDEF"));
  EXPECT_FALSE(is_group_id("0123456789abcdef0123456789abcde"));
  EXPECT_FALSE(is_group_id("0123456789abcdef0123456789abcdef0"));
  EXPECT_FALSE(is_group_id("0123456789abcdef0123456789abcdeg"));
  EXPECT_FALSE(is_group_id(""));
}

TEST(Id, IsEmptyWhereTheTextBreaksTheRule) {
  EXPECT_TRUE(UserId::parse("anna@b"));
  EXPECT_FALSE(DeviceId::parse("anna@b"));
  EXPECT_TRUE(DeviceId::parse("a b").empty());
  EXPECT_EQ(SiteId::parse("demo").str(), "demo");
}

TEST(Id, KindsDoNotConvertIntoOneAnother) {
  EXPECT_FALSE((std::is_convertible_v<UserId, DeviceId>));
  EXPECT_FALSE((std::is_constructible_v<UserId, DeviceId>));
  EXPECT_FALSE((std::is_constructible_v<UserId, std::string>));
}

TEST(Id, CanBeHashedAndOrdered) {
  const std::unordered_set<UserId> users{UserId::parse("a"), UserId::parse("b"), UserId::parse("a")};
  EXPECT_EQ(users.size(), 2u);
  EXPECT_LT(UserId::parse("a"), UserId::parse("b"));
}

}  // namespace
}  // namespace convoke::topics
