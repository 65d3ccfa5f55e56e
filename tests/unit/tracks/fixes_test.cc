#include "ops/tracks/fixes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/support/temp_dir.h"

namespace convoke::tracks {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> problems(const TrackFile& file) {
  EXPECT_TRUE(file.fixes.empty());
  std::vector<std::string> texts;
  for (const TrackProblem& error : file.errors) texts.push_back(error.to_string());
  return texts;
}

std::vector<std::string> problems_of_line(const std::string& line) {
  return problems(parse_fixes("user,time,lat,lon,acc\n" + line + "\n", "x"));
}

TEST(Fixes, ReadsCsvWithItsColumnsInAnyOrder) {
  const TrackFile file = parse_fixes(
      "\xEF\xBB\xBFlon,note,acc,time,lat,user\r\n"
      "116.319236,x,8.5,2008-10-23T05:53:05Z,39.984094,anna\r\n\r\n"
      " \"10\" ,,,1224741186.5,-20,ben@far-site",
      "x");
  ASSERT_TRUE(file.errors.empty()) << file.errors[0].to_string();
  ASSERT_EQ(file.fixes.size(), 2u);
  EXPECT_EQ(file.fixes[0].user, "anna");
  EXPECT_EQ(file.fixes[0].position.at, (geo::LatLon{39.984094, 116.319236}));
  EXPECT_EQ(file.fixes[0].position.time_ms, 1'224'741'185'000);
  EXPECT_EQ(file.fixes[0].position.acc_m, 8.5);
  EXPECT_EQ(file.fixes[1].user, "ben@far-site");
  EXPECT_EQ(file.fixes[1].position.time_ms, 1'224'741'186'500);
  EXPECT_EQ(file.fixes[1].position.acc_m, std::nullopt);
}

TEST(Fixes, AreInOrderOfTimeAndEqualTimesInOrderOfTheFile) {
  const TrackFile file = parse_fixes("user,time,lat,lon\nc,20,0,0\nb,10,0,0\na,20,0,0\nd,10,0,0\n", "x");
  std::string order;
  for (const TrackFix& fix : file.fixes) order += fix.user;
  EXPECT_EQ(order, "bdca");
}

TEST(Fixes, NamesLineColumnAndWhatIsExpected) {
  EXPECT_THAT(problems_of_line("anna,1,91,0,"),
              ElementsAre("line 2, column lat: expected a number from -90 to 90"));
  EXPECT_THAT(problems_of_line("anna,1,0,180.5,"),
              ElementsAre("line 2, column lon: expected a number from -180 to 180"));
  EXPECT_THAT(problems_of_line("anna,1,nan,0,"), ElementsAre(HasSubstr("column lat")));
  EXPECT_THAT(problems_of_line("anna,1,1x,0,"), ElementsAre(HasSubstr("column lat")));
  EXPECT_THAT(problems_of_line("anna,yesterday,0,0,"),
              ElementsAre(HasSubstr("column time: expected RFC 3339")));
  EXPECT_THAT(problems_of_line("a b,1,0,0,"), ElementsAre(HasSubstr("column user")));
  EXPECT_THAT(problems_of_line("a@b@c,1,0,0,"), ElementsAre(HasSubstr("column user")));
  EXPECT_THAT(problems_of_line("anna,1,0,0,-1"), ElementsAre(HasSubstr("column acc")));
  EXPECT_THAT(problems_of_line("anna,1,0,0"),
              ElementsAre("line 2: expected 5 fields as in the header, found 4"));
}

TEST(Fixes, OneBadLineRefusesTheWholeFile) {
  EXPECT_THAT(problems(parse_fixes("user,time,lat,lon\na,1,0,0\na,x,0,0\na,3,0,0\n", "x")),
              ElementsAre(HasSubstr("line 3, column time")));
}

TEST(Fixes, WantsAHeaderWithAllColumns) {
  EXPECT_THAT(problems(parse_fixes("", "x")), ElementsAre(HasSubstr("empty: expected a header line")));
  EXPECT_THAT(problems(parse_fixes("anna,1,0,0\n", "x")), testing::SizeIs(4));
  EXPECT_THAT(problems(parse_fixes("user,time,lat\nanna,1,0\n", "x")),
              ElementsAre(HasSubstr("column lon: missing")));
}

TEST(Fixes, KeepsToItsLimits) {
  const std::string text = "user,time,lat,lon\na,1,0,0\na,2,0,0\n";
  EXPECT_EQ(parse_fixes(text, "x", {.max_fixes = 2}).fixes.size(), 2u);
  EXPECT_THAT(problems(parse_fixes(text, "x", {.max_fixes = 1})), ElementsAre(HasSubstr("line 3: too many")));
  EXPECT_THAT(problems(parse_fixes(text + std::string(5000, 'a'), "x")),
              ElementsAre(HasSubstr("line 4: too long")));
  std::string many = "user,time,lat,lon\n";
  for (int i = 0; i < 100; ++i) many += "a,x,0,0\n";
  EXPECT_EQ(parse_fixes(many, "x").errors.size(), 20u);
}

const char* const kGpx = R"(<?xml version="1.0"?>
<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">
 <wpt lat="1" lon="2"/>
 <trk><name>Anna M&#252;ller</name>
  <trkseg><trkpt lat="48.1" lon="11.5"><ele>520</ele><time>2026-06-01T19:30:00.5+02:00</time></trkpt></trkseg>
  <trkseg><trkpt lat="48.2" lon="11.6"><time>2026-06-01T17:20:00Z</time></trkpt></trkseg></trk>
 <trk><trkseg><trkpt lat="48.3" lon="11.7"><time>2026-06-01T17:40:00Z</time></trkpt></trkseg></trk>
</gpx>)";

