#include "topics/messages/owntracks.h"

#include <gtest/gtest.h>

namespace convoke::messages {
namespace {

TEST(OwnTracks, ReadsALocationAsTheAndroidAppSendsIt) {
  const auto fix = decode_owntracks(
      R"({"_type":"location","_id":"7a","acc":8,"alt":43,"batt":90,"bs":1,"conn":"w","created_at":1767225610,)"
      R"("lat":39.99,"lon":116.32,"m":1,"t":"u","tid":"an","topic":"owntracks/anna/pixel","tst":1767225600,)"
      R"("vac":2,"vel":36,"inregions":["campus"]})");
  ASSERT_TRUE(fix) << fix.error().to_string();
  ASSERT_TRUE(*fix);
  EXPECT_EQ(
      **fix,
      (Fix{.time_ms = 1767225600000, .lat = 39.99, .lon = 116.32, .acc_m = 8, .alt_m = 43, .speed_mps = 10}));
}

TEST(OwnTracks, TakesNumbersInStringsAndSpeedThatIsNotKnown) {
  const auto fix = decode_owntracks(
      R"({"_type":"location","tst":"1385997757","lat":"49.8","lon":8.6,"acc":0.0,"vel":-1})");
  ASSERT_TRUE(fix && *fix);
  EXPECT_EQ((*fix)->time_ms, 1385997757000);
  EXPECT_EQ((*fix)->lat, 49.8);
  EXPECT_EQ((*fix)->acc_m, 0);
  EXPECT_FALSE((*fix)->speed_mps);
}

TEST(OwnTracks, PassesOverWhatTellsNoPosition) {
  for (const char* payload :
       {"", R"({"_type":"lwt","tst":1767225600})", R"({"_type":"encrypted","data":"eA=="})"}) {
    const auto fix = decode_owntracks(payload);
    EXPECT_TRUE(fix && !*fix) << payload;
  }
}

TEST(OwnTracks, NamesTheFieldThatIsWrong) {
  const auto wrong = [](const char* payload) {
    const auto fix = decode_owntracks(payload);
    return fix ? std::string("taken") : fix.error().field;
  };
  EXPECT_EQ(wrong(R"({"lat":1,"lon":2,"tst":3})"), "_type");
  EXPECT_EQ(wrong(R"({"_type":"location","lat":1,"lon":2})"), "tst");
  EXPECT_EQ(wrong(R"({"_type":"location","lat":1,"lon":2,"tst":0})"), "tst");
  EXPECT_EQ(wrong(R"({"_type":"location","lat":91,"lon":2,"tst":3})"), "lat");
  EXPECT_EQ(wrong(R"({"_type":"location","lat":"north","lon":2,"tst":3})"), "lat");
  EXPECT_EQ(wrong(R"({"_type":"location","lat":1,"lon":"1e999","tst":3})"), "lon");
  EXPECT_EQ(wrong(R"({"_type":"location","lat":1,"lon":2,"tst":3,"acc":-1})"), "acc");
}

}  // namespace
}  // namespace convoke::messages
