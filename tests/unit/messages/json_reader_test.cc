#include "topics/messages/json_reader.h"

#include <gtest/gtest.h>

#include "tests/unit/messages/kinds.h"

namespace convoke::messages {
namespace {

/// What is wrong with the payload as a whole; "" if nothing is.
std::string problem(std::string_view payload) {
  JsonReader json(payload);
  const auto result = json.finish(0);
  if (result) return {};
  EXPECT_EQ(result.error().field, "");
  return result.error().expected;
}

std::string nested(std::size_t levels) {
  return "{\"a\":" + std::string(levels - 1, '[') + std::string(levels - 1, ']') + "}";
}

std::string padded(std::size_t bytes) {
  const std::string head = R"({"a":")";
  return head + std::string(bytes - head.size() - 2, 'x') + R"("})";
}

double number_in(const std::string& text) {
  JsonReader json("{\"x\":" + text + "}");
  const double found = json.root()["x"].number(-1e9, 1e9);
  EXPECT_TRUE(json.ok()) << text;
  return found;
}

std::uint64_t integer_in(const std::string& text) {
  JsonReader json("{\"x\":" + text + "}");
  const std::uint64_t found = json.root()["x"].integer();
  EXPECT_TRUE(json.ok()) << text;
  return found;
}

bool takes_text(const std::string& bytes) {
  const std::string payload = "{\"x\":\"" + bytes + "\"}";
  JsonReader json(payload);
  if (json.ok()) json.root()["x"].text(1, 100);
  return json.ok();
}

TEST(JsonReader, TakesOneObjectOnly) {
  EXPECT_EQ(problem("{}"), "");
  EXPECT_EQ(problem(" {\"a\":1}\n"), "");
  for (const char* bad : {"[]", "1", "null", "\"x\""}) EXPECT_EQ(problem(bad), "a JSON object") << bad;
  for (const char* bad : {"", " ", "{", "{}{}", "{} x", "{\"a\":1,}", "{a:1}", "{'a':1}", "{\"a\":NaN}",
                          "{\"a\":Infinity}", "{\"a\":01}", "{\"a\":1}//", "\xef\xbb\xbf{}"}) {
    EXPECT_EQ(problem(bad), "one JSON object in valid UTF-8") << bad;
  }
  EXPECT_EQ(problem(std::string_view("{}\0", 3)), "one JSON object in valid UTF-8");
}

TEST(JsonReader, RefusesMoreThan64KiB) {
  EXPECT_EQ(problem(padded(65536)), "");
  EXPECT_EQ(problem(padded(65537)), "at most 65536 bytes");
}

TEST(JsonReader, ReadsAStringAsLongAsItsOwnBoundAllows) {
  const std::string payload = padded(1 << 20);
  JsonReader json(payload, 1 << 20);
  EXPECT_EQ(json.root()["a"].line(1, 1 << 20).size(), payload.size() - 8);
  EXPECT_TRUE(json.ok());
}

TEST(JsonReader, RefusesMoreThan16Levels) {
  EXPECT_EQ(problem(nested(16)), "");
  EXPECT_EQ(problem(nested(17)), "at most 16 levels of nesting");
  EXPECT_EQ(problem(std::string(65536, '[')), "at most 16 levels of nesting");
}

TEST(JsonReader, RefusesAKeyGivenTwice) {
  EXPECT_EQ(problem(R"({"a":1,"a":1})"), "no key twice in an object");
  EXPECT_EQ(problem(R"({"a":1,"\u0061":1})"), "no key twice in an object");
  EXPECT_EQ(problem(R"({"unknown":[{"b":1,"c":2,"b":3}]})"), "no key twice in an object");
  EXPECT_EQ(problem(R"({"a":{"a":1},"b":{"a":1}})"), "");
}

TEST(JsonReader, TakesValidUtf8Only) {
  for (const char* good : {"é", "€", "😀", "\xf4\x8f\xbf\xbf", "\\u00e9", "\\ud83d\\ude00"}) {
    EXPECT_TRUE(takes_text(good)) << good;
  }
  const std::vector<std::string> bad = {
      "\xff",              // no such byte
      "\x80",              // continuation without a lead
      "\xc3",              // cut off
      "\xc0\xaf",          // overlong
      "\xe0\x80\xaf",      // overlong
      "\xed\xa0\x80",      // a surrogate
      "\xf4\x90\x80\x80",  // beyond U+10FFFF
      "\xf5\x80\x80\x80",
      "\\ud800",  // half a pair
      "\\udc00",
      "\\ud800\\u0041",
  };
  for (const auto& bytes : bad) EXPECT_FALSE(takes_text(bytes)) << testing::quoted(bytes);
}

