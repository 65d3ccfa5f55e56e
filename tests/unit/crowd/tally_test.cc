#include "ops/crowd/tally.h"

#include <gmock/gmock.h>

namespace convoke::crowd {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string kGroup(32, 'a');

sdk::Group held(std::uint64_t version) {
  sdk::Group group;
  group.id = kGroup;
  group.name = "Hall";
  group.version = version;
  group.members = 2;
  return group;
}

TEST(Tally, ForgetsAGroupWhenItIsOverOnEveryPhone) {
  Tally tally;
  for (const std::size_t phone : {1, 2}) tally.count(phone, sdk::ChatStarted{held(1)}, held(1));
  tally.count(1, sdk::ChatEnded{kGroup, "hall", "duration", 9}, std::nullopt);
  tally.forget_ended();
  EXPECT_THAT(tally.to_json(1), HasSubstr(R"("ended":1)"));
  tally.count(2, sdk::ChatEnded{kGroup, "hall", "duration", 9}, std::nullopt);
  EXPECT_THAT(tally.to_json(1), HasSubstr(R"("ended":2)"));
  tally.forget_ended();
  EXPECT_THAT(tally.groups, IsEmpty());
  tally.count(3, sdk::ChatEnded{kGroup, "hall", "duration", 9}, std::nullopt);  // late
  EXPECT_THAT(tally.to_json(1), Not(HasSubstr(kGroup)));
}

}  // namespace
}  // namespace convoke::crowd
