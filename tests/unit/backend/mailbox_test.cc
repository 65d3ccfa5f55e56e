#include "backend/app/mailbox.h"

#include <gmock/gmock.h>

namespace convoke::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

TEST(Mailbox, GivesTheOldestUpToTheNumberThatIsAskedFor) {
  Mailbox<int> mailbox;
  for (const int i : {1, 2, 3, 4, 5}) mailbox.push(i);
  EXPECT_THAT(mailbox.take(0ms, 2), ElementsAre(1, 2));
  mailbox.push(6);
  EXPECT_THAT(mailbox.take(0ms, 3), ElementsAre(3, 4, 5));
  EXPECT_EQ(mailbox.size(), 1U);
  EXPECT_THAT(mailbox.take(0ms, 3), ElementsAre(6));
  EXPECT_THAT(mailbox.take(0ms, 3), IsEmpty());
}

}  // namespace
}  // namespace convoke::app
