#include "backend/app/keys.h"

#include <gtest/gtest.h>

#include <fstream>
#include <stdexcept>

#include "tests/support/temp_dir.h"

namespace convoke::app {
namespace {

TEST(Keys, AreReplacedByAGoodFileAndKeptOverABrokenOne) {
  const std::int64_t now_s = 1'767'225'600;
  const auto old_keys = token::KeySet::parse(token::KeySet::generate_ed25519("old"));
  const auto new_keys = token::KeySet::parse(token::KeySet::generate_ed25519("new"));
  test::TempDir dir;
  const auto path = dir.write("keys.jwks", old_keys.public_jwks()).string();
  Keys keys(path);
  const auto holds = [&](const token::KeySet& signer) {
    const auto token = sign(signer, {"eve", "demo", topics::Role::staff, "desk", now_s, now_s + 60}).value();
    return verify(*keys.current(), token, "demo", now_s).verified.has_value();
  };
  dir.write("keys.jwks", "{\"keys\":[");
  EXPECT_THROW(keys.reload(), std::runtime_error);
  EXPECT_TRUE(holds(old_keys));
  dir.write("keys.jwks", new_keys.public_jwks());
  keys.reload();
  EXPECT_FALSE(holds(old_keys));
  EXPECT_TRUE(holds(new_keys));
}

}  // namespace
}  // namespace convoke::app
