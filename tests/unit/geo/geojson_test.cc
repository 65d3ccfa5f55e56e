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

AreaFile parse_polygon(const std::string& rings) { return parse_geojson(feature(polygon(rings))); }

const char* const kSquare = "[[0,0],[10,0],[10,10],[0,10],[0,0]]";

void expect_error(const AreaFile& result, const std::string& where, const std::string& what) {
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

TEST(GeoJson, DoesNotCompareHundredsOfPolygonsWithOneAnother) {
  // Thin and aslant side by side, so that all their boxes meet; the last one lies on the one before.
  std::string polygons;
  for (int i = 0; i < 400; ++i) {
    const double x = (i < 399 ? i : 398.2) * 1e-3;
    const std::string low = std::to_string(x), high = std::to_string(9 + x),
                      beside = std::to_string(9.0005 + x);
    polygons += (i > 0 ? ",[[[" : "[[[") + low + ",0],[" + beside + ",9],[" + high + ",9],[" + low + ",0]]]";
  }
  expect_error(parse_geojson(feature(multi(polygons))), "the file (a)",
               "the polygons overlap or share edges");
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
  expect_error(parse_geojson(feature(R"({"type":"MultiPoint","coordinates":[]})")), "the file (a), geometry",
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
  expect_error(parse_geojson(two, {.max_areas = 1}), "the file", "too many areas");
  EXPECT_EQ(parse_geojson(two, {.max_vertices = 4}).errors.size(), 2u);
  EXPECT_EQ(AreaLimits{}.max_vertices, 100'000u);
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

std::string line(const std::string& positions) {
  return R"({"type":"LineString","coordinates":[)" + positions + "]}";
}

TEST(GeoJson, ReadsCorridors) {
  const auto result = parse_geojson(
      collection(feature(line("[13,52],[13.1,52],[13.1,52.1]"), R"({"width_m":20})") + "," +
                 feature(R"({"type":"MultiLineString","coordinates":[[[1,2],[3,4]],[[5,6],[7,8]]]})",
                         R"({"width_m":7.5})", R"("b")")));
  ASSERT_TRUE(result.errors.empty()) << result.errors[0].where << result.errors[0].what;
  EXPECT_EQ(std::get<Corridor>(result.areas[0].shape),
            (Corridor{{{{52, 13}, {52, 13.1}, {52.1, 13.1}}}, 20}));
  EXPECT_EQ(std::get<Corridor>(result.areas[1].shape), (Corridor{{{{2, 1}, {4, 3}}, {{6, 5}, {8, 7}}}, 7.5}));
}

TEST(GeoJson, RefusesBadCorridorsWithPlaceAndReason) {
  const std::string good = R"({"width_m":5})";
  for (const char* width : {"0", "-1", "100001", R"("5")", "null"}) {
    const auto result =
        parse_geojson(feature(line("[0,0],[1,1]"), std::string(R"({"width_m":)") + width + "}"));
    expect_error(result, "the file (a), properties.width_m", "a number of metres over 0");
  }
  expect_error(parse_geojson(feature(line("[0,0]"), good)), "the file (a)", "at least 2 positions, found 1");
  expect_error(parse_geojson(feature(line("[0,0],[0,91]"), good)), "the file (a), vertex 1", "out of range");
  expect_error(
      parse_geojson(feature(R"({"type":"MultiLineString","coordinates":[[[0,0],[1,1]],[[2,2],[3]]]})", good)),
      "the file (a), line 1, vertex 1", "[longitude, latitude]");
  expect_error(parse_geojson(feature(line("[0,0],[1,1],[2,2]"), good), {.max_vertices = 2}), "the file (a)",
               "too many vertices");
}

TEST(GeoJson, ALineOfOnePlaceIsADisc) {
  const auto result = parse_geojson(feature(line("[3,4],[3,4]"), R"({"width_m":5})"));
  EXPECT_EQ(std::get<Corridor>(result.areas.at(0).shape), (Corridor{{{{4, 3}}}, 5}));
  EXPECT_TRUE(result.repaired.empty());
  const auto repeated = parse_geojson(feature(line("[3,4],[3,4],[3,5]"), R"({"width_m":5})"));
  EXPECT_EQ(std::get<Corridor>(repeated.areas.at(0).shape), (Corridor{{{{4, 3}, {5, 3}}}, 5}));
  EXPECT_EQ(repeated.repaired.size(), 1u);
}

TEST(GeoJson, SplitsALineThatCrossesTheAntimeridian) {
  const auto result = parse_geojson(feature(line("[179,10],[-179,12],[-178,12]"), R"({"width_m":1000})"));
  ASSERT_EQ(result.repaired.size(), 1u);
  EXPECT_THAT(result.repaired[0].what, HasSubstr("crosses the antimeridian"));
  EXPECT_EQ(std::get<Corridor>(result.areas.at(0).shape).lines,
            (std::vector<std::vector<LatLon>>{{{10, 179}, {11, 180}}, {{11, -180}, {12, -179}, {12, -178}}}));
  // 180 and -180 are one place, so this line does not go round the world.
  const auto touching =
      parse_geojson(feature(line("[179,10],[180,10],[-180,10],[-179,10]"), R"({"width_m":9})"));
  EXPECT_EQ(std::get<Corridor>(touching.areas.at(0).shape).lines,
            (std::vector<std::vector<LatLon>>{{{10, 179}, {10, 180}}, {{10, -180}, {10, -179}}}));
}

TEST(GeoJson, ReadsACollectionOfPolygonsOrOfLinesAsOneArea) {
  const auto of = [](const std::string& members) {
    return feature(R"({"type":"GeometryCollection","geometries":[)" + members + "]}", R"({"width_m":5})");
  };
  const std::string square = polygon(kSquare), other = polygon("[[20,0],[21,0],[21,1],[20,0]]");
  EXPECT_EQ(std::get<Polygons>(parse_geojson(of(square + "," + other)).areas.at(0).shape).size(), 2u);
  const auto lines = parse_geojson(of(line("[0,0],[1,1]") + "," + line("[2,2],[3,3]")));
  EXPECT_EQ(std::get<Corridor>(lines.areas.at(0).shape).lines.size(), 2u);
  expect_error(parse_geojson(of(square + "," + line("[0,0],[1,1]"))), "the file (a), geometry",
               "polygons only or of lines only");
  expect_error(parse_geojson(of("")), "the file (a), geometry", "polygons only or of lines only");
}

const char* const kSpot = R"({"type":"Point","coordinates":[0,0]})";

AreaFile parse_properties(const std::string& members) {
  return parse_geojson(feature(kSpot, R"({"radius_m":5,)" + members + "}"));
}

TEST(GeoJson, ReadsWhatElseAnAreaHas) {
  const auto result = parse_properties(R"("altitude_m":[12.5,null],"floor":2,"groups":["bars","north"],
      "metadata":{"color":"red","":""},"rule":"calm")");
  expect_error(result, "the file (a), properties.metadata", "names of 1 to 64 bytes");
  const auto good = parse_properties(R"("altitude_m":[12.5,null],"floor":2,"groups":["bars","north"],
      "metadata":{"color":"red"},"rule":{"preset":"calm","confirm":2,"enter_margin_m":20,"pass_through":true},
      "from":"2026-06-01T20:00:00+02:00","until":"2026-06-02T00:00:00Z")");
  ASSERT_TRUE(good.errors.empty()) << good.errors[0].where << good.errors[0].what;
  const Area& area = good.areas.at(0);
  EXPECT_EQ(area.altitude_m->low, 12.5);
  EXPECT_EQ(area.altitude_m->high, std::numeric_limits<double>::infinity());
  EXPECT_EQ(area.floor, (Range{2, 2}));
  EXPECT_EQ(area.groups, (std::vector<std::string>{"bars", "north"}));
  EXPECT_EQ(area.metadata, (std::map<std::string, std::string>{{"color", "red"}}));
  AreaRule rule = AreaRule::calm();
  rule.confirm = 2;
  rule.enter_margin_m = 20;
  rule.pass_through = true;
  EXPECT_EQ(area.rule, rule);
  EXPECT_EQ(area.from_ms, 1780336800000);
  EXPECT_EQ(area.until_ms, 1780358400000);
}

TEST(GeoJson, ReadsASchedule) {
  const auto result = parse_properties(R"("schedule":{"time_zone":"Europe/Berlin",
      "hours":{"fri":["10:00-12:00","20:00-04:00"],"sun":["00:00-24:00"]},
      "exceptions":{"2026-12-25":[],"2026-12-31":["18:00-06:00"]}})");
  ASSERT_TRUE(result.errors.empty()) << result.errors[0].where << result.errors[0].what;
  Schedule expected{.time_zone = "Europe/Berlin"};
  expected.week[4] = {{600, 720}, {1200, 240}};
  expected.week[6] = {{0, 1440}};
  expected.exceptions = {{{2026, 12, 25}, {}}, {{2026, 12, 31}, {{1080, 360}}}};
  EXPECT_EQ(result.areas.at(0).schedule, expected);
}

TEST(GeoJson, NamesThePropertyThatIsWrong) {
  const struct {
    const char *members, *where, *what;
  } kCases[] = {
      {R"("altitude_m":[2,1])", "altitude_m", "low first"},
      {R"("altitude_m":[null,null])", "altitude_m", "[low, high]"},
      {R"("altitude_m":[0,1e9])", "altitude_m", "-12000 to 100000"},
      {R"("floor":"1")", "floor", "[low, high]"},
      {R"("groups":"a")", "groups", "an array"},
      {R"("groups":["a","b c"])", "groups[1]", "1 to 64 characters"},
      {R"("groups":["a","a"])", "groups[1]", "occurs twice"},
      {R"("metadata":{"a":1})", "metadata.a", "a string"},
      {R"("rule":"lax")", "rule", R"("strict", "balanced" or "calm")"},
      {R"("rule":{"preset":"lax"})", "rule.preset", R"("strict", "balanced" or "calm")"},
      {R"("rule":{"enter_margin":3})", "rule.enter_margin", "not a part of a rule"},
      {R"("rule":{"enter_margin_m":-1})", "rule.enter_margin_m", "a number from 0 to 10000"},
      {R"("rule":{"confirm":2.5})", "rule.confirm", "a whole number from 1 to 8"},
      {R"("rule":{"confirm":5})", "rule.of_last", "at least as many as confirm"},
      {R"("rule":{"pass_through":1})", "rule.pass_through", "true or false"},
      {R"("from":"2026-06-01")", "from", "a time as"},
      {R"("from":"2026-06-01T00:00:00Z","until":"2026-06-01T00:00:00Z")", "until", "after `from`"},
      {R"("schedule":{})", "schedule.time_zone", "Europe/Berlin"},
      {R"("schedule":{"time_zone":"../../etc/passwd"})", "schedule.time_zone", "Europe/Berlin"},
      {R"("schedule":{"time_zone":"UTC","hours":{"monday":[]}})", "schedule.hours.monday", "not a day"},
      {R"("schedule":{"time_zone":"UTC","hours":{"mon":["8-9"]}})", "schedule.hours.mon[0]", "18:00-02:00"},
      {R"("schedule":{"time_zone":"UTC","exceptions":{"2026-02-29":[]}})", "schedule.exceptions.2026-02-29",
       "a date"},
      {R"("schedule":{"time_zone":"UTC","open":[]})", "schedule.open", "not a part of a schedule"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.members);
    expect_error(parse_properties(c.members), std::string("the file (a), properties.") + c.where, c.what);
  }
}

TEST(GeoJson, TellsOfPropertiesThatLookMisspelt) {
  const auto result =
      parse_properties(R"("Altitude":[1,2],"group":["a"],"shedule":{},"occupancy":3,"color":"red")");
  ASSERT_TRUE(result.errors.empty());
  ASSERT_EQ(result.repaired.size(), 3u);
  EXPECT_EQ(result.repaired[0].where, "the file (a), properties.Altitude");
  EXPECT_THAT(result.repaired[0].what, HasSubstr("altitude_m"));
  EXPECT_THAT(result.repaired[1].what, HasSubstr("groups"));
  EXPECT_THAT(result.repaired[2].what, HasSubstr("schedule"));
}

/// An area with some of everything.
Area random_area(std::mt19937_64& random, int i) {
  std::uniform_real_distribution<double> unit(0, 1);
  const auto maybe = [&] { return unit(random) < 0.5; };
  const auto whole = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  const double lat = -80 + 160 * unit(random), lon = -170 + 340 * unit(random);
  Area area = test::box_area("area-" + std::to_string(i), lat, lon, lat + unit(random), lon + unit(random));
  area.name = "\"quoted\" \xC3\xA9\n";
  if (i % 3 == 0) area.shape = Circle{{lat, lon}, 1e6 * unit(random)};
  if (i % 3 == 1)
    area.shape =
        Corridor{{{{lat, lon}, {lat + unit(random), lon + unit(random)}}, {{lat, lon}}}, 1e5 * unit(random)};
  if (maybe()) area.altitude_m = Range{-100 * unit(random), 100 * unit(random)};
  if (maybe()) area.floor = Range{static_cast<double>(whole(-3, 3))};
  for (int k = whole(0, 3); k > 0; --k) area.groups.push_back("g" + std::to_string(k));
  for (int k = whole(0, 3); k > 0; --k) area.metadata["key \"" + std::to_string(k)] = "v\\\xE2\x82\xAC";
  if (maybe()) area.rule = AreaRule::calm();
  if (area.rule && maybe()) {
    area.rule->enter_margin_m = unit(random);
    area.rule->exit_dwell_ms = static_cast<std::uint32_t>(whole(0, 86'400'000));
    area.rule->pass_through = maybe();
  }
  if (maybe()) area.from_ms = whole(0, 2'000'000'000);
  if (maybe()) area.until_ms = std::int64_t{2'000'000'001} + whole(0, 2'000'000'000);
  if (maybe()) {
    area.schedule = Schedule{.time_zone = "America/New_York"};
    area.schedule->week[static_cast<std::size_t>(whole(0, 6))] = {
        {static_cast<std::uint16_t>(whole(0, 1439)), static_cast<std::uint16_t>(whole(0, 1440))}, {0, 1440}};
    area.schedule->exceptions[{2026, 2, static_cast<std::uint8_t>(whole(1, 28))}] = {};
    area.schedule->exceptions[{2027, 2, static_cast<std::uint8_t>(whole(1, 28))}] = {{5, 4}};
  }
  return area;
}

TEST(GeoJson, WritesWhatItReadsBackUnchanged) {
  std::mt19937_64 random(5);
  std::vector<Area> areas;
  for (int i = 0; i < 500; ++i) areas.push_back(random_area(random, i));
  const auto split = parse_polygon("[[170,-17],[-170.3,-17.1],[-175,-10.7],[170,-17]]");
  areas.push_back(split.areas.at(0));
  const auto again = parse_geojson(to_geojson(areas));
  ASSERT_TRUE(again.errors.empty()) << again.errors[0].where << again.errors[0].what;
  EXPECT_TRUE(again.repaired.empty()) << again.repaired[0].where << again.repaired[0].what;
  EXPECT_EQ(again.areas, areas);
}

}  // namespace
}  // namespace convoke::geo
