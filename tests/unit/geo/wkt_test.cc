#include "geo/wkt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/geo/shapes.h"

namespace convoke::geo {
namespace {

using testing::HasSubstr;

void expect_error(const AreaFile& file, const std::string& where, const std::string& what) {
  ASSERT_EQ(file.errors.size(), 1u);
  EXPECT_EQ(file.errors[0].where, where);
  EXPECT_THAT(file.errors[0].what, HasSubstr(what));
  EXPECT_TRUE(file.areas.empty());
}

TEST(Wkt, ReadsPolygonsWithHoles) {
  const auto file =
      parse_wkt("POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (2 2, 2 4, 4 4, 4 2, 2 2))\n", {}, {.id = "hall"});
  ASSERT_TRUE(file.errors.empty()) << file.errors[0].where << file.errors[0].what;
  const Ring hole = {{2, 2}, {4, 2}, {4, 4}, {2, 4}, {2, 2}};
  EXPECT_EQ(file.areas, (std::vector<Area>{{"hall", "", Polygons{{test::box_ring(0, 0, 10, 10), {hole}}}}}));
}

TEST(Wkt, ReadsOneGeometryAfterAnother) {
  const auto file = parse_wkt(
      "srid=4326;multipolygon z(((0 0 1,1 0 1,1 1 1,0 0 1)),((5 0 1,6 0 1,6 1 1,5 0 1)))\n"
      "LINESTRING(13.25 52, +13.5 -5.2e1);\r\nMULTILINESTRINGZM((0 0 1 2, 1 1 1 2),(2 2 0 0, 3 3 0 0))\n"
      "GEOMETRYCOLLECTION(POLYGON((0 0,1 0,1 1,0 0)), GEOMETRYCOLLECTION(POLYGON((5 0,6 0,6 1,5 0))))",
      {}, {.width_m = 8});
  ASSERT_TRUE(file.errors.empty()) << file.errors[0].where << file.errors[0].what;
  ASSERT_EQ(file.areas.size(), 4u);
  EXPECT_EQ(file.areas[0].id, "area-0");
  EXPECT_EQ(std::get<Polygons>(file.areas[0].shape).size(), 2u);
  EXPECT_EQ(std::get<Corridor>(file.areas[1].shape), (Corridor{{{{52, 13.25}, {-52, 13.5}}}, 8}));
  EXPECT_EQ(std::get<Corridor>(file.areas[2].shape).lines.size(), 2u);
  EXPECT_EQ(file.areas[3].id, "area-3");
  EXPECT_EQ(file.areas[3].shape, file.areas[0].shape);
}

TEST(Wkt, ChecksAsGeoJsonDoes) {
  expect_error(parse_wkt("POLYGON((0 0,10 10,10 0,0 10,0 0))"), "geometry 0 (area), ring 0, vertex 0",
               "meets the edge from vertex 2");
  expect_error(parse_wkt("POLYGON((0 0,1 0,1 95,0 0))"), "geometry 0 (area), ring 0, vertex 2",
               "out of range");
  expect_error(parse_wkt("POLYGON((0 0,1 0,1 1e999,0 0))"), "geometry 0 (area), ring 0, vertex 2",
               "out of range");
  expect_error(parse_wkt("LINESTRING(0 0, 1 1)"), "geometry 0 (area), properties.width_m", "metres");
  expect_error(parse_wkt("POLYGON((0 0,1 0,1 1,0 0))", {.max_vertices = 3}), "geometry 0 (area), ring 0",
               "too many vertices");
  EXPECT_EQ(parse_wkt("POLYGON((179 0,-179 0,-179 1,179 0))").repaired.size(), 1u);
}

TEST(Wkt, SaysWhereItIsNotWkt) {
  expect_error(parse_wkt("POLYGON((0 0,1 0,1 1,0 0))\n POLYGON((0 0,1 x"), "geometry 1",
               "line 2, column 17: expected a number");
  expect_error(parse_wkt("POLYGON((0 0,1 0,1 1,0 0)"), "geometry 0", "column 26: expected )");
  expect_error(parse_wkt("POLYGON EMPTY"), "geometry 0", "not empty");
  expect_error(parse_wkt("POINT(1 2)"), "geometry 0", "radius_m");
  expect_error(parse_wkt("CIRCLE(1 2)"), "geometry 0", "expected POLYGON");
  expect_error(parse_wkt("SRID=3857;POLYGON((0 0,1 0,1 1,0 0))"), "geometry 0", "SRID=4326");
  expect_error(parse_wkt("POLYGON((nan 0,1 0,1 1,0 0))"), "geometry 0", "expected a number");
  expect_error(parse_wkt(" \n"), "the file", "at least one geometry");
}

TEST(Wkt, KeepsToItsLimits) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "GEOMETRYCOLLECTION(";
  expect_error(parse_wkt(deep), "geometry 0", "too many");
  const std::string two = "POLYGON((0 0,1 0,1 1,0 0))POLYGON((0 0,1 0,1 1,0 0))";
  expect_error(parse_wkt(two, {.max_areas = 1}), "the file", "too many");
  expect_error(parse_wkt(two, {.max_bytes = 5}), "the file", "too large");
}

TEST(AreaFile, TellsTheFormatByTheEndOfTheName) {
  EXPECT_EQ(area_format_of("a/b.GeoJSON"), AreaFormat::geojson);
  EXPECT_EQ(area_format_of("b.json"), AreaFormat::geojson);
  EXPECT_EQ(area_format_of("b.wkt"), AreaFormat::wkt);
  EXPECT_EQ(area_format_of("b.Kml"), AreaFormat::kml);
  EXPECT_EQ(area_format_of("b.txt"), std::nullopt);
}

TEST(AreaFile, NamesAreasWithoutIdsAfterTheFile) {
  EXPECT_EQ(defaults_for("/home/a.b/The hall.wkt").id, "The-hall");
  EXPECT_EQ(defaults_for("-").id, "area");
  EXPECT_EQ(defaults_for("x.kml", 3).width_m, 3);
}

TEST(AreaFile, MakesIdsOfNames) {
  EXPECT_EQ(slug("Hall A (north)"), "Hall-A-north");
  EXPECT_EQ(slug("Café"), "Caf");
  EXPECT_EQ(slug(" -!"), "");
  EXPECT_EQ(slug(std::string(100, 'x')).size(), 64u);
}

}  // namespace
}  // namespace convoke::geo
