#include "topics/messages/position.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/unit/messages/kinds.h"
#include "topics/messages/limits.h"

namespace convoke::messages {
namespace {

TEST(PositionReport, ReadsEveryMember) {
  const auto report = decode_position_report(
      R"({"fixes":[{"t":1767225600000,"lat":39.99,"lon":116.32,"acc":8,"alt":-12.5,"speed":1.25,"floor":-1},{"t":0,"lat":-90,"lon":180}]})");
  ASSERT_TRUE(report) << report.error().to_string();
  ASSERT_EQ(report->fixes.size(), 2u);
  EXPECT_EQ(report->fixes[0], (Fix{.time_ms = 1767225600000,
                                   .lat = 39.99,
                                   .lon = 116.32,
                                   .acc_m = 8,
                                   .alt_m = -12.5,
                                   .speed_mps = 1.25,
                                   .floor = -1}));
  EXPECT_EQ(report->fixes[1],
            (Fix{.time_ms = 0, .lat = -90, .lon = 180, .acc_m = {}, .alt_m = {}, .speed_mps = {}}));
}

TEST(PositionReport, WritesShortDecimals) {
  EXPECT_EQ(
      encode(PositionReport{{Fix{
          .time_ms = 1767225600000, .lat = 39.99, .lon = 116.32, .acc_m = 8, .alt_m = {}, .speed_mps = {}}}}),
      R"({"fixes":[{"t":1767225600000,"lat":39.99,"lon":116.32,"acc":8}]})");
}

TEST(PositionReport, KeepsEveryBitOfAPosition) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> lat(-90, 90);
  std::uniform_real_distribution<double> lon(-180, 180);
  for (int round = 0; round < 100; ++round) {
    PositionReport report;
    for (int i = 0; i < 100; ++i) {
      report.fixes.push_back({.time_ms = i,
                              .lat = lat(random),
                              .lon = lon(random),
                              .acc_m = std::ldexp(lon(random) + 180, -20),
                              .alt_m = {},
                              .speed_mps = {}});
    }
    const auto again = decode_position_report(encode(report));
    ASSERT_TRUE(again);
    ASSERT_EQ(again->fixes, report.fixes);
  }
}

TEST(PositionReport, TakesItsBounds) {
  const std::string& full = testing::kind("position-report").full[0];
  for (const auto& [path, json] :
       std::vector<std::pair<std::string, std::string>>{{"fixes[0].lat", "90"},
                                                        {"fixes[0].lat", "-9e1"},
                                                        {"fixes[0].lon", "-180.0"},
                                                        {"fixes[0].acc", "0"},
                                                        {"fixes[0].acc", "1000000"},
                                                        {"fixes[0].alt", "-10000"},
                                                        {"fixes[0].alt", "100000"},
                                                        {"fixes[0].speed", "0"},
                                                        {"fixes[0].floor", "-127"},
                                                        {"fixes[0].floor", "127"},
                                                        {"fixes[0].t", "0"},
                                                        {"fixes[0].t", "1767225600000.0"},
                                                        {"fixes[0].t", "9007199254740991"},
                                                        {"fixes[0].acc", ""},
                                                        {"fixes[0].alt", ""},
                                                        {"fixes[0].speed", ""}}) {
    EXPECT_TRUE(decode_position_report(testing::with(full, path, json))) << path << " = " << json;
  }
}

TEST(PositionReport, RefusesWhatIsNoPosition) {
  testing::expect_refusals("position-report", 0,
                           {{"fixes", "", "a list of 1 to 200 elements"},
                            {"fixes", "[]", "a list of 1 to 200 elements"},
                            {"fixes", "{}", "a list of 1 to 200 elements"},
                            {"fixes", "null", "a list of 1 to 200 elements"},
                            {"fixes[0]", "1", "an object"},
                            {"fixes[0]", "[]", "an object"},
                            {"fixes[0].t", "", "a time in Unix milliseconds"},
                            {"fixes[0].t", "-1", "a time in Unix milliseconds"},
                            {"fixes[0].t", "0.5", "a time in Unix milliseconds"},
                            {"fixes[0].t", "9007199254740992", "a time in Unix milliseconds"},
                            {"fixes[0].t", "9007199254740993.0", "a time in Unix milliseconds"},
                            {"fixes[0].t", "1e400", "a time in Unix milliseconds"},
                            {"fixes[0].t", "\"2026-01-01\"", "a time in Unix milliseconds"},
                            {"fixes[0].lat", "", "a number from -90 to 90"},
                            {"fixes[0].lat", "90.00000000000001", "a number from -90 to 90"},
                            {"fixes[0].lat", "-91", "a number from -90 to 90"},
                            {"fixes[0].lat", "1e400", "a number from -90 to 90"},
                            {"fixes[0].lat", "-1e400", "a number from -90 to 90"},
                            {"fixes[0].lat", "\"39.99\"", "a number from -90 to 90"},
                            {"fixes[0].lat", "\"NaN\"", "a number from -90 to 90"},
                            {"fixes[0].lat", "null", "a number from -90 to 90"},
                            {"fixes[0].lon", "", "a number from -180 to 180"},
                            {"fixes[0].lon", "180.1", "a number from -180 to 180"},
                            {"fixes[0].acc", "-1", "a number from 0 to 1e+06"},
                            {"fixes[0].acc", "1000001", "a number from 0 to 1e+06"},
                            {"fixes[0].acc", "null", "a number from 0 to 1e+06"},
                            {"fixes[0].alt", "-10001", "a number from -10000 to 1e+05"},
                            {"fixes[0].alt", "100001", "a number from -10000 to 1e+05"},
                            {"fixes[0].floor", "128", "an integer from -127 to 127"},
                            {"fixes[0].floor", "1.5", "an integer from -127 to 127"},
                            {"fixes[0].speed", "-1", "a number from 0 to 1e+05"},
                            {"fixes[0].speed", "100001", "a number from 0 to 1e+05"},
                            {"fixes[0].speed", "[]", "a number from 0 to 1e+05"}});
}

TEST(PositionReport, HoldsAtMost200Fixes) {
  PositionReport report;
  report.fixes.resize(kMaxFixes);
  EXPECT_TRUE(decode_position_report(encode(report)));
  report.fixes.emplace_back();
  EXPECT_EQ(decode_position_report(encode(report)).error().to_string(),
            "fixes: expected a list of 1 to 200 elements");
}

TEST(PositionReport, NeverSendsWhatIsNoNumber) {
  PositionReport report{{Fix{}}};
  report.fixes[0].lat = std::nan("");
  const std::string payload = encode(report);
  EXPECT_EQ(payload, R"({"fixes":[{"t":0,"lat":null,"lon":0}]})");
  EXPECT_EQ(decode_position_report(payload).error().field, "fixes[0].lat");
}

}  // namespace
}  // namespace convoke::messages
