#include "topics/token/base64url.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

namespace convoke::token {
namespace {

// RFC 4648, section 10, without the padding that RFC 7515 leaves out.
TEST(Base64url, Rfc4648TestVectors) {
  const std::vector<std::pair<std::string, std::string>> vectors{
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(encode_base64url(bytes), text);
    EXPECT_EQ(decode_base64url(text), bytes);
  }
}

TEST(Base64url, ReadsBackRandomBytes) {
  std::mt19937 random(7);
  for (std::size_t size = 0; size < 200; ++size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    EXPECT_EQ(decode_base64url(encode_base64url(bytes)), bytes);
  }
}

TEST(Base64url, RefusesWhatIsNotTheOneTextOfItsBytes) {
  for (const char* bad : {"Zg==", "Zg=", "Z", "Zm9vY", "Zm+v", "Zm/v", "Zm 9v", "Zm9v\n", "Zh", "Zm9",
                          "\xC3\xA4"
                          "aa"}) {
    EXPECT_FALSE(decode_base64url(bad)) << bad;
  }
}

}  // namespace
}  // namespace convoke::token
