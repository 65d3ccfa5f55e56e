#include "backend/egress/host_lookup.h"

#include <gtest/gtest.h>

#include <future>

namespace convoke::egress {
namespace {

std::string problem_of(const std::string& host) {
  std::promise<std::string> problem;
  HostLookup lookup;
  lookup.start(host, [&](const std::string& p) { problem.set_value(p); });
  return problem.get_future().get();
}

TEST(HostLookup, R34_FindsAddressesAndNames) {
  EXPECT_EQ(problem_of("127.0.0.1"), "");
  EXPECT_EQ(problem_of("::1"), "");
  EXPECT_EQ(problem_of("localhost"), "");
}

TEST(HostLookup, R34_SaysWhichNameItCannotFind) {
  EXPECT_TRUE(problem_of("a..b").starts_with("cannot find host a..b: "));
}

TEST(HostLookup, R34_SaysNothingOnceItIsCancelled) {
  for (int i = 0; i < 100; ++i) {
    auto alive = std::make_shared<int>(i);
    HostLookup lookup;
    lookup.start("127.0.0.1", [watch = std::weak_ptr<int>(alive)](const std::string&) {
      EXPECT_FALSE(watch.expired()) << "called after it was cancelled";
    });
    lookup.cancel();
    alive.reset();
  }
}

}  // namespace
}  // namespace convoke::egress
