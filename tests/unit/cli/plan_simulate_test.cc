#include <gmock/gmock.h>

#include "ops/cli/failure.h"
#include "tests/unit/cli/cli_fixture.h"

namespace convoke::cli {
namespace {

using testing::HasSubstr;

constexpr const char* kHall = R"({"type":"Feature","id":"hall","properties":{"radius_m":50,"rule":"strict"},
  "geometry":{"type":"Point","coordinates":[0.5,0.5]}})";
constexpr const char* kPlans = R"(schema = 1
[[plan]]
id = "hall"
[plan.audience]
any = [{ area = "hall" }]
follow = "1m"
[[plan.start]]
on = "occupancy"
area = "hall"
reaches = 2
[[plan.end]]
on = "duration"
after = "30m"
[[plan.end]]
on = "empty"
area = "hall"
)";

class PlanSimulateTest : public CliTest {
 protected:
  /// Somebody is in the hall from one minute to another, and then goes.
  void walk(const std::string& user, int from, int to) {
    for (int minute = from; minute <= to + 4; ++minute)
      for (const int second : {0, 20, 40})
        fixes_.emplace(minute * 60 + second, user + "," + std::to_string(1780342200 + minute * 60 + second) +
                                                 (minute <= to ? ",0.5,0.5,5\n" : ",0.5,0.51,5\n"));
  }
  std::vector<std::string> arguments(std::vector<std::string> more = {}) const {
    std::string text = "user,time,lat,lon,acc\n";
    for (const auto& [at, line] : fixes_) text += line;
    std::vector<std::string> all = {"plan",
                                    "simulate",
                                    write("plans.toml", kPlans),
                                    "--areas",
                                    write("hall.geojson", kHall),
                                    "--fixes",
                                    write("friday.csv", text)};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

 private:
  std::multimap<int, std::string> fixes_;
};

TEST_F(PlanSimulateTest, TellsWhoIsDrawnInWhoGoesAndWhenItEndsAndWhy) {
  walk("anna", 0, 10);
  walk("ben", 2, 6);
  walk("cleo", 4, 60);
  const auto outcome = call(arguments());
  ASSERT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_EQ(outcome.out, R"(2026-06-01T19:32:00Z  hall #1 starts with 2 members: occupancy: hall reached 2
    anna (in hall), ben (in hall)
2026-06-01T19:34:00Z  hall #1: cleo joins: in hall
2026-06-01T19:38:00Z  hall #1: ben leaves: not-qualified
2026-06-01T19:42:00Z  hall #1: anna leaves: not-qualified
2026-06-01T20:02:00Z  hall #1 ends: duration
)");
  EXPECT_THAT(outcome.err, HasSubstr("1 chat\n"));
  EXPECT_EQ(call(arguments()).out, outcome.out) << "the same evening gives the same";
}

TEST_F(PlanSimulateTest, TakesPresenceFromAFileAndWritesNdjson) {
  walk("anna", 0, 10);
  walk("ben", 2, 6);
  walk("cleo", 2, 60);
  const std::string presence =
      write("presence.csv",
            "user,time,presence\nben,2026-06-01T19:30:00Z,busy\nben,2026-06-01T19:35:00Z,available\n");
  const auto outcome = call(arguments({"--presence", presence, "--json"}));
  ASSERT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_THAT(
      outcome.out,
      HasSubstr(
          R"({"t":1780342320000,"type":"start","plan":"hall","chat":1,"because":["occupancy: hall reached 2"],)"
          R"("members":[{"user":"anna","why":"in hall"}],"passed_over":[{"user":"ben","why":"not-available"}]})"));
  EXPECT_THAT(
      outcome.out,
      HasSubstr(
          R"({"t":1780342500000,"type":"join","plan":"hall","chat":1,"user":"ben","because":["in hall"]})"));
}

TEST_F(PlanSimulateTest, NamesTheLinesOfAPresenceFileThatAreWrong) {
  walk("anna", 0, 1);
  const auto outcome = call(
      arguments({"--presence", write("presence.csv",
                                     "user,time,presence\nanna,noon,busy\nanna,1780342200,asleep\nanna\n")}));
  EXPECT_EQ(outcome.code, kFailed);
  for (const char* line :
       {"line 2: expected a time", "line 3: expected available", "line 4: expected user,time"})
    EXPECT_THAT(outcome.err, HasSubstr(line));
}

TEST_F(PlanSimulateTest, RefusesABadPlanFileAtItsPaths) {
  walk("anna", 0, 1);
  auto all = arguments();
  all[2] = write("bad.toml", "schema = 1\n[[plan]]\nid = \"p\"\naudience = {}\n");
  const auto outcome = call(all);
  EXPECT_EQ(outcome.code, kFailed);
  EXPECT_THAT(outcome.err, HasSubstr("plan[0](p).end"));
}

}  // namespace
}  // namespace convoke::cli
