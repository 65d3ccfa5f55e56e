#include "ops/crowd/replay.h"

#include <gmock/gmock.h>

#include <fstream>
#include <stdexcept>

#include "tests/support/temp_dir.h"

namespace convoke::crowd {
namespace {

using testing::HasSubstr;

Recording recording(std::int64_t first_entry_ms) {
  Recording r;
  r.first_ms = 1'000'000;
  r.last_ms = 2'000'000'000;
  r.first_entry_ms = first_entry_ms;
  return r;
}

TEST(Replay, BeginsWhenTheVenueIsSetUp) {
  const topics::DevClock clock = clock_for(recording(1'000'000 + 60'000), 500'000, {});
  EXPECT_EQ(clock.now(500'000 + kLeadMs), 1'000'000);
  EXPECT_EQ(clock.speed, kDefaultSpeed);
}

TEST(Replay, RunsFasterWhenTheFirstEntryIsFarAway) {
  const Recording far = recording(1'000'000 + 3'600'000);
  const topics::DevClock clock = clock_for(far, 500'000, {});
  EXPECT_GT(clock.speed, kDefaultSpeed);
  EXPECT_GE(clock.now(500'000 + kLeadMs + kFirstEntryMs), *far.first_entry_ms);
}

TEST(Replay, RunsAsFastAsItIsTold) {
  EXPECT_EQ(clock_for(recording(1'000'000 + 3'600'000), 500'000, 2.5).speed, 2.5);
}

TEST(Replay, LoadsARecordingAndFindsTheFirstEntry) {
  const test::TempDir dir;
  const std::string path = dir.path() / "walk.csv";
  std::ofstream(path)
      << "user,time,lat,lon\nanna,1000,52.51,13.2\nanna,1060,52.5,13.2\nben,90000,52.5,13.2\n";
  const Venue venue({{"bar", "", geo::Circle{{52.5, 13.2}, 30}}});
  const Recording r = load_recording(path, &venue);
  EXPECT_EQ(r.fixes.size(), 2U);
  EXPECT_EQ(r.fixes.at("anna").size(), 2U);
  EXPECT_EQ(r.first_ms, 1'000'000);
  EXPECT_EQ(r.first_entry_ms, 1'060'000);
  EXPECT_EQ(r.gaps, 1U);
  EXPECT_EQ(r.last_ms, 1'120'000);  // the day between was cut to a minute
  EXPECT_THAT(describe_gaps(r), HasSubstr("1 gap of over 10 min shortened (24 h 4"));
}

TEST(Replay, NamesWhatIsWrongWithAFile) {
  const test::TempDir dir;
  const std::string path = dir.path() / "walk.csv";
  std::ofstream(path) << "user,time,lat,lon\nanna,1000,99,13.2\n";
  try {
    load_recording(path, nullptr);
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_THAT(e.what(), HasSubstr("walk.csv: line 2, column lat"));
  }
}

}  // namespace
}  // namespace convoke::crowd