TEST(Fixes, ReadsTheTracksOfGpx) {
  const TrackFile file = parse_fixes(kGpx, "evening walk");
  ASSERT_TRUE(file.errors.empty()) << file.errors[0].to_string();
  ASSERT_EQ(file.fixes.size(), 3u);
  EXPECT_EQ(file.fixes[0].position.at, (geo::LatLon{48.2, 11.6}));
  EXPECT_EQ(file.fixes[1].user, "Anna-M--ller");
  EXPECT_EQ(file.fixes[1].position.time_ms, 1'780'335'000'500);
  EXPECT_EQ(file.fixes[2].user, "evening-walk");
}

TEST(Fixes, SaysWhatIsWrongWithGpx) {
  std::string text = kGpx;
  EXPECT_THAT(problems(parse_fixes(text.substr(0, 300), "x")), ElementsAre(HasSubstr("not well-formed XML")));
  EXPECT_THAT(problems(parse_fixes("<html/>", "x")), ElementsAre(HasSubstr("the element gpx")));
  EXPECT_THAT(problems(parse_fixes("<gpx/>", "x")), ElementsAre(HasSubstr("at least one track point")));
  text.replace(text.find("48.2"), 4, "98.2");
  EXPECT_THAT(problems(parse_fixes(text, "x")),
              ElementsAre("line 6, column lat: expected a number from -90 to 90"));
}

std::string gzip(const std::filesystem::path& path, std::string_view text) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  return path.string();
}

TEST(Fixes, LoadsPlainAndCompressedFiles) {
  const test::TempDir dir;
  const std::string csv = "user,time,lat,lon\na,1,0,0\n";
  EXPECT_EQ(load_fixes(dir.write("a.csv", csv)).fixes.size(), 1u);
  EXPECT_EQ(load_fixes(gzip(dir.path() / "a.csv.gz", csv)).fixes.size(), 1u);
  EXPECT_EQ(load_fixes(gzip(dir.path() / "my walk.gpx.gz", kGpx)).fixes.at(2).user, "my-walk");
}

TEST(Fixes, RefusesFilesThatItCannotReadWhole) {
  const test::TempDir dir;
  EXPECT_THAT(problems(load_fixes(dir.path() / "none.csv")),
              ElementsAre(HasSubstr("the file: cannot be opened")));
  EXPECT_THAT(problems(load_fixes(dir.path())), ElementsAre(HasSubstr("is a directory")));
  std::string csv = "user,time,lat,lon\n";
  for (int i = 0; i < 10'000; ++i) csv += "a," + std::to_string(i) + ",0,0\n";
  const auto path = gzip(dir.path() / "a.csv.gz", csv);
  EXPECT_THAT(problems(load_fixes(path, {.max_bytes = 1000})), ElementsAre(HasSubstr("too large")));
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  EXPECT_THAT(problems(load_fixes(path)), ElementsAre(HasSubstr("expected a whole plain or gzip file")));
}

}  // namespace
}  // namespace convoke::tracks
