#include "geo/kml.h"

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

std::string kml(const std::string& placemarks) {
  return R"(<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder>)" +
         placemarks + "</Folder></Document></kml>";
}

std::string placemark(const std::string& inside, const std::string& attributes = "") {
  return "<Placemark" + attributes + ">" + inside + "</Placemark>";
}

std::string data(const std::string& name, const std::string& value) {
  return "<ExtendedData><Data name=\"" + name + "\"><value>" + value + "</value></Data></ExtendedData>";
}

std::string ring(const std::string& coordinates) {
  return "<LinearRing><coordinates>" + coordinates + "</coordinates></LinearRing>";
}

std::string polygon(const std::string& coordinates) {
  return "<Polygon><outerBoundaryIs>" + ring(coordinates) + "</outerBoundaryIs></Polygon>";
}

std::string line(const std::string& coordinates) {
  return "<LineString><coordinates>" + coordinates + "</coordinates></LineString>";
}

const char* const kTriangle = "0,0 1,0 1,1 0,0";

TEST(Kml, ReadsPolygonsLinesAndPoints) {
  const auto file = parse_kml(kml(
      placemark("<name> Hall A </name><Polygon><outerBoundaryIs>" +
                    ring("0,0,5 10,0,5\n 10,10,5 0,10,5 0,0,5") + "</outerBoundaryIs><innerBoundaryIs>" +
                    ring("2,2 2,4 4,4 4,2 2,2") + "</innerBoundaryIs></Polygon>",
                " id=\"hall\"") +
      placemark("<name>The way</name>" + line("13,52 13.5,52.5") + data("width_m", "8.5")) +
      placemark("<Point><coordinates>13.25,52.5</coordinates></Point><ExtendedData><SchemaData>"
                "<SimpleData name=\"radius_m\"> 40 </SimpleData><SimpleData name=\"rule\">calm</SimpleData>"
                "<SimpleData name=\"groups\">[\"bars\"]</SimpleData></SchemaData></ExtendedData>")));
  ASSERT_TRUE(file.errors.empty()) << file.errors[0].where << file.errors[0].what;
  ASSERT_EQ(file.areas.size(), 3u);
  const Ring hole = {{2, 2}, {4, 2}, {4, 4}, {2, 4}, {2, 2}};
  EXPECT_EQ(file.areas[0], (Area{"hall", "Hall A", Polygons{{test::box_ring(0, 0, 10, 10), {hole}}}}));
  EXPECT_EQ(file.areas[1], (Area{"The-way", "The way", Corridor{{{{52, 13}, {52.5, 13.5}}}, 8.5}}));
  EXPECT_EQ(file.areas[2].id, "area-2");
  EXPECT_EQ(file.areas[2].shape, (std::variant<Circle, Polygons, Corridor>(Circle{{52.5, 13.25}, 40})));
  EXPECT_EQ(file.areas[2].rule, AreaRule::calm());
  EXPECT_EQ(file.areas[2].groups, std::vector<std::string>{"bars"});
}

TEST(Kml, ReadsOnBehindAComment) {
  const auto file =
      parse_kml(kml(placemark(polygon("0,0 1,0 <!-- the corner --> <![CDATA[1,1]]> <![CDATA[0,1]]> 0,0"))));
  ASSERT_TRUE(file.errors.empty()) << file.errors[0].where << file.errors[0].what;
  EXPECT_EQ(std::get<Polygons>(file.areas.at(0).shape)[0].outer, test::box_ring(0, 0, 1, 1));
}

TEST(Kml, ReadsAMultiGeometryAsOneArea) {
  const std::string both = polygon(kTriangle) + polygon("5,0 6,0 6,1 5,0");
  const auto file = parse_kml(kml(placemark("<MultiGeometry>" + both + "</MultiGeometry>")));
  ASSERT_TRUE(file.errors.empty()) << file.errors[0].where << file.errors[0].what;
  EXPECT_EQ(std::get<Polygons>(file.areas.at(0).shape).size(), 2u);
  expect_error(parse_kml(kml(placemark("<MultiGeometry>" + both + line("0,0 1,1") + "</MultiGeometry>"))),
               "placemark 0 (area-0), geometry", "polygons only or of lines only");
}

TEST(Kml, MakesIdsOfNamesDifferent) {
  const std::string one = placemark("<name>Bar</name>" + polygon(kTriangle));
  const auto file = parse_kml(kml(one + one));
  ASSERT_EQ(file.areas.size(), 2u);
  EXPECT_EQ(file.areas[0].id, "Bar");
  EXPECT_EQ(file.areas[1].id, "Bar-2");
  EXPECT_THAT(file.repaired.at(0).what, HasSubstr("called Bar-2"));
  const std::string stated = placemark(polygon(kTriangle), " id=\"a\"");
  expect_error(parse_kml(kml(stated + stated)), "placemark 1 (a)", "occurs twice");
}

TEST(Kml, ChecksAsGeoJsonDoes) {
  expect_error(parse_kml(kml(placemark(polygon("0,0 10,10 10,0 0,10 0,0")))),
               "placemark 0 (area-0), ring 0, vertex 0", "meets the edge from vertex 2");
  expect_error(parse_kml(kml(placemark(polygon("0,0 1,0 1,x 0,0")))),
               "placemark 0 (area-0), ring 0, vertex 2", "expected a position");
  expect_error(parse_kml(kml(placemark(line("0,0 1,1")))), "placemark 0 (area-0), properties.width_m",
               "metres");
  expect_error(parse_kml(kml(placemark("<Point><coordinates>1,2</coordinates></Point>"))),
               "placemark 0 (area-0), properties.radius_m", "metres");
  expect_error(parse_kml(kml(placemark("<name>pin</name>"))), "placemark 0 (pin), geometry",
               "expected a Polygon");
  expect_error(parse_kml(kml(placemark(polygon(kTriangle), " id=\"a b\""))), "placemark 0, id", "1 to 64");
}

TEST(Kml, SaysWhatIsNotKml) {
  expect_error(parse_kml("<kml>\n<Placemark></kml>"), "the file", "line 2: not well-formed XML");
  expect_error(parse_kml(kml("")), "the file", "at least one Placemark");
  expect_error(parse_kml(""), "the file", "not well-formed");
  EXPECT_FALSE(parse_kml(kml(placemark("<name>\xC3\x28</name>" + polygon(kTriangle)))).areas.empty());
}

TEST(Kml, IsSafeAgainstEntitiesAndDepth) {
  const std::string bomb =
      "<!DOCTYPE kml [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]>" +
      kml(placemark("<name>&b;</name>" + polygon(kTriangle)));
  const auto file = parse_kml(bomb);
  ASSERT_EQ(file.areas.size(), 1u);
  EXPECT_EQ(file.areas[0].name, "&b;");
  std::string deep, geometries;
  for (int i = 0; i < 200'000; ++i) deep += "<Folder>";
  for (int i = 0; i < 100'000; ++i) geometries += "<MultiGeometry>";
  EXPECT_FALSE(parse_kml(deep).errors.empty());
  for (int i = 0; i < 100'000; ++i) geometries += "</MultiGeometry>";
  expect_error(parse_kml(kml(placemark(geometries))), "placemark 0 (area-0), geometry", "expected a Polygon");
  expect_error(parse_kml(bomb, {.max_bytes = 10}), "the file", "too large");
}

}  // namespace
}  // namespace convoke::geo
