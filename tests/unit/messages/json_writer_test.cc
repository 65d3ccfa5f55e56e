#include "topics/messages/json_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace convoke::messages {
namespace {

std::string written(double value) {
  JsonWriter json;
  json.number(value);
  return json.take();
}

std::string written(std::string_view value) {
  JsonWriter json;
  json.string(value);
  return json.take();
}

TEST(JsonWriter, WritesCompactJsonInOrder) {
  JsonWriter json;
  json.begin_object();
  json.member("z", 1);
  json.member("a", "x");
  json.member("absent", std::optional<double>());
  json.member("there", std::optional<double>(2.5));
  json.key("list").begin_list();
  json.begin_list();
  json.end_list();
  json.begin_object();
  json.end_object();
  json.boolean(false);
  json.string("[");
  json.string("");
  json.end_list();
  json.member("b", true);
  json.end_object();
  EXPECT_EQ(json.take(), R"({"z":1,"a":"x","there":2.5,"list":[[],{},false,"[",""],"b":true})");
}

TEST(JsonWriter, WritesPlainDecimals) {
  EXPECT_EQ(written(39.99), "39.99");
  EXPECT_EQ(written(1.0), "1");
  EXPECT_EQ(written(-116.32), "-116.32");
  EXPECT_EQ(written(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(written(-0.0), "0");
}

TEST(JsonWriter, WritesNullForWhatIsNoNumber) {
  EXPECT_EQ(written(std::nan("")), "null");
  EXPECT_EQ(written(std::numeric_limits<double>::infinity()), "null");
}

TEST(JsonWriter, EscapesWhatJsonRequires) {
  EXPECT_EQ(written("a\"b\\c\nd\te"), R"("a\"b\\c\nd\te")");
  EXPECT_EQ(written(std::string_view("\0\x1f\r", 3)), R"("\u0000\u001f\u000d")");
  EXPECT_EQ(written("Ünï/😀"), "\"Ünï/😀\"");
}

}  // namespace
}  // namespace convoke::messages
