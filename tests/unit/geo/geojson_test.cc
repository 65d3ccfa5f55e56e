#include "geo/geojson.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "geo/measure.h"
#include "tests/unit/geo/shapes.h"

namespace convoke::geo {
namespace {

using testing::HasSubstr;

std::string feature(const std::string& geometry, const std::string& properties = "{}",
                    const std::string& id = R"("a")") {
  return R"({"type":"Feature","id":)" + id + R"(,"properties":)" + properties + R"(,"geometry":)" + geometry +
         "}";
}

std::string polygon(const std::string& rings) {
  return R"({"type":"Polygon","coordinates":[)" + rings + "]}";
}
std::string multi(const std::string& polygons) {
  return R"({"type":"MultiPolygon","coordinates":[)" + polygons + "]}";
}
std::string collection(const std::string& features) {
  return R"({"type":"FeatureCollection","features":[)" + features + "]}";
}

GeoJsonResult parse_polygon(const std::string& rings) { return parse_geojson(feature(polygon(rings))); }

const char* const kSquare = "[[0,0],[10,0],[10,10],[0,10],[0,0]]";

void expect_error(const GeoJsonResult& result, const std::string& where, const std::string& what) {
  ASSERT_EQ(result.errors.size(), 1u);
  EXPECT_EQ(result.errors[0].where, where);
  EXPECT_THAT(result.errors[0].what, HasSubstr(what));
  EXPECT_TRUE(result.areas.empty());
}

TEST(GeoJson, ReadsCirclesPolygonsWithHolesAndMultipolygons) {
  const auto result = parse_geojson(collection(
      feature(R"({"type":"Point","coordinates":[13.4,52.5]})", R"({"radius_m":50,"name":"Café"})",
              R"("bar")") +
      "," + feature(polygon(std::string(kSquare) + ",[[2,2],[2,4],[4,4],[4,2],[2,2]]"), "null", R"("hall")") +
      "," + feature(multi("[[[20,0],[21,0],[21,1],[20,0]]],[[[30,0],[31,0],[31,1],[30,0]]]"), "{}", "7")));
  ASSERT_TRUE(result.errors.empty()) << result.errors[0].where << result.errors[0].what;
  ASSERT_EQ(result.areas.size(), 3u);
  EXPECT_EQ(result.areas[0], (Area{"bar", "Café", Circle{{52.5, 13.4}, 50}}));
  const Ring hole = {{2, 2}, {4, 2}, {4, 4}, {2, 4}, {2, 2}};
  EXPECT_EQ(result.areas[1], (Area{"hall", "", Polygons{{test::box_ring(0, 0, 10, 10), {hole}}}}));
  EXPECT_EQ(result.areas[2].id, "7");
  EXPECT_EQ(std::get<Polygons>(result.areas[2].shape).size(), 2u);
  EXPECT_TRUE(result.repaired.empty());
}

TEST(GeoJson, ReadsOneFeatureOrOneGeometry) {
  EXPECT_EQ(parse_polygon(kSquare).areas.at(0).id, "a");
  EXPECT_EQ(parse_geojson(polygon(kSquare)).areas.at(0).id, "area");
}

TEST(GeoJson, MendsOrderAndRepeatedPositionsAndSaysSo) {
  const auto result =
      parse_polygon("[[0,0],[0,10],[10,10],[10,10],[10,0],[0,0]],[[2,2],[4,2],[4,4],[2,4],[2,2]]");
  ASSERT_EQ(result.repaired.size(), 3u);
  EXPECT_EQ(result.repaired[0].where, "the file (a), ring 0");
  EXPECT_THAT(result.repaired[0].what, HasSubstr("1 repeated position"));
  EXPECT_THAT(result.repaired[1].what, HasSubstr("outer ring goes counter-clockwise"));
  EXPECT_THAT(result.repaired[2].what, HasSubstr("hole goes clockwise"));
  const Polygon& mended = std::get<Polygons>(result.areas.at(0).shape).at(0);
  EXPECT_EQ(mended.outer, test::box_ring(0, 0, 10, 10));
}

TEST(GeoJson, RefusesASelfIntersectionAndSaysWhere) {
  expect_error(parse_polygon("[[0,0],[10,10],[10,0],[0,10],[0,0]]"), "the file (a), ring 0, vertex 0",
               "meets the edge from vertex 2 at longitude 5, latitude 5");
}

TEST(GeoJson, RefusesAHoleThatCrossesItsRingAndSaysWhere) {
  expect_error(parse_polygon(std::string(kSquare) + ",[[5,5],[5,7],[15,7],[15,5],[5,5]]"),
               "the file (a), ring 1, vertex 1", "of ring 0 at longitude 10, latitude 7");
}

TEST(GeoJson, RefusesASpike) {
  expect_error(parse_polygon("[[0,0],[10,0],[20,0],[10,0],[10,10],[0,10],[0,0]]"),
               "the file (a), ring 0, vertex 1", "at longitude 20, latitude 0");
}

TEST(GeoJson, RefusesBrokenRingsWithPlaceAndReason) {
  expect_error(parse_polygon("[[0,0],[1,0],[0,0]]"), "the file (a), ring 0", "expected at least 4 positions");
  expect_error(parse_polygon("[[0,0],[1,0],[1,1],[0,1]]"), "the file (a), ring 0, vertex 3", "not closed");
  expect_error(parse_polygon("[[0,0],[1,0],[2,0],[0,0]]"), "the file (a), ring 0", "encloses nothing");
  expect_error(parse_polygon("[[0,0],[1,0],[1,91],[0,0]]"), "the file (a), ring 0, vertex 2", "out of range");
  expect_error(parse_polygon("[[0,0],[1,0],[1e999,1],[0,0]]"), "the file (a), ring 0, vertex 2",
               "out of range");
  expect_error(parse_polygon(R"([[0,0],[1,"0"],[1,1],[0,0]])"), "the file (a), ring 0, vertex 1",
               "[longitude, latitude]");
  expect_error(parse_polygon(std::string(kSquare) + ",[[20,1],[20,2],[21,2],[20,1]]"), "the file (a)",
               "a hole lies outside");
  expect_error(
      parse_polygon(std::string(kSquare) + ",[[1,1],[1,9],[9,9],[9,1],[1,1]],[[2,2],[2,3],[3,3],[2,2]]"),
      "the file (a)", "inside another hole");
}

TEST(GeoJson, NamesThePolygonOfAMultipolygon) {
  expect_error(parse_geojson(feature(multi(std::string("[") + kSquare + "],[[[20,0],[21,0],[21,1]]]"))),
               "the file (a), polygon 1, ring 0", "expected at least 4 positions");
  expect_error(parse_geojson(feature(multi(std::string("[") + kSquare + "],[[[5,5],[25,5],[25,6],[5,5]]]"))),
               "the file (a), polygon 1", "overlaps polygon 0");
}

TEST(GeoJson, RefusesBadFeatures) {
  const auto circle = [](const std::string& radius) {
    return feature(R"({"type":"Point","coordinates":[0,0]})", R"({"radius_m":)" + radius + "}");
  };
  for (const char* radius : {"0", "-1", "1000001", R"("50")", "null"}) {
    expect_error(parse_geojson(circle(radius)), "the file (a), properties.radius_m", "a number of metres");
  }
  const char* const kPoint = R"({"type":"Point","coordinates":[0,0]})";
  for (const char* id : {"null", R"("")", R"("a b")", "1.5", "-1", R"("ä")"}) {
    expect_error(parse_geojson(feature(kPoint, R"({"radius_m":5})", id)), "the file, id",
                 "1 to 64 characters");
  }
  expect_error(parse_geojson(feature(kPoint, R"({"radius_m":5,"name":7})")), "the file (a), properties.name",
               "a string");
  expect_error(parse_geojson(feature(R"({"type":"LineString","coordinates":[]})")), "the file (a), geometry",
               "Polygon");
  expect_error(parse_geojson(feature("null")), "the file (a), geometry", "Polygon");
  expect_error(parse_geojson(feature(multi(""))), "the file (a)", "at least one polygon");
}

TEST(GeoJson, RefusesIdsThatOccurTwice) {
  const std::string one = feature(polygon(kSquare));
  expect_error(parse_geojson(collection(one + "," + one)), "feature 1 (a)", "occurs twice");
}

TEST(GeoJson, RefusesWhatIsNotJsonAndSaysWhere) {
  expect_error(parse_geojson("{\n  \"type\": nul }"), "the file", "line 2, column");
  expect_error(parse_geojson(""), "the file", "not JSON");
  expect_error(parse_geojson("{} x"), "the file", "not JSON");
  expect_error(parse_geojson("[]"), "the file", "FeatureCollection");
  expect_error(parse_geojson(std::string(100'000, '[')), "the file", "not JSON");
  expect_error(parse_geojson("{\"type\":\"\xC3\x28\"}"), "the file", "not JSON");
  expect_error(parse_geojson(R"({"type":"FeatureCollection"})"), "features", "an array");
}

TEST(GeoJson, KeepsToItsLimits) {
  const std::string two =
      collection(feature(polygon(kSquare)) + "," + feature(polygon(kSquare), "{}", R"("b")"));
  EXPECT_TRUE(
      parse_geojson(two, {.max_bytes = two.size(), .max_areas = 2, .max_vertices = 5}).errors.empty());
  expect_error(parse_geojson(two, {.max_bytes = two.size() - 1}), "the file", "too large");
  expect_error(parse_geojson(two, {.max_areas = 1}), "features", "too many");
  EXPECT_EQ(parse_geojson(two, {.max_vertices = 4}).errors.size(), 2u);
  std::string many;
  for (int i = 0; i < 500; ++i) many += (i > 0 ? "," : "") + feature("null");
  EXPECT_EQ(parse_geojson(collection(many)).errors.size(), 100u);
}

TEST(GeoJson, OneErrorRefusesTheWholeFile) {
  expect_error(parse_geojson(collection(feature(polygon(kSquare)) + "," + feature("null", "{}", R"("b")"))),
               "feature 1 (b), geometry", "Polygon");
}

TEST(GeoJson, R8_R24_SplitsARingThatCrossesTheAntimeridian) {
  // Taveuni, Fiji, drawn in one go. A vertex on each side must stay exactly where it is.
  const auto result = parse_polygon(
      "[[179.8123456,-17],[-179.8123457,-17],[-179.8123457,-16.5],[179.8123456,-16.5],"
      "[179.8123456,-17]],[[179.9,-16.9],[179.9,-16.8],[-179.9,-16.8],[-179.9,-16.9],[179.9,-16.9]]");
  ASSERT_TRUE(result.errors.empty()) << result.errors[0].what;
  ASSERT_EQ(result.repaired.size(), 1u);
  EXPECT_THAT(result.repaired[0].what, HasSubstr("crosses the antimeridian"));
  const Area& area = result.areas.at(0);
  EXPECT_TRUE(covers(area, {-16.6, 179.99}));
  EXPECT_TRUE(covers(area, {-16.6, -179.99}));
  EXPECT_TRUE(covers(area, {-16.6, 180}));
  EXPECT_TRUE(covers(area, {-17, 179.8123456}));
  EXPECT_TRUE(covers(area, {-16.5, -179.8123457}));
  EXPECT_FALSE(covers(area, {-16.85, 180}));
  EXPECT_FALSE(covers(area, {-16.85, -179.95}));
  EXPECT_FALSE(covers(area, {-16.6, 0}));
  EXPECT_FALSE(covers(area, {-16.6, 179.8}));
}

TEST(GeoJson, TakesTheWorldAndAPolarCapAsTheyStand) {
  const auto world = parse_polygon("[[-180,-90],[180,-90],[180,90],[-180,90],[-180,-90]]");
  ASSERT_TRUE(world.errors.empty());
  EXPECT_TRUE(covers(world.areas.at(0), {12, 34}));
  const auto cap = parse_polygon("[[-180,-90],[180,-90],[180,-70],[0,-60],[-180,-70],[-180,-90]]");
  ASSERT_TRUE(cap.errors.empty());
  EXPECT_TRUE(covers(cap.areas.at(0), {-90, 55}));
  EXPECT_FALSE(covers(cap.areas.at(0), {-59, 0}));
}

TEST(GeoJson, RefusesARingOnceRoundAPoleOrWiderThanTheWorld) {
  expect_error(parse_polygon("[[0,80],[120,80],[-120,80],[0,80]]"), "the file (a), ring 0",
               "once round a pole");
  expect_error(parse_polygon("[[0,0],[120,0],[-120,1],[0,1],[120,1],[-120,2],[0,2],[0,0]]"),
               "the file (a), ring 0", "wider than the world");
}

TEST(GeoJson, WritesWhatItReadsBackUnchanged) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<Area> areas;
  for (int i = 0; i < 500; ++i) {
    const double lat = -80 + 160 * unit(random), lon = -170 + 340 * unit(random);
    const std::string id = "area-" + std::to_string(i);
    if (i % 2 == 0) {
      areas.push_back({id, "\"quoted\" \xC3\xA9\n", Circle{{lat, lon}, 1e6 * unit(random)}});
    } else {
      areas.push_back(test::box_area(id, lat, lon, lat + unit(random), lon + unit(random)));
    }
  }
  const auto split = parse_polygon("[[170,-17],[-170.3,-17.1],[-175,-10.7],[170,-17]]");
  areas.push_back(split.areas.at(0));
  const auto again = parse_geojson(to_geojson(areas));
  ASSERT_TRUE(again.errors.empty()) << again.errors[0].where << again.errors[0].what;
  EXPECT_TRUE(again.repaired.empty());
  EXPECT_EQ(again.areas, areas);
}

}  // namespace
}  // namespace convoke::geo
