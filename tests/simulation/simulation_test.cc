#include <gmock/gmock.h>

#include <string>
#include <utility>

#include "tests/simulation/seeds.h"
#include "tests/simulation/world.h"

namespace convoke::simulation {
namespace {

constexpr std::uint64_t kSeedsEach = 100;

/// Any evening: whatever the seed does to network, broker, disk and processes, all holds together.
class AnyEvening : public testing::TestWithParam<std::uint64_t> {};

TEST_P(AnyEvening, HoldsTogether) {
  Options options;
  std::size_t groups = 0, ended = 0, archived = 0;
  for (std::uint64_t i = 1; i <= kSeedsEach; ++i) {
    options.seed = GetParam() * kSeedsEach + i;
    const Outcome outcome = run(options);
    ASSERT_TRUE(outcome.failure.empty()) << report(options, outcome);
    groups += outcome.groups;
    ended += outcome.ended;
    archived += outcome.archived;
  }
  EXPECT_GT(groups, 2 * kSeedsEach) << "little happens in these worlds";
  EXPECT_GT(ended, kSeedsEach);
  EXPECT_GT(archived, 10 * kSeedsEach);
}
INSTANTIATE_TEST_SUITE_P(Seeds, AnyEvening, testing::Range<std::uint64_t>(0, 10));

/// One story with 20 phones in which the server dies once: in each run at another of its writes and sends.
constexpr std::uint64_t kParts = 4;
class OneEvening : public testing::TestWithParam<std::uint64_t> {
 protected:
  static Options story() {
    Options options;
    options.seed = 14;
    options.phones = 20;
    options.calm = true;
    return options;
  }
  /// This part's share of the points at which it could die.
  static void die_at_each(CrashPoint::At at, std::uint64_t points) {
    Options options = story();
    for (std::uint64_t n = 1 + GetParam(); n <= points; n += kParts) {
      options.crash = {at, n};
      const Outcome outcome = run(options);
      ASSERT_TRUE(outcome.failure.empty()) << report(options, outcome);
      ASSERT_EQ(outcome.deaths, 1U);
    }
  }
};

TEST_P(OneEvening, SurvivesADeathAtEveryWrite) {
  const Outcome whole = run(story());
  ASSERT_TRUE(whole.failure.empty()) << report(story(), whole);
  EXPECT_GE(whole.ended, 3U) << "little happens in this story";
  EXPECT_GE(whole.archived, 10U);
  die_at_each(CrashPoint::At::before_write, whole.writes);
}
TEST_P(OneEvening, SurvivesADeathAtEverySend) { die_at_each(CrashPoint::At::send, run(story()).sends); }
INSTANTIATE_TEST_SUITE_P(Parts, OneEvening, testing::Range<std::uint64_t>(0, kParts));

std::string found_with(Sabotage sabotage) { return found_with(run, std::move(sabotage), 40, 20); }

using store::Family;
using testing::AnyOf;
using testing::HasSubstr;

TEST(SimulationSees, MessagesThatStayInTheOutbox) {
  Sabotage s;
  s.loses_write = [](const auto& write) { return write.family == Family::outbox && !write.value; };
  EXPECT_THAT(found_with(s), HasSubstr("stays in the outbox"));
}
TEST(SimulationSees, MembersThatAreNotWritten) {
  Sabotage s;
  s.loses_write = [](const auto& write) { return write.family == Family::members && write.value; };
  EXPECT_THAT(found_with(s), HasSubstr("the members of group"));
}
TEST(SimulationSees, MessagesThatAreNotArchived) {
  Sabotage s;
  s.loses_write = [](const auto& write) { return write.family == Family::chat && write.value; };
  EXPECT_THAT(found_with(s), HasSubstr("was said to be archived"));
}
TEST(SimulationSees, RegistrationsThatAreNotWritten) {
  Sabotage s;
  s.loses_write = [](const auto& write) { return write.family == Family::registrations; };
  EXPECT_THAT(found_with(s), HasSubstr("registration"));
}
TEST(SimulationSees, ActsThatAreNotWritten) {
  Sabotage s;
  s.loses_write = [](const auto& write) { return write.family == Family::acts && write.value; };
  EXPECT_THAT(found_with(s), AnyOf(HasSubstr("has counted is forgotten"), HasSubstr("counted twice")));
}
TEST(SimulationSees, StaysThatAreNotWritten) {
  Sabotage s;
  s.loses_write = [](const auto& write) { return write.family == Family::past && write.value; };
  EXPECT_THAT(found_with(s), HasSubstr("the former stays"));
}
TEST(SimulationSees, ErasuresThatLeaveTheArchiveAsItIs) {
  Sabotage s;
  s.loses_write = [](const auto& write) {
    return write.family == Family::chat && write.value &&
           write.value->find(R"("from":"-")") != std::string::npos;
  };
  EXPECT_THAT(found_with(s), HasSubstr("who was erased"));
}
TEST(SimulationSees, RetainedTopicsThatAreNotCleared) {
  Sabotage s;
  s.loses_send = [](const auto& topic, const auto& payload) {
    return topic.ends_with("/head") && payload.empty();
  };
  EXPECT_THAT(found_with(s), HasSubstr("the truth is that there is none"));
}
TEST(SimulationSees, PagesThatAreNotPublishedAgain) {
  Sabotage s;
  s.loses_send = [](const auto& topic, const auto&) { return topic.ends_with("/buddies/0"); };
  EXPECT_THAT(found_with(s), AnyOf(HasSubstr("the broker"), HasSubstr("the server said something else of")));
}
TEST(SimulationSees, PhonesThatShowAnotherPresenceThanTheServerSaid) {
  Sabotage s;
  s.garbles = [](const auto& topic, auto& payload) {
    const auto at = payload.find(R"("p":"busy")");
    if (topic.ends_with("/changes") && at != std::string::npos) payload.replace(at, 10, R"("p":"away")");
  };
  EXPECT_THAT(found_with(s), HasSubstr("the server said something else of"));
}
TEST(SimulationSees, PhonesThatCountOtherMembersThanTheServerSaid) {
  Sabotage s;
  s.garbles = [](const auto& topic, auto& payload) {
    const std::string members = R"("members":)";
    if (topic.ends_with("/in") && payload.find(members) != std::string::npos)
      payload.insert(payload.find(members) + members.size(), "1");
  };
  EXPECT_THAT(found_with(s), HasSubstr("the server never said that so many"));
}
TEST(SimulationSees, EndingTimesThatAreIgnored) {
  Sabotage s;
  s.spoils = [](core::State& state) {
    for (const auto& [id, group] : state.groups) state.timers.cancel({core::TimerKind::group_end, id.str()});
  };
  EXPECT_THAT(found_with(s), AnyOf(HasSubstr("past its ending time"), HasSubstr("timer")));
}
TEST(SimulationSees, MembersWithoutAReason) {
  Sabotage s;
  s.spoils = [](core::State& state) {
    for (auto& [id, group] : state.groups)
      for (auto& [user, member] : group.members) member.why.clear();
  };
  EXPECT_THAT(found_with(s), HasSubstr("without a reason"));
}

TEST(SimulatedWorld, IsOnADiskToo) {
  Options options;
  options.disk = true;
  options.phones = 30;
  for (options.seed = 1; options.seed <= 4; ++options.seed) {
    const Outcome outcome = run(options);
    EXPECT_TRUE(outcome.failure.empty()) << report(options, outcome);
  }
}

TEST(SimulatedWorld, IsTheSameForTheSameSeed) { expect_the_same_twice(run); }

}  // namespace
}  // namespace convoke::simulation
