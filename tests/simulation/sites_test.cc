#include <gmock/gmock.h>

#include <string>
#include <utility>

#include "tests/simulation/seeds.h"
#include "tests/simulation/sites_world.h"

namespace convoke::simulation {
namespace {

constexpr std::uint64_t kSeedsEach = 10;

/// Any evening of two or three sites: whatever the seed does to the ways between them, to their brokers,
/// servers, disks and phones, they are one in the end.
class AnySites : public testing::TestWithParam<std::uint64_t> {};

TEST_P(AnySites, R34_AreOneInTheEnd) {
  Options options;
  options.sites = true;
  std::size_t groups = 0, ended = 0, archived = 0;
  for (std::uint64_t i = 1; i <= kSeedsEach; ++i) {
    options.seed = GetParam() * kSeedsEach + i;
    const Outcome outcome = run_sites(options);
    ASSERT_TRUE(outcome.failure.empty()) << report(options, outcome);
    groups += outcome.groups;
    ended += outcome.ended;
    archived += outcome.archived;
  }
  EXPECT_GT(groups, 3 * kSeedsEach) << "little happens in these worlds";
  EXPECT_GT(ended, kSeedsEach);
  EXPECT_GT(archived, 50 * kSeedsEach);
}
INSTANTIATE_TEST_SUITE_P(Seeds, AnySites, testing::Range<std::uint64_t>(0, 3));

std::string found_with(Sabotage sabotage) { return found_with(run_sites, std::move(sabotage), 3, 10); }

TEST(SitesSee, LinksThatAreNotWritten) {
  Sabotage s;
  s.loses_write = [](const auto& write) { return write.family == store::Family::peers; };
  EXPECT_THAT(found_with(s), testing::HasSubstr("the number of other sites differs"));
}
TEST(SitesSee, QuestionsThatAreNotWritten) {
  Sabotage s;
  s.loses_write = [](const auto& write) { return write.family == store::Family::questions; };
  EXPECT_THAT(found_with(s), testing::HasSubstr("what other sites keep asking differs"));
}
TEST(SitesSee, UsersOfOtherSitesWhoDoNotQualify) {
  Sabotage s;
  s.spoils = [](core::State& state) {
    for (auto& [site, of] : state.kept)
      for (auto& [id, question] : of.all) question.plan.audience.by_another = false;
  };
  EXPECT_THAT(found_with(s), testing::HasSubstr("does not qualify any more"));
}
TEST(SitesSee, MirrorsThatEndAtAnotherTime) {
  Sabotage s;
  s.spoils = [](core::State& state) {
    for (auto& [id, group] : state.groups)
      if (group.home && group.ends_ms && *group.ends_ms % 2 == 0) ++*group.ends_ms;
  };
  EXPECT_THAT(found_with(s), testing::HasSubstr("differs"));
}
TEST(SitesSee, WordsThatDoNotComeThrough) {
  Sabotage s;
  s.loses_send = [](const auto& topic, const auto&) {
    return topic.find("/chat/") != std::string::npos && topic.find('@') != std::string::npos;
  };
  EXPECT_THAT(found_with(s), testing::HasSubstr("never comes back"));
}

TEST(SitesWorld, IsTheSameForTheSameSeed) { expect_the_same_twice(run_sites); }

}  // namespace
}  // namespace convoke::simulation
