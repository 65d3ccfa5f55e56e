#include "backend/app/overload.h"

#include <gtest/gtest.h>

namespace convoke::app {
namespace {

bool repeated(const std::string& topic) { return is_repeated(egress::LinkMessage{1, topic, "x", {}, {}}); }

TEST(Overload, DropsOnlyWhatWillComeAgain) {
  const std::string group = "cv1/demo/g/0123456789abcdef0123456789abcdef";
  for (const std::string topic : {"cv1/demo/u/anna/phone/pos", "owntracks/anna/phone",
                                  "cv1/demo/u/anna/phone/req", "cv1/demo/staff/eve/desk/req", "nonsense"})
    EXPECT_TRUE(repeated(topic)) << topic;
  EXPECT_TRUE(repeated(group + "/chat/anna"));
  for (const std::string topic :
       {"cv1/demo/u/anna/phone/presence", "cv1/demo/server/s1/marker", "$CONTROL/convoke/v1/response"})
    EXPECT_FALSE(repeated(topic)) << topic;
  EXPECT_FALSE(is_repeated(egress::LinkUp{1, true}));
  EXPECT_FALSE(is_repeated(egress::LinkDown{1, "gone"}));
  EXPECT_FALSE(is_repeated(egress::LinkDone{1, 1, 0}));
}

}  // namespace
}  // namespace convoke::app
