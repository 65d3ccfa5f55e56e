#include "backend/ingress/plan_file.h"

#include <gtest/gtest.h>

#include "topics/rfc3339.h"

namespace convoke::ingress {
namespace {

constexpr const char* kFull = R"(schema = 1
[[plan]]
id = "hall-a"
name = "Hall A"
keep = "90d"
[plan.audience]
any = [{ area = "hall-a", within = "10m" }, { users = ["ben@other", "anna"] }, { registered = true }, { registered = "self" }, { member_of = "q" }]
all = [{ attribute = "ticket", equals = "vip" }]
none = [{ attribute = "crew" }]
presence = "any"
max = 500
follow = "2m"
[plan.registration]
self = true
from = 2026-06-01T10:00:00Z
until = 2026-06-01T19:00:00Z
call = [{ number = "+4930123456", attested = "B" }]
mail = [{ address = "Evening@club.example", unverified = true }]
ticket = [{ shop = "main", product = "vip" }, { shop = "other" }]
[[plan.start]]
on = "occupancy"
area = "hall-a"
reaches = 10
again = "5m"
[[plan.start]]
on = "enter"
area = "hall-a"
[[plan.start]]
on = "schedule"
at = 2026-06-01T19:30:00+02:00
[[plan.start]]
on = "schedule"
rule = "FREQ=WEEKLY;BYDAY=FR"
from = "2026-06-05T19:30:00"
zone = "Europe/Berlin"
except = ["2026-12-25"]
[[plan.start]]
on = "available"
user = "host"
[[plan.start]]
on = "occupancy"
area = "hall-a"
falls_to = 0
[[plan.start]]
on = "event"
type = "doors.open"
source = "gate"
subject = "west"
[[plan.start]]
on = "mail"
user = "host"
to = "evening@club.example"
subject = "start"
[[plan.start]]
on = "mailing"
domain = "club.example"
list = "news.club.example"
subject = "Tonight"
header = { name = "X-Campaign", equals = "Evening" }
[[plan.end]]
on = "duration"
after = "45m"
[[plan.end]]
on = "set-time"
at = 2026-06-01T23:00:00Z
[[plan.end]]
on = "unavailable"
user = "host"
[[plan.end]]
on = "idle"
after = "10m"
[[plan.end]]
on = "empty"
area = "hall-a"
[plan.start_timing]
when_available = "1h"
[plan.end_timing]
spread = "5m"
)";

TEST(PlanFile, ReadsEveryKeyOfTheFormat) {
  const PlanFile file = parse_plans_toml(kFull);
  ASSERT_EQ(file.plans.size(), 1u) << (file.problems.empty()
                                           ? ""
                                           : file.problems[0].where + ": " + file.problems[0].expected);
  const core::Plan& p = file.plans[0];
  EXPECT_EQ(p.name, "Hall A");
  EXPECT_EQ(p.keep_ms, 90LL * 86'400'000);
  ASSERT_EQ(p.audience.any.size(), 5u);
  EXPECT_EQ(std::get<core::InArea>(p.audience.any[0]).within_ms, 600'000);
  EXPECT_FALSE(std::get<core::IsRegistered>(p.audience.any[2]).source);
  EXPECT_EQ(std::get<core::IsRegistered>(p.audience.any[3]).source, "self");
  EXPECT_EQ(std::get<core::IsMember>(p.audience.any[4]).plan.str(), "q");
  EXPECT_EQ(p.audience.follow_ms, 120'000);
  EXPECT_TRUE(p.registering.self);
  EXPECT_EQ(p.registering.until_ms, topics::parse_rfc3339("2026-06-01T19:00:00Z"));
  EXPECT_EQ(std::get<core::OneOf>(p.audience.any[1]).users[1].str(), "ben@other");
  EXPECT_EQ(std::get<core::HasAttribute>(p.audience.all[0]).equals, "vip");
  EXPECT_FALSE(std::get<core::HasAttribute>(p.audience.none[0]).equals);
  EXPECT_FALSE(p.audience.only_available);
  EXPECT_EQ(p.audience.max, 500u);
  EXPECT_EQ(std::get<core::OnOccupancy>(p.starts[0]).reaches, 10u);
  EXPECT_EQ(std::get<core::OnOccupancy>(p.starts[0]).again_ms, 5 * 60'000);
  EXPECT_EQ(std::get<core::OnSchedule>(p.starts[2]).at_ms, topics::parse_rfc3339("2026-06-01T17:30:00Z"));
  EXPECT_EQ(std::get<core::OnRecurrence>(p.starts[3]).rule, "FREQ=WEEKLY;BYDAY=FR");
  EXPECT_EQ(std::get<core::OnRecurrence>(p.starts[3]).except, std::vector<std::string>{"2026-12-25"});
  EXPECT_EQ(std::get<core::OnAvailable>(p.starts[4]).user.str(), "host");
  EXPECT_EQ(std::get<core::OnEmptying>(p.starts[5]).falls_to, 0u);
  EXPECT_EQ(std::get<core::OnEvent>(p.starts[6]).subject, "west");
  EXPECT_EQ(std::get<core::OnMail>(p.starts[7]).to, "evening@club.example");
  EXPECT_EQ(std::get<core::OnMailing>(p.starts[8]).list, "news.club.example");
  EXPECT_EQ(std::get<core::OnMailing>(p.starts[8]).header->name, "x-campaign");
  EXPECT_EQ(std::get<core::OnMailing>(p.starts[8]).header->equals, "Evening");
  ASSERT_EQ(p.registering.by.size(), 4u);
  EXPECT_EQ(std::get<core::ByCall>(p.registering.by[0]).attested, "B");
  EXPECT_EQ(std::get<core::ByMail>(p.registering.by[1]).address, "evening@club.example");
  EXPECT_EQ(std::get<core::ByTicket>(p.registering.by[2]).product, "vip");
  EXPECT_EQ(std::get<core::AfterDuration>(p.ends[0]).duration_ms, 45 * 60'000);
  EXPECT_EQ(std::get<core::WhenUnavailable>(p.ends[2]).grace_ms, 30'000) << "the default";
  EXPECT_EQ(std::get<core::WhenIdle>(p.ends[3]).after_ms, 600'000);
  EXPECT_EQ(std::get<core::WhenEmpty>(p.ends[4]).area.str(), "hall-a");
  EXPECT_EQ(std::get<core::NextAvailable>(p.start_timing).within_ms, 3'600'000);
  EXPECT_EQ(std::get<core::Spread>(p.end_timing).over_ms, 300'000);
}

TEST(PlanFile, R34_ReadsWhatConcernsOtherSites) {
  const PlanFile file = parse_plans_toml(
      "schema = 1\n[[plan]]\nid = \"p\"\n[plan.audience]\nsites = [\"club\", \"arena\", \"club\"]\n"
      "any = [{ area = \"floor@arena\", within = \"5m\" }, { area = \"hall\" }]\n"
      "[[plan.start]]\non = \"occupancy\"\narea = \"floor@arena\"\nreaches = 50\n"
      "[[plan.start]]\non = \"occupancy\"\narea = \"bar@club\"\nfalls_to = 2\n"
      "[[plan.start]]\non = \"enter\"\narea = \"bar@arena\"\n"
      "[[plan.end]]\non = \"empty\"\narea = \"floor@club\"\n"
      "[[plan.end]]\non = \"duration\"\nafter = \"1m\"\n");
  ASSERT_EQ(file.plans.size(), 1u);
  const core::Audience& audience = file.plans[0].audience;
  const auto& floor = std::get<core::InArea>(audience.any[0]);
  EXPECT_EQ(floor.area.str() + " of " + floor.site.str(), "floor of arena");
  EXPECT_TRUE(std::get<core::InArea>(audience.any[1]).site.empty());
  ASSERT_EQ(audience.sites.size(), 2u);
  EXPECT_EQ(audience.sites[0].str(), "arena");
  const auto area = [](const auto& of) { return of.area.str() + " of " + of.site.str(); };
  EXPECT_EQ(area(std::get<core::OnOccupancy>(file.plans[0].starts.at(0))), "floor of arena");
  EXPECT_EQ(area(std::get<core::OnEmptying>(file.plans[0].starts.at(1))), "bar of club");
  EXPECT_EQ(area(std::get<core::OnEnter>(file.plans[0].starts.at(2))), "bar of arena");
  EXPECT_EQ(area(std::get<core::WhenEmpty>(file.plans[0].ends.at(0))), "floor of club");
  const std::string json = plan_to_json(file.plans[0]);
  EXPECT_EQ(plan_to_json(parse_plan_json(json).plans.at(0)), json);
  for (const char* named : {"\"floor@arena\"", "\"bar@club\"", "\"bar@arena\"", "\"floor@club\""})
    EXPECT_NE(json.find(named), std::string::npos) << json;
}

TEST(PlanFile, JsonReadsBackWhatItWrites) {
  const std::string json = plan_to_json(parse_plans_toml(kFull).plans.at(0));
  EXPECT_EQ(plan_to_json(parse_plan_json(json).plans.at(0)), json);
  EXPECT_EQ(parse_plans_json("{\"schema\":1,\"plan\":[" + json + "]}").plans.size(), 1u);
}

struct BadPlan {
  const char* toml;
  const char* where;
};
class PlanFileRefuses : public testing::TestWithParam<BadPlan> {};

TEST_P(PlanFileRefuses, AndNamesThePlace) {
  const PlanFile file = parse_plans_toml(GetParam().toml);
  EXPECT_TRUE(file.plans.empty());
  ASSERT_FALSE(file.problems.empty());
  EXPECT_EQ(file.problems[0].where, GetParam().where) << file.problems[0].expected;
  EXPECT_FALSE(file.problems[0].expected.empty());
}

#define HEAD "schema = 1\n[[plan]]\nid = \"p\"\naudience = {}\n"
#define END "[[plan.end]]\non = \"duration\"\nafter = \"1m\"\n"
INSTANTIATE_TEST_SUITE_P(
    Table, PlanFileRefuses,
    testing::Values(
        BadPlan{"schema = 2\n[[plan]]\nid = \"p\"\naudience = {}\n" END, "schema"},
        BadPlan{"schema = 1\n", "plan"}, BadPlan{"schema = 1\nplans = []\nplan = []", "file.plans"},
        BadPlan{"schema = \n", "line 1, column 10"},
        BadPlan{"schema = 1\n[[plan]]\nid = \"a b\"\naudience = {}\n" END, "plan[0](a b).id"},
        BadPlan{"schema = 1\n[[plan]]\nid = \"p\"\n" END, "plan[0](p).audience"},
        BadPlan{"schema = 1\n[[plan]]\nid = \"p\"\naudience = { any = [{ area = \"a@b@c\" }] }\n" END,
                "plan[0](p).audience.any[0].area"},
        BadPlan{"schema = 1\n[[plan]]\nid = \"p\"\naudience = { sites = [\"a@b\"] }\n" END,
                "plan[0](p).audience.sites[0]"},
        BadPlan{HEAD, "plan[0](p).end"}, BadPlan{HEAD "color = 1\n" END, "plan[0](p).color"},
        BadPlan{HEAD "name = \"a\\u0007b\"\n" END, "plan[0](p).name"},
        BadPlan{HEAD "name = \"a\u0085b\"\n" END, "plan[0](p).name"},
        BadPlan{HEAD "end = []\n", "plan[0](p).end"}, BadPlan{HEAD "enabled = 1\n" END, "plan[0](p).enabled"},
        BadPlan{HEAD "[[plan.end]]\non = \"duration\"\nafter = \"45\"\n", "plan[0](p).end[0].after"},
        BadPlan{HEAD "[[plan.end]]\non = \"duration\"\nafter = \"31d\"\n", "plan[0](p).end[0].after"},
        BadPlan{HEAD "[[plan.end]]\non = \"boredom\"\n", "plan[0](p).end[0].on"},
        BadPlan{HEAD "[[plan.end]]\non = \"idle\"\nafter = \"5m\"\n", "plan[0](p).end"},
        BadPlan{HEAD
                "[[plan.start]]\non = \"schedule\"\nrule = \"FREQ=OFTEN\"\nfrom = \"2026-06-05T19:30:00\"\n"
                "zone = \"UTC\"\n" END,
                "plan[0](p).start[0].rule"},
        BadPlan{HEAD "[[plan.start]]\non = \"available\"\n" END, "plan[0](p).start[0].user"},
        BadPlan{HEAD "[[plan.start]]\non = \"event\"\ntype = \"\"\n" END, "plan[0](p).start[0].type"},
        BadPlan{HEAD "start_timing = { delay = \"1m\", spread = \"1m\" }\n" END, "plan[0](p).start_timing"},
        BadPlan{HEAD "end_timing = { when_available = \"1m\" }\n" END,
                "plan[0](p).end_timing.when_available"},
        BadPlan{HEAD "[[plan.start]]\non = \"occupancy\"\narea = \"h\"\nreaches = 0\n" END,
                "plan[0](p).start[0].reaches"},
        BadPlan{HEAD "[[plan.start]]\non = \"enter\"\narea = \"floor@\"\n" END, "plan[0](p).start[0].area"},
        BadPlan{HEAD "[[plan.end]]\non = \"empty\"\narea = \"@arena\"\n" END, "plan[0](p).end[0].area"},
        BadPlan{HEAD "[[plan.start]]\non = \"schedule\"\nat = \"soon\"\n" END, "plan[0](p).start[0].at"},
        BadPlan{"schema = 1\n[[plan]]\nid = \"p\"\naudience = { any = [{ area = \"a\", users = [] }] }\n" END,
                "plan[0](p).audience.any[0]"},
        BadPlan{HEAD "[[plan.end]]\non = \"set-time\"\nat = 1969-12-31T23:59:59Z\n", "plan[0](p).end[0].at"},
        BadPlan{HEAD "[[plan.end]]\non = \"set-time\"\nat = 9999-12-31T23:59:59-01:00\n",
                "plan[0](p).end[0].at"},
        BadPlan{
            "schema = 1\n[[plan]]\nid = \"p\"\naudience = { all = [{ area = \"a\", equals = \"b\" }] }\n" END,
            "plan[0](p).audience.all[0].equals"},
        BadPlan{"schema = 1\n[[plan]]\nid = \"p\"\naudience = { any = [{ registered = false }] }\n" END,
                "plan[0](p).audience.any[0].registered"},
        BadPlan{
            "schema = 1\n[[plan]]\nid = \"p\"\naudience = { any = [{ users = [], within = \"5m\" }] }\n" END,
            "plan[0](p).audience.any[0].within"},
        BadPlan{HEAD "registration = { self = 1 }\n" END, "plan[0](p).registration.self"},
        BadPlan{HEAD "registration = { call = [{ number = \"030123456\" }] }\n" END,
                "plan[0](p).registration.call[0].number"},
        BadPlan{HEAD "registration = { call = [{ number = \"+4930123456\", attested = \"D\" }] }\n" END,
                "plan[0](p).registration.call[0].attested"},
        BadPlan{HEAD "registration = { mail = [{ address = \"a+b@club.example\" }] }\n" END,
                "plan[0](p).registration.mail[0].address"},
        BadPlan{HEAD "registration = { ticket = [{ shop = \"a shop\" }] }\n" END,
                "plan[0](p).registration.ticket[0].shop"},
        BadPlan{HEAD "[[plan.start]]\non = \"mail\"\nuser = \"host\"\nto = \"nobody\"\n" END,
                "plan[0](p).start[0].to"},
        BadPlan{"schema = 1\n[[plan]]\nid = \"p\"\naudience = { presence = \"asleep\" }\n" END,
                "plan[0](p).audience.presence"},
        BadPlan{HEAD END "[[plan]]\nid = \"p\"\naudience = {}\n" END, "plan[1].id"}));

TEST(PlanFile, R9_AMailingsHeaderIsOneThatSaysNothingOfTheWayOrThePeople) {
  const auto problems = [](const std::string& header) {
    return parse_plans_toml(HEAD "[[plan.start]]\non = \"mailing\"\ndomain = \"club.example\"\nheader = " +
                            header + "\n" END)
        .problems;
  };
  const auto named = [&](const std::string& name) {
    return problems("{ name = \"" + name + "\", equals = \"1\" }");
  };
  EXPECT_TRUE(named("X-Campaign").empty());
  EXPECT_TRUE(named(std::string(64, 'x')).empty());
  for (const char* name : {"From",
                           "SENDER",
                           "Reply-To",
                           "Return-Path",
                           "To",
                           "Cc",
                           "Date",
                           "Message-ID",
                           "Received",
                           "Received-SPF",
                           "Authentication-Results",
                           "DKIM-Signature",
                           "ARC-Seal",
                           "ARC-Authentication-Results",
                           "Resent-From",
                           "Subject",
                           "List-Id",
                           "X Campaign",
                           "X-Campaign:",
                           "X\u00e4",
                           ""}) {
    ASSERT_FALSE(named(name).empty()) << name;
    EXPECT_EQ(named(name)[0].where, "plan[0](p).start[0].header.name") << name;
  }
  EXPECT_EQ(named(std::string(65, 'x'))[0].where, "plan[0](p).start[0].header.name");
  EXPECT_EQ(problems("{ name = \"X\" }")[0].where, "plan[0](p).start[0].header.equals");
  EXPECT_EQ(problems("{ name = \"X\", equals = \"" + std::string(201, 'x') + "\" }")[0].where,
            "plan[0](p).start[0].header.equals");
  EXPECT_EQ(problems("{ name = \"X\", is = \"1\" }")[0].where, "plan[0](p).start[0].header.is");
  EXPECT_EQ(problems("\"X-Campaign\"")[0].where, "plan[0](p).start[0].header");
}

TEST(PlanFile, RefusesAKeyThatIsTwiceInAJsonObject) {
  const PlanFile file = parse_plans_json(
      R"({"schema":1,"plan":[{},{"id":"p","audience":{"any":[{"area":"a"},{"area":"b","ar\u0065a":"c"}]}}]})");
  ASSERT_EQ(file.problems.size(), 1u);
  EXPECT_EQ(file.problems[0].where, "plan[1].audience.any[1].area");
}

TEST(PlanFile, StillReadsStoredPlansThatAFileMayNoLongerHold) {
  EXPECT_EQ(parse_plan_json(R"({"id":"p","audience":{},"end":[]})").plans.size(), 1u);
  EXPECT_EQ(
      parse_plan_json(R"({"id":"p","audience":{},"end":[{"on":"set-time","at":"1969-12-31T23:59:59.000Z"}]})")
          .plans.size(),
      1u);
}

TEST(PlanFile, ListsEveryProblemNotOnlyTheFirst) {
  EXPECT_EQ(
      parse_plans_toml("schema = 1\n[[plan]]\nid = \"p\"\naudience = { max = 0 }\n[[plan.end]]\non = \"x\"\n")
          .problems.size(),
      2u);
}

TEST(Rfc3339, ReadsAndWritesTimesWithOffsets) {
  EXPECT_EQ(topics::parse_rfc3339("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(topics::parse_rfc3339("2026-01-01T01:00:00.2509+01:00"), 1'767'225'600'250);
  EXPECT_EQ(topics::format_rfc3339(1'767'225'600'250), "2026-01-01T00:00:00.250Z");
  for (const char* bad : {"", "2026-01-01", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z",
                          "2026-01-01T00:00:00", "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00.Z"})
    EXPECT_FALSE(topics::parse_rfc3339(bad)) << bad;
}

}  // namespace
}  // namespace convoke::ingress