TEST(JsonReader, RefusesControlCharacters) {
  const auto lines = [](const std::string& escaped, bool many) {
    JsonReader json("{\"x\":\"a" + escaped + "b\"}");
    many ? json.root()["x"].text(0, 10) : json.root()["x"].line(0, 10);
    return json.ok();
  };
  EXPECT_TRUE(lines("\\n", true));
  EXPECT_TRUE(lines("\\t", true));
  EXPECT_FALSE(lines("\\n", false));
  EXPECT_FALSE(lines("\\t", false));
  for (const char* control :
       {"\\u0000", "\\r", "\\u001b", "\\u007f", "\\u0080", "\\u009f", "\x7f", "\xc2\x85"}) {
    EXPECT_FALSE(lines(control, true)) << control;
    EXPECT_FALSE(lines(control, false)) << control;
  }
  EXPECT_TRUE(lines("\\u00a0", false));
}

TEST(JsonReader, ReadsFractionsExactly) {
  // Each written with the 17 digits that tell neighbours apart; a reader that scales by powers of ten misses
  // some.
  for (const double value : {39.999999999999993, 116.32000000000001, 0.1, 1.0 / 3, 89.99999999999999,
                             -179.99999999999997, 2.2250738585072014e-308, 5e-324, 123456.78901234567}) {
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", value);
    EXPECT_EQ(number_in(text), value) << text;
  }
  EXPECT_EQ(number_in("1e-400"), 0);
  EXPECT_EQ(number_in("12"), 12);
}

TEST(JsonReader, RefusesNumbersOutOfRangeOrNotFinite) {
  for (const char* bad :
       {"1e400", "-1e400", "1e10", "18446744073709551615", "-9223372036854775808", "\"1\"", "true"}) {
    JsonReader json(std::string("{\"x\":") + bad + "}");
    json.root()["x"].number(-1e9, 1e9);
    EXPECT_EQ(json.finish(0).error().to_string(), "x: expected a number from -1e+09 to 1e+09") << bad;
  }
}

TEST(JsonReader, TakesIntegersHoweverWritten) {
  EXPECT_EQ(integer_in("1.0"), 1u);
  EXPECT_EQ(integer_in("1e3"), 1000u);
  EXPECT_EQ(integer_in("1.5e1"), 15u);
  EXPECT_EQ(integer_in("-0"), 0u);
  EXPECT_EQ(integer_in("9007199254740991"), kMaxInteger);
  EXPECT_EQ(integer_in("9007199254740991.0"), kMaxInteger);
  for (const char* bad : {"1.5", "-1", "9007199254740992", "9007199254740993", "9007199254740992.0", "1e16",
                          "1e400", "18446744073709551616", "\"1\"", "null"}) {
    JsonReader json(std::string("{\"x\":") + bad + "}");
    EXPECT_EQ(json.root()["x"].integer(), 0u);
    EXPECT_FALSE(json.ok()) << bad;
  }
}

TEST(JsonReader, NamesThePathOfTheFirstProblem) {
  JsonReader json(R"({"list":[{"a":1},{"a":"x"},{"a":"y"}],"late":5})");
  const Field list = json.root()["list"];
  int reads = 0;
  list.each(0, 5, [&](const Field& item) { ++reads, item["a"].integer(); });
  EXPECT_EQ(json.root()["late"].plain_id(), "");
  EXPECT_EQ(reads, 2);
  EXPECT_EQ(json.finish(0).error().to_string(), "list[1].a: expected an integer from 0 to 9007199254740991");
}

TEST(JsonReader, NeverShowsWhatTheSenderSent) {
  JsonReader json(R"({"m":{"secret key":1}})");
  const Field members = json.root()["m"];
  members.each_member(5, [](const std::string&, const Field&) {});
  EXPECT_EQ(json.finish(0).error().to_string().find("secret"), std::string::npos);
}

TEST(JsonReader, NullIsPresentButNotGiven) {
  JsonReader reader(R"({"a":null,"b":0})");
  const Field &root = reader.root(), a = root["a"], b = root["b"], c = root["c"];
  EXPECT_TRUE(a.present());
  EXPECT_FALSE(a.given());
  EXPECT_TRUE(b.given());
  EXPECT_FALSE(c.given());
}

TEST(JsonReader, ReadsMembersOfAnythingButAnObjectAsAbsent) {
  JsonReader json(R"({"a":1})");
  const Field a = json.root()["a"];
  EXPECT_FALSE(a["b"].present());
  EXPECT_EQ(json.finish(0).error().to_string(), "a: expected an object");
}

}  // namespace
}  // namespace convoke::messages
