#include "ops/crowd/script.h"

#include <gmock/gmock.h>

#include <fstream>
#include <stdexcept>

#include "ops/crowd/crowd.h"
#include "tests/support/temp_dir.h"
#include "topics/token/token.h"

namespace convoke::crowd {
namespace {

using testing::HasSubstr;

Venue venue() {
  return Venue({{"bar", "", geo::Circle{{50, 10}, 30}}, {"hall", "", geo::Circle{{50.01, 10}, 30}}});
}

std::vector<Step> parse(std::string_view script) { return parse_script("s", script, 9, venue()); }

std::string error_of(std::string_view script) {
  try {
    parse(script);
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return "";
}

TEST(Script, ReadsWhoDoesWhatWhen) {
  const auto steps = parse(
      "{\"at_s\":0,\"phones\":\"*\",\"do\":\"stop\"}\r\n"
      "\n"
      R"({"do":"go","area":"hall","at_s":10.25,"phones":"2-5"})"
      "\n"
      R"({"at_s":86400,"phones":"3","do":"say","text":"Grüße\nan alle"})");
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(steps[0].deed, Deed::stop);
  EXPECT_EQ(steps[0].first, 1U);
  EXPECT_EQ(steps[0].last, 9U);
  EXPECT_EQ(steps[1].deed, Deed::go);
  EXPECT_EQ(steps[1].at_ms, 10'250);
  EXPECT_EQ(steps[1].first, 2U);
  EXPECT_EQ(steps[1].last, 5U);
  EXPECT_EQ(steps[1].place, 1U);
  EXPECT_EQ(steps[2].deed, Deed::say);
  EXPECT_EQ(steps[2].at_ms, 86'400'000);
  EXPECT_EQ(steps[2].first, 3U);
  EXPECT_EQ(steps[2].last, 3U);
  EXPECT_EQ(steps[2].text, "Grüße\nan alle");
}

TEST(Script, KnowsEveryDeedByItsWord) {
  const std::pair<const char*, Deed> kWords[] = {
      {"stop", Deed::stop}, {"walk", Deed::walk}, {"leave", Deed::leave},     {"available", Deed::available},
      {"away", Deed::away}, {"busy", Deed::busy}, {"offline", Deed::offline}, {"online", Deed::online}};
  for (const auto& [word, deed] : kWords)
    EXPECT_EQ(parse(R"({"at_s":1,"phones":"1","do":")" + std::string(word) + "\"}").at(0).deed, deed) << word;
}

TEST(Script, NamesFileLineKeyAndWhatItExpects) {
  const std::string good = "{\"at_s\":1,\"phones\":\"*\",\"do\":\"stop\"}\n";
  EXPECT_EQ(error_of(good + "\n" + R"({"at_s":-1,"phones":"*","do":"stop"})"),
            "s: line 3, key at_s: expected a number from 0 to 86400");
  EXPECT_EQ(error_of(good + "stop"), "s: line 2: expected one JSON object in valid UTF-8");
  EXPECT_EQ(error_of(R"({"at_s":1,"at_s":2,"phones":"*","do":"stop"})"),
            "s: line 1: expected no key twice in an object");
  EXPECT_EQ(error_of(R"({"at_s":1,"phones":"*","do":"fly"})"),
            "s: line 1, key do: expected one of go, stop, walk, say, leave, available, away, busy, offline, "
            "online");
  EXPECT_EQ(error_of(R"({"at_s":1,"phones":"*","do":"go","area":"moon"})"),
            "s: line 1, key area: expected the id of an area in the file of --areas");
  EXPECT_THAT(error_of(R"({"at_s":1,"phones":"*","do":"say","text":""})"),
              HasSubstr("key text: expected text of 1 to 4096 bytes"));
  EXPECT_THAT(error_of(R"({"at_s":1,"phones":"*","do":"say"})"), HasSubstr("line 1, key text: expected"));
  EXPECT_EQ(error_of(R"({"at_s":1,"phones":"*","do":"stop","area":"bar"})"),
            "s: line 1, key area: expected no such key with \"stop\"");
}

TEST(Script, RefusesTimesThatAreNoNumbersOfSecondsInADay) {
  for (const char* at : {"86400.1", "1e999", "\"1\"", "null", "[]"})
    EXPECT_THAT(error_of(R"({"phones":"*","do":"stop","at_s":)" + std::string(at) + "}"),
                HasSubstr("at_s: expected a number"))
        << at;
}

TEST(Script, RefusesPhonesThatAreNotThere) {
  for (const char* phones : {"", "0", "10", "1-10", "5-4", "1-", "-3", "1-2-3", "1,2", " 1", "p1", "**",
                             "99999999999999999999", "1-99999999999999999999"})
    EXPECT_EQ(error_of(R"({"at_s":1,"do":"stop","phones":")" + std::string(phones) + "\"}"),
              R"(s: line 1, key phones: expected "*", or one or two numbers from 1 to 9 as in "3" or "1-3")")
        << phones;
}

TEST(Script, IsBounded) {
  const std::string step = "{\"at_s\":1,\"phones\":\"*\",\"do\":\"stop\"}\n";
  std::string many;
  for (std::size_t i = 0; i < kMaxSteps; ++i) many += step;
  EXPECT_EQ(parse(many).size(), kMaxSteps);
  EXPECT_EQ(error_of(many + step), "s: line 10001: expected at most 10000 steps");
  EXPECT_EQ(error_of(std::string(kMaxScriptBytes + 1, '\n')), "s: expected at most 1048576 bytes");
  EXPECT_EQ(error_of("\n \n"), "s: expected at least one step");
}

TEST(Script, LoadsTheSample) {
  EXPECT_GT(load_script(CONVOKE_SAMPLE_SCRIPT, 200, Venue::load(CONVOKE_SAMPLE_AREAS)).size(), 5U);
}

/// What a crowd of 3 phones says about a script with these further options; "" if it takes it.
std::string crowd_error(
    const std::string& script, void (*change)(Options&) = [](Options&) {}) {
  const test::TempDir dir;
  std::ofstream(dir / "keys") << token::KeySet::generate_ed25519("test");
  std::ofstream(dir / "script") << script;
  Options options;
  options.site = topics::SiteId::parse("demo");
  options.keys_file = dir / "keys";
  options.areas_file = CONVOKE_SAMPLE_AREAS;
  options.script_file = dir / "script";
  options.phones = 3;
  change(options);
  try {
    Crowd crowd(options);
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return "";
}

TEST(Script, IsRefusedBeforeAnyPhoneStarts) {
  const char* const kGood = R"({"at_s":1,"phones":"1-3","do":"stop"})";
  EXPECT_EQ(crowd_error(kGood), "");
  EXPECT_THAT(crowd_error(R"({"at_s":1,"phones":"1-4","do":"stop"})"),
              HasSubstr("script: line 1, key phones: expected"));
  EXPECT_THAT(crowd_error(kGood, [](Options& o) { o.script_file += ".none"; }),
              HasSubstr("script.none: cannot be read"));
  EXPECT_THAT(crowd_error(kGood, [](Options& o) { o.script_file = "/"; }), HasSubstr("/: cannot be read"));
  EXPECT_THAT(crowd_error(kGood, [](Options& o) { o.light = 1; }), HasSubstr("expected no --light"));
}

}  // namespace
}  // namespace convoke::crowd
