#include "topics/messages/stamp.h"

#include <gtest/gtest.h>

namespace convoke::messages {
namespace {

using Properties = std::vector<std::pair<std::string, std::string>>;

Properties with(const std::string& epoch, const std::string& n) {
  return {{"mine", "x"}, {"cv-site", "demo"}, {"cv-epoch", epoch}, {"cv-n", n}, {"cv-time", "1767225600000"}};
}

TEST(Stamp, IsReadFromTheUserProperties) {
  EXPECT_EQ(read_stamp(with("1767225600000", "7")), (Stamp{"demo", 1'767'225'600'000, 7, 1'767'225'600'000}));
  EXPECT_TRUE(read_stamp(with("9007199254740991", "9007199254740991")));
}

TEST(Stamp, IsNoneWhereANumberIsMissingOrBeyondWhatTheArchiveCanHold) {
  EXPECT_FALSE(read_stamp({}));
  EXPECT_FALSE(read_stamp({{"cv-site", "demo"}, {"cv-epoch", "1"}}));
  for (const char* bad :
       {"18446744073709551615", "9007199254740992", "18446744073709551616", "0", "-1", "7x", "", " 7"}) {
    EXPECT_FALSE(read_stamp(with(bad, "1"))) << bad;
    EXPECT_FALSE(read_stamp(with("1", bad))) << bad;
  }
}

}  // namespace
}  // namespace convoke::messages
