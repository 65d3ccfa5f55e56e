#include "ops/cli/map_html.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <cmath>

#include "ops/cli/line_thinning.h"

namespace convoke::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

geo::Area circle(const std::string& id, double lat, double lon, double radius_m) {
  return {.id = id, .name = "", .shape = geo::Circle{{lat, lon}, radius_m}};
}

tracks::TrackFix fix(const std::string& user, std::int64_t time_ms, double lat, double lon) {
  return {user, {.at = {lat, lon}, .time_ms = time_ms}};
}

geo::Transition enter(const std::string& user, const std::string& area, std::int64_t time_ms) {
  return {.time_ms = time_ms,
          .user = user,
          .area = area,
          .distance_m = -5,
          .acc_m = 8.0,
          .fixes = {},
          .rule = ""};
}

class MapHtml : public testing::Test {
 protected:
  /// The page's data.
  boost::json::value data(const MapLimits& limits = {}) {
    page_ = page(limits);
    const std::string begin = R"(<script id="data" type="application/json">)";
    const auto from = page_.find(begin) + begin.size();
    return boost::json::parse(page_.substr(from, page_.find("</script>", from) - from));
  }
  std::string page(const MapLimits& limits = {}) const {
    ReplayMap map{.title = title_,
                  .rule = "calm",
                  .areas = {},
                  .fixes = fixes_,
                  .transitions = transitions_,
                  .all_transitions = transitions_.size()};
    for (const auto& area : areas_) map.areas.push_back(&area);
    return map_html(map, limits);
  }

  std::string title_ = "walk";
  std::vector<geo::Area> areas_;
  std::vector<tracks::TrackFix> fixes_;
  std::vector<geo::Transition> transitions_;
  std::string page_;
};

TEST_F(MapHtml, DegreesOfLongitudeShrinkTowardsThePole) {
  fixes_ = {fix("anna", 0, 59.999, 10), fix("anna", 1000, 60.001, 10.001)};
  const auto map = data();
  const auto& track = map.at("tracks").at(0).at("lines").at(0).as_array();
  ASSERT_EQ(track.size(), 4u);
  EXPECT_NEAR(track[2].to_number<double>() / 10, 111.2 * 0.5, 0.2);  // to the east
  EXPECT_NEAR(track[3].to_number<double>() / 10, -222.4, 0.2);       // to the north
}

TEST_F(MapHtml, TransitionsLieOnTheTrackOfTheirUser) {
  areas_ = {circle("bar", 0, 0, 50)};
  fixes_ = {fix("anna", 0, -0.001, 0), fix("ben", 500, 0.5, 0.5), fix("anna", 1000, 0.001, 0)};
  transitions_ = {enter("anna", "bar", 1500)};
  const auto map = data();
  const auto& mark = map.at("marks").at(0).as_array();
  const auto& users = map.at("users").as_array();
  EXPECT_EQ(users.at(static_cast<std::size_t>(mark.at(1).as_int64())).as_string(), "anna");
  EXPECT_EQ(mark.at(3).as_string(), "enter");
  const double center_y = map.at("areas").at(0).at("circle").at(1).to_number<double>();
  EXPECT_NEAR((mark.at(6).to_number<double>() - center_y) / 10, -111.2, 0.3);
}

TEST_F(MapHtml, AcrossTheDateLineNeighboursStayNeighbours) {
  areas_ = {circle("bar", 0, -179.999, 50)};
  fixes_ = {fix("anna", 0, 0, 179.999), fix("anna", 1000, 0, -179.998)};
  const auto map = data();
  EXPECT_NEAR(map.at("tracks").at(0).at("lines").at(0).at(2).to_number<double>() / 10, 333.6, 0.5);
  EXPECT_LT(std::abs(map.at("areas").at(0).at("circle").at(0).to_number<double>()), 5000);
}

TEST_F(MapHtml, LongSilenceBreaksTheTrack) {
  for (int i = 0; i < 40; ++i)
    fixes_.push_back(fix("anna", (i + (i < 20 ? 0 : 7200)) * 1000, i % 2 * 0.001, 0));
  EXPECT_EQ(data().at("tracks").at(0).at("lines").as_array().size(), 2u);
}

TEST_F(MapHtml, TextFromElsewhereIsOnlyText) {
  const std::string evil = "</script><script>alert(1)</script><!-- \" \\ \n";
  title_ = evil;
  areas_ = {circle("bar", 0, 0, 50)};
  areas_[0].name = evil;
  fixes_ = {fix("anna", 0, 0, 0)};
  const auto map = data();
  EXPECT_EQ(map.at("title").as_string(), evil);
  EXPECT_EQ(map.at("areas").at(0).at("name").as_string(), evil);
  EXPECT_THAT(page_, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page_, Not(HasSubstr("<!-- ")));
}

TEST_F(MapHtml, AsksNothingOfAnyNetwork) {
  for (const char* foreign : {"http://", "https://", "src=", "@import", "url("})
    EXPECT_THAT(page(), Not(HasSubstr(foreign)));
  EXPECT_THAT(page(), HasSubstr("default-src 'none'"));
}

TEST_F(MapHtml, LargeInputsAreThinnedAndSaySo) {
  for (int i = 0; i < 20'000; ++i) {
    fixes_.push_back(fix("u" + std::to_string(i % 7), i * 1000, std::sin(i) * 0.01, std::cos(i * 7) * 0.01));
    transitions_.push_back(enter("u" + std::to_string(i % 7), "a" + std::to_string(i % 300), i * 1000));
  }
  for (int i = 0; i < 300; ++i) areas_.push_back(circle("a" + std::to_string(i), 0, i * 0.001, 20));
  const MapLimits limits{.transitions = 1000, .areas = 100, .area_points = 50, .track_points = 2000};
  const auto map = data(limits);
  EXPECT_EQ(map.at("marks").as_array().size(), 1000u);
  const std::string notes(map.at("notes").as_string());
  EXPECT_THAT(notes, HasSubstr("100 of 300 areas are drawn."));
  EXPECT_THAT(notes, HasSubstr("The tracks are drawn by 2000 of their 20000 points, within about"));
  EXPECT_THAT(notes, HasSubstr("The first 1000 of 20000 transitions are shown."));
  EXPECT_LE(page({.bytes = 60'000}).size(), 60'000u);
}

TEST_F(MapHtml, WorksWithNothingToShow) { EXPECT_THAT(data().at("marks").as_array(), IsEmpty()); }

TEST(Thin, KeepsWhatTellsTheShape) {
  const MapLine bend = {{0, 0}, {10, 0.1}, {20, 0}, {20, 30}, {20.2, 40}, {20, 50}};
  const Thinned result = thin({bend}, 3);
  EXPECT_THAT(result.kept.at(0), ElementsAre(0u, 2u, 5u));
  EXPECT_NEAR(result.within_m, 0.2, 0.01);
  EXPECT_EQ(thin({bend}, 100).left_out, 0u);
}

TEST(Thin, NeverKeepsMoreThanAskedAndLeavesOutTheSmallest) {
  std::vector<MapLine> lines;
  for (int i = 1; i <= 100; ++i) lines.push_back({{0, 0}, {static_cast<double>(i), 0}});
  const Thinned result = thin(lines, 20);
  std::size_t kept = 0;
  for (const auto& places : result.kept) kept += places.size();
  EXPECT_EQ(kept, 20u);
  EXPECT_THAT(result.kept.front(), IsEmpty());
  EXPECT_THAT(result.kept.back(), ElementsAre(0u, 1u));
}

}  // namespace
}  // namespace convoke::cli
