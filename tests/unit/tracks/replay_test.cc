#include "tests/unit/tracks/replaying.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "tests/support/temp_dir.h"

namespace convoke::cli {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

// Longitude 0: a square "hall" of about 111 m and, on its northern edge, a circle "bar" of 30 m.
const char* const kAreas = R"({"type":"FeatureCollection","features":[
  {"type":"Feature","id":"hall","properties":{},"geometry":{"type":"Polygon","coordinates":[[[0,0],[0.001,0],[0.001,0.001],[0,0.001],[0,0]]]}},
  {"type":"Feature","id":"bar","properties":{"radius_m":30},"geometry":{"type":"Point","coordinates":[0.0005,0.001]}}]})";

class ReplayTest : public testing::Test {
 protected:
  Outcome run(const std::string& fixes, bool raw) {
    return replay(
        {.areas = dir_.write("areas.geojson", kAreas), .fixes = dir_.write("fixes.csv", fixes), .raw = raw});
  }
  test::TempDir dir_;
};

TEST_F(ReplayTest, WritesOneTransitionALineInOrderOfArea) {
  const Outcome outcome = run(
      "user,time,lat,lon,acc\nanna,1224741185.25,0.0009,0.0005,6.5\nanna,1224741200,0.002,0.0005,5\n", true);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(
      outcome.out,
      R"({"time":"2008-10-23T05:53:05.250Z","user":"anna","area":"bar","transition":"enter","reason":"position","distance_m":-18.88,"accuracy_m":6.5})"
      "\n"
      R"({"time":"2008-10-23T05:53:05.250Z","user":"anna","area":"hall","transition":"enter","reason":"position","distance_m":-11.12,"accuracy_m":6.5})"
      "\n"
      R"({"time":"2008-10-23T05:53:20.000Z","user":"anna","area":"bar","transition":"exit","reason":"position","distance_m":81.195,"accuracy_m":5})"
      "\n"
      R"({"time":"2008-10-23T05:53:20.000Z","user":"anna","area":"hall","transition":"exit","reason":"position","distance_m":111.195,"accuracy_m":5})"
      "\n");
  EXPECT_THAT(outcome.err, ContainsRegex("^2 fixes, 1 users, 2 areas, 4 transitions, [0-9.]+ s\n$"));
}

TEST_F(ReplayTest, R8_R24_RawTakesAnEdgePointAsInsideAndEqualTimesInOrderOfTheFile) {
  const Outcome outcome =
      run("user,time,lat,lon\nanna,20,5,5\nanna,10,0,0.0003\nanna,20,0.0003,0.0003\n", true);
  EXPECT_THAT(outcome.out, testing::MatchesRegex(
                               ".*:10.000Z.*hall.*enter.*\"accuracy_m\":null.\n.*:20.000Z.*hall.*exit.*\n"
                               ".*:20.000Z.*hall.*enter.*\n"));
}

TEST_F(ReplayTest, SmoothsUnlessRaw) {
  const std::string fixes =
      "user,time,lat,lon\nanna,1,0.0005,0.0005\nanna,2,0.0005,0.0005\nanna,3,0.0005,0.0005\n"
      "anna,4,0.0005,-0.00002\nanna,5,0.0005,0.0005\n";
  EXPECT_THAT(run(fixes, true).err, HasSubstr(", 3 transitions"));
  EXPECT_THAT(run(fixes, false).err, HasSubstr(", 1 transitions"));
}

TEST_F(ReplayTest, SaysWhatIsWrongWithEitherFileAndWritesNothing) {
  const Outcome fixes = run("user,time,lat,lon\nanna,1,99,0\n", true);
  EXPECT_EQ(fixes.code, 1);
  EXPECT_EQ(fixes.out, "");
  EXPECT_THAT(fixes.err, HasSubstr("fixes.csv: line 2, column lat: expected a number from -90 to 90"));
  const Outcome areas =
      replay({.areas = dir_.write("a.json", R"({"type":"Point"})"), .fixes = dir_.path() / "none.csv"});
  EXPECT_EQ(areas.code, 1);
  EXPECT_THAT(areas.err, HasSubstr("a.json: the file, coordinates: expected an array"));
  EXPECT_THAT(areas.err, HasSubstr("none.csv: the file: cannot be opened"));
  EXPECT_THAT(replay({.areas = dir_.path(), .fixes = "x"}).err, HasSubstr("expected a file of areas"));
}

/// A walk across the sample venue with a receiver's error, made for these tests.
class Walk : public testing::Test {
 protected:
  const std::filesystem::path areas_ = CONVOKE_SAMPLE_AREAS;
  const std::filesystem::path fixes_ = CONVOKE_WALK;
};

TEST_F(Walk, R8_R24_RawReplayGivesExactly20Transitions) {
  const Outcome outcome = replay({.areas = areas_, .fixes = fixes_, .raw = true});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 20);
  EXPECT_THAT(outcome.err, HasSubstr("417 fixes, 1 users, 4 areas, 20 transitions"));
}

TEST_F(Walk, R8_R24_PlainRuleAgreesWithABruteForceTwin) {
  EXPECT_GT(fixes_that_agree_with_the_twin(areas_, fixes_), 400U);
}

TEST_F(Walk, SmoothingMakesFewerTransitions) {
  const Outcome outcome = replay({.areas = areas_, .fixes = fixes_});
  const auto transitions = std::count(outcome.out.begin(), outcome.out.end(), '\n');
  EXPECT_GT(transitions, 10);
  EXPECT_LT(transitions, 20);
}

}  // namespace
}  // namespace convoke::cli
