#include <gmock/gmock.h>

#include <iterator>

#include "ops/cli/failure.h"
#include "tests/unit/cli/cli_fixture.h"

namespace convoke::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kAreas = R"({"type":"FeatureCollection","features":[
  {"type":"Feature","id":"hall","properties":{"name":"</script><script>alert(1)</script>"},
   "geometry":{"type":"Polygon","coordinates":[[[0,0],[0.001,0],[0.001,0.001],[0,0.001],[0,0]]]}}]})";

class ReplayCommandTest : public CliTest {
 protected:
  std::vector<std::string> arguments(std::vector<std::string> more) const {
    std::string fixes = "user,time,lat,lon,acc\n";
    for (int i = 0; i < 8; ++i)
      fixes += "anna," + std::to_string(1780342200 + i * 10) +
               (i < 3 ? ",0.0005,0.0005,5\n" : ",0.0005,0.005,5\n");
    std::vector<std::string> all = {"replay", "--areas", write("areas.geojson", kAreas), "--fixes",
                                    write("walk.csv", fixes)};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  std::string content(const std::string& name) const {
    std::ifstream file(path(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

TEST_F(ReplayCommandTest, RuleDecidesHowManyFixesMustAgree) {
  const auto first_time = [](const Outcome& outcome) { return outcome.out.substr(9, 20); };
  EXPECT_EQ(first_time(call(arguments({"--rule", "strict"}))), "2026-06-01T19:30:00.");
  EXPECT_EQ(first_time(call(arguments({"--rule", "balanced"}))), "2026-06-01T19:30:20.");
  EXPECT_EQ(call(arguments({})).out, call(arguments({"--rule", "balanced"})).out);
  EXPECT_EQ(call(arguments({"--rule", "calm"})).out, "");
}

TEST_F(ReplayCommandTest, RuleIsOneOfThreeAndNotForRaw) {
  EXPECT_EQ(call(arguments({"--rule", "brisk"})).code, kUsage);
  const auto both = call(arguments({"--rule", "strict", "--raw"}));
  EXPECT_EQ(both.code, kUsage);
  EXPECT_THAT(both.err, HasSubstr("--raw"));
}

TEST_F(ReplayCommandTest, ShowsOnATerminalHowFarItIs) {
  std::string fixes = "user,time,lat,lon,acc\n";
  for (int i = 0; i < 100'000; ++i) fixes += "anna," + std::to_string(1780342200 + i) + ",0.0005,0.005,5\n";
  const std::vector<std::string> replay = {"replay", "--areas", write("areas.geojson", kAreas), "--fixes",
                                           write("walk.csv", fixes)};
  std::ostringstream out, err;
  EXPECT_EQ(run(replay, {out, err, path("."), false, true}), kOk);
  EXPECT_THAT(err.str(), testing::StartsWith("\r0 of 100000 fixes, 0 %\033[K"));
  EXPECT_THAT(err.str(), HasSubstr("\r\033[K")) << "it is gone in the end";
  EXPECT_THAT(call(replay).err, Not(HasSubstr("of 100000"))) << "no terminal";
}

TEST_F(ReplayCommandTest, HtmlIsWrittenBesideTheTransitions) {
  const auto outcome = call(arguments({"--html", path("map.html").string()}));
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_EQ(outcome.out, call(arguments({})).out);
  const std::string page = content("map.html");
  EXPECT_THAT(page, HasSubstr("walk.csv in areas.geojson"));
  EXPECT_THAT(page, HasSubstr("8 fixes of 1 users, 1 areas, 2 transitions; rule balanced."));
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
}

TEST_F(ReplayCommandTest, HtmlNeverReplacesAnInputAndSaysWhatCannotBeWritten) {
  const auto input = call(arguments({"--html", path("areas.geojson").string()}));
  EXPECT_EQ(input.code, kFailed);
  EXPECT_EQ(content("areas.geojson"), kAreas);
  const auto nowhere = call(arguments({"--html", path("none/map.html").string()}));
  EXPECT_EQ(nowhere.code, kFailed);
  EXPECT_THAT(nowhere.err, HasSubstr("map.html: cannot be written"));
}

}  // namespace
}  // namespace convoke::cli
