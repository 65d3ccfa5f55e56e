#include "topics/messages/area_event.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/messages/kinds.h"

namespace convoke::messages {
namespace {

TEST(AreaEvent, IsWrittenAsDocumented) {
  const AreaEvent event{.time_ms = 1767225600000,
                        .user = "anna",
                        .area = "hall-a",
                        .transition = "enter",
                        .reason = "position",
                        .distance_m = -3.2,
                        .accuracy_m = 8,
                        .rule = "balanced",
                        .fixes = {1767225600000, 1767225599000}};
  EXPECT_EQ(
      encode(event),
      R"({"t":1767225600000,"user":"anna","area":"hall-a","transition":"enter","reason":"position","distance_m":-3.2,"accuracy_m":8,"rule":"balanced","fixes":[1767225600000,1767225599000]})");
}

TEST(AreaEvent, LeavesOutWhatIsNotKnown) {
  AreaEvent event{.time_ms = 5,
                  .user = "ben@other",
                  .area = "a",
                  .transition = "exit",
                  .reason = "area_removed",
                  .distance_m = {},
                  .accuracy_m = {}};
  const std::string payload = encode(event);
  EXPECT_EQ(payload, R"({"t":5,"user":"ben@other","area":"a","transition":"exit","reason":"area_removed"})");
  ASSERT_TRUE(decode_area_event(payload));
  EXPECT_FALSE(decode_area_event(payload)->distance_m);
  event.distance_m = std::nan("");  // an area that is gone has no distance
  EXPECT_EQ(encode(event), payload);
}

TEST(AreaEvent, RefusesBadMembers) {
  testing::expect_refusals("area-event", 0,
                           {{"t", "", "a time"},
                            {"user", "", "a user"},
                            {"area", "", "an identifier"},
                            {"area", "\"hall a\"", "an identifier"},
                            {"transition", "", "an identifier"},
                            {"transition", "\"\"", "an identifier"},
                            {"reason", "", "an identifier"},
                            {"distance_m", "\"far\"", "a number"},
                            {"distance_m", "3e7", "a number"},
                            {"distance_m", "1e400", "a number"},
                            {"accuracy_m", "-1", "a number from 0"}});
}

TEST(Occupancy, IsWrittenAsDocumented) {
  EXPECT_EQ(encode(Occupancy{"hall-a", 17, 1767225600000}),
            R"({"area":"hall-a","count":17,"t":1767225600000})");
}

TEST(Occupancy, RefusesBadMembers) {
  testing::expect_refusals("occupancy", 0,
                           {{"area", "", "an identifier"},
                            {"count", "", "an integer"},
                            {"count", "-1", "an integer"},
                            {"t", "", "a time"}});
}

TEST(ServerStatus, IsWrittenAsDocumented) {
  EXPECT_EQ(encode(ServerStatus{true, "0.1.0", 1767225600000}),
            R"({"up":true,"version":"0.1.0","t":1767225600000})");
  EXPECT_FALSE(decode_server_status(R"({"up":false,"version":"0.1.0+5","t":0})")->up);
}

TEST(ServerStatus, RefusesBadMembers) {
  testing::expect_refusals("server-status", 0,
                           {{"up", "", "true or false"},
                            {"up", "\"yes\"", "true or false"},
                            {"version", "", "text of 1 to 128 bytes"},
                            {"version", "\"\"", "text of 1 to 128 bytes"},
                            {"version", "1", "text of 1 to 128 bytes"},
                            {"t", "", "a time"}});
}

}  // namespace
}  // namespace convoke::messages
