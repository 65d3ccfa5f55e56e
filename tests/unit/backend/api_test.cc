#include "backend/app/api.h"

#include <gtest/gtest.h>

#include "backend/app/reports_answer.h"
#include "tests/support/core_world.h"

namespace convoke::app {
namespace {

using test::CoreWorld;
using topics::Role;

/// The staff interface over the core, without sockets.
class Api : public testing::Test {
 protected:
  ApiResponse call(const std::string& method, const std::string& path, const std::string& body = "",
                   Role role = Role::operator_, const std::string& type = "application/json") {
    const topics::Principal who{topics::SiteId::parse("demo"), role, "eve", topics::DeviceId::parse("desk")};
    std::string bare = path;
    std::map<std::string, std::string> query;
    if (auto mark = path.find('?'); mark != std::string::npos) {
      bare = path.substr(0, mark);
      const auto equals = path.find('=', mark);
      query[path.substr(mark + 1, equals - mark - 1)] = path.substr(equals + 1);
    }
    auto parsed = parse_api({who, method, bare, type, body, query, {}, vault});
    if (auto* refused = std::get_if<ApiResponse>(&parsed)) return *refused;
    ApiResponse response;
    w.step([&](core::Engine& e, core::Context& ctx) {
      response = execute(e, who, std::get<Command>(std::move(parsed)), "{}", ctx);
    });
    return response;
  }
  const gateways::IdentityVault* vault = nullptr;

  std::string start() {
    call(
        "PUT", "/v1/plans",
        R"({"schema":1,"plan":[{"id":"p","audience":{"presence":"any","any":[{"users":["anna","ben"]}]},"end":[{"on":"duration","after":"1h"}]}]})");
    w.available("anna");
    w.available("ben");
    const auto r = call("POST", "/v1/groups", R"({"plan":"p","key":"k1"})");
    EXPECT_EQ(r.status, 201) << r.body;
    return w.group().id.str();
  }
  CoreWorld w;
};

bool has(const ApiResponse& r, const std::string& text) { return r.body.find(text) != std::string::npos; }

TEST_F(Api, ImportsListsAndRemovesAreas) {
  const char* area =
      R"({"type":"Feature","id":"bar","properties":{"name":"Bar","radius_m":20},"geometry":{"type":"Point","coordinates":[10,50]}})";
  EXPECT_EQ(call("PUT", "/v1/areas", area).status, 200);
  w.at("anna", 50, 10);
  const auto list = call("GET", "/v1/areas", "", Role::viewer);
  EXPECT_TRUE(has(list, "\"occupancy\":1")) << list.body;
  EXPECT_EQ(call("DELETE", "/v1/areas/bar").status, 200);
  EXPECT_EQ(call("DELETE", "/v1/areas/bar").status, 404);
}

TEST_F(Api, RefusesABadAreaNamingThePlaceAndChangesNothing) {
  const auto r = call("PUT", "/v1/areas", R"({"type":"FeatureCollection","features":[
    {"type":"Feature","id":"ok","properties":{"radius_m":20},"geometry":{"type":"Point","coordinates":[10,50]}},
    {"type":"Feature","id":"bad","properties":{},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}}]})");
  EXPECT_EQ(r.status, 400);
  EXPECT_TRUE(has(r, "bad")) << r.body;
  EXPECT_EQ(w.engine.tracker().index().size(), 0u);
}

TEST_F(Api, StaffButtonLifeOfAGroup) {
  const std::string id = start();
  EXPECT_EQ(call("POST", "/v1/groups", R"({"plan":"p","key":"k1"})").status, 200);
  const auto shown = call("GET", "/v1/groups/" + id, "", Role::staff);
  EXPECT_TRUE(has(shown, "\"why\":\"listed\"")) << shown.body;
  EXPECT_TRUE(has(shown, "\"reasons\":[\"operator eve\"]")) << shown.body;
  EXPECT_EQ(call("POST", "/v1/groups/" + id + "/members", R"({"user":"cleo"})", Role::staff).status, 200);
  EXPECT_TRUE(has(call("POST", "/v1/groups/" + id + "/members", R"({"user":"ben@nowhere"})", Role::staff),
                  "no-peer"));
  EXPECT_EQ(call("DELETE", "/v1/groups/" + id + "/members/ben", "", Role::staff).status, 200);
  EXPECT_EQ(call("DELETE", "/v1/groups/" + id + "/members/ben", "", Role::staff).status, 404);
  EXPECT_EQ(call("POST", "/v1/groups/" + id + "/extend", R"({"by_ms":60000})", Role::staff).status, 200);
  EXPECT_EQ(w.group().ends_ms, CoreWorld::kStart + 3'660'000);
  EXPECT_TRUE(has(call("GET", "/v1/groups?state=open"), id));
  EXPECT_EQ(call("POST", "/v1/groups/" + id + "/end", "", Role::staff).status, 200);
  EXPECT_EQ(call("POST", "/v1/groups/" + id + "/end", "", Role::staff).status, 200)
      << "ending twice is no error";
  EXPECT_EQ(call("POST", "/v1/groups/" + id + "/members", R"({"user":"dora"})").status, 409);
  EXPECT_FALSE(has(call("GET", "/v1/groups?state=open"), id));
}

TEST_F(Api, AScheduledGroupIsShownAndCanBeCalledOff) {
  call(
      "PUT", "/v1/plans",
      R"({"schema":1,"plan":[{"id":"p","audience":{"presence":"any","any":[{"users":["anna"]}]},"start_timing":{"delay":"5m"},"end":[{"on":"duration","after":"1h"}]}]})");
  const auto started = call("POST", "/v1/groups", R"({"plan":"p"})");
  EXPECT_EQ(started.status, 201);
  EXPECT_TRUE(has(started, "\"state\":\"scheduled\",\"opens_ms\":1767225900000")) << started.body;
  const std::string id = w.engine.state().groups.begin()->first.str();
  EXPECT_TRUE(has(call("GET", "/v1/groups/" + id), "\"opens_ms\":1767225900000"));
  EXPECT_EQ(call("POST", "/v1/groups/" + id + "/extend", R"({"by_ms":60000})").status, 409);
  EXPECT_EQ(call("POST", "/v1/groups/" + id + "/end").status, 200);
  w.pass(3'600'000);
  EXPECT_TRUE(w.events<core::StartEvent>().empty());
}

TEST_F(Api, AnEventFromOutsideStartsThePlansThatWaitForIt) {
  call(
      "PUT", "/v1/plans",
      R"({"schema":1,"plan":[{"id":"p","audience":{"presence":"any","any":[{"users":["anna"]}]},"start":[{"on":"event","type":"doors.open"}],"end":[{"on":"duration","after":"1h"}]}]})");
  const std::string event =
      R"({"specversion":"1.0","id":"7","source":"/gate/west","type":"doors.open","data":{"by":"ana"}})";
  const auto first = call("POST", "/v1/events", event, Role::staff);
  EXPECT_EQ(first.status, 200);
  EXPECT_TRUE(has(first, R"({"plans":[{"plan":"p","result":"started","group":")")) << first.body;
  EXPECT_TRUE(has(call("POST", "/v1/events", event), "\"result\":\"known\""));
  EXPECT_EQ(w.live_groups(), 1u);
  EXPECT_TRUE(has(call("POST", "/v1/events", R"({"specversion":"0.3","id":"7","source":"x","type":"t"})"),
                  "specversion: expected"));
  EXPECT_EQ(call("POST", "/v1/events", R"({"specversion":"1.0","id":"","source":"x","type":"t"})").status,
            400);
}

TEST_F(Api, AnnouncesInALiveGroup) {
  const std::string path = "/v1/groups/" + start() + "/announcements";
  const auto said = call("POST", path, R"({"text":"The bar closes at ten"})", Role::staff);
  EXPECT_EQ(said.status, 201);
  EXPECT_EQ(said.body, R"({"message":"cv-1"})");
  ASSERT_EQ(w.group().unarchived.size(), 1u);
  EXPECT_EQ(w.group().unarchived[0].from, "eve");
  EXPECT_EQ(call("POST", path, R"({"text":""})").status, 400);
  EXPECT_EQ(call("POST", path, R"({"text":"x"})", Role::viewer).status, 403);
  EXPECT_EQ(call("POST", "/v1/groups/" + std::string(32, 'f') + "/announcements", R"({"text":"x"})").status,
            404);
}

TEST_F(Api, DeletesAMembersMessage) {
  const std::string path = "/v1/groups/" + start() + "/messages/anna/";
  w.step([&](core::Engine& e, core::Context& ctx) {
    e.chat(w.group().id, topics::UserId::parse("anna"), {"m1", "text", "rude", {}}, {"demo", 1, 1, w.now},
           ctx);
  });
  EXPECT_EQ(call("DELETE", path + "m1", "", Role::staff).body, R"({"message":"cv-1"})");
  EXPECT_EQ(call("DELETE", path + "m2", "", Role::staff).status, 404);
  EXPECT_EQ(call("DELETE", path + "m+1", "", Role::staff).status, 404);
  EXPECT_EQ(call("DELETE", path + "m1", "", Role::viewer).status, 403);
}

TEST_F(Api, KeepsOrder) {
  const std::string path = "/v1/groups/" + start();
  EXPECT_EQ(call("PUT", path + "/members/ben/standing", R"({"standing":"muted"})", Role::staff).status, 200);
  EXPECT_EQ(call("PUT", path + "/members/zoe/standing", R"({"standing":"muted"})").status, 404);
  EXPECT_TRUE(has(call("PUT", path + "/members/ben/standing", R"({"standing":"loud"})"),
                  "standing: expected one of member, muted, staff"));
  EXPECT_EQ(call("PUT", path + "/rules", R"({"slow_ms":10000,"per_minute":20})").status, 200);
  EXPECT_EQ(call("PUT", path + "/rules", R"({"slow_ms":86400001})").status, 400);
  EXPECT_EQ(call("PUT", path + "/rules", R"({"per_minute":10001})").status, 400);
  EXPECT_EQ(call("POST", path + "/bans", R"({"user":"zoe"})").status, 200);
  const auto shown = call("GET", path);
  EXPECT_TRUE(has(shown, R"("standing":"muted")")) << shown.body;
  EXPECT_TRUE(has(shown, R"("announcement_only":false,"slow_ms":10000,"per_minute":20,"banned":["zoe"])"))
      << shown.body;
  EXPECT_TRUE(has(call("POST", path + "/members", R"({"user":"zoe"})"), "\"banned\""));
  EXPECT_EQ(call("DELETE", path + "/bans/zoe").status, 200);
  EXPECT_EQ(call("DELETE", path + "/bans/zoe").status, 404);
  EXPECT_EQ(call("POST", path + "/members", R"({"user":"zoe"})").status, 200);
  EXPECT_EQ(call("POST", path + "/bans", R"({"user":"ben"})", Role::viewer).status, 403);
}

TEST_F(Api, ListsReports) {
  EXPECT_EQ(call("GET", "/v1/groups/" + start() + "/reports?after=" + std::string(163, 'x')).status, 400);
  std::vector<std::pair<std::string, store::Report>> found;
  const store::Report report{"anna", "insult", 7, {"ben", {"m1", "text", "rude", {}}, {"demo", 1, 2, 3}}};
  for (std::size_t i = 0; i <= kMaxReports; ++i) found.emplace_back("k" + std::to_string(i), report);
  const auto answer = reports_answer(found);
  EXPECT_TRUE(
      has(answer, R"({"key":"k99","t":7,"reporter":"anna","reason":"insult","message":{"from":"ben")"));
  EXPECT_TRUE(has(answer, "\"more\":true"));
  EXPECT_FALSE(has(answer, "k100"));
  EXPECT_EQ(reports_answer(std::nullopt).status, 503);
}

TEST_F(Api, StaffRegisterUsersAndSeeWhyTheyAreInOrNot) {
  call(
      "PUT", "/v1/plans",
      R"({"schema":1,"plan":[{"id":"p","audience":{"all":[{"registered":true}]},"end":[{"on":"duration","after":"1h"}]}]})");
  EXPECT_EQ(call("PUT", "/v1/plans/q/registrations/anna", "", Role::staff).status, 404);
  const auto put = call("PUT", "/v1/plans/p/registrations/anna", "", Role::staff);
  EXPECT_TRUE(has(put, R"("by":[{"source":"staff","proof":"staff eve")")) << put.body;
  EXPECT_EQ(call("PUT", "/v1/plans/p/registrations/ben", "", Role::viewer).status, 403);
  EXPECT_TRUE(has(call("GET", "/v1/plans/p/registrations"), R"("total":1,"more":false)"));
  EXPECT_TRUE(has(call("GET", "/v1/plans/p/registrations?after=anna"), R"("registrations":[])"));
  const auto why = call("GET", "/v1/plans/p/why/anna", "", Role::staff);
  EXPECT_TRUE(has(why, R"("qualifies":false)")) << why.body;
  EXPECT_TRUE(has(why, R"({"part":"all","condition":"registered","holds":true})")) << why.body;
  EXPECT_TRUE(has(why, R"({"part":"presence","condition":"available","holds":false})")) << why.body;
  w.available("anna");
  EXPECT_EQ(call("POST", "/v1/groups", R"({"plan":"p"})").status, 201);
  EXPECT_TRUE(
      has(call("GET", "/v1/plans/p/why/anna"), R"("standing":"member","member_because":"registered")"));
  EXPECT_TRUE(has(call("GET", "/v1/plans/p/why/nobody"), R"("known":false)"));
  EXPECT_EQ(call("DELETE", "/v1/plans/p/registrations/anna", "", Role::staff).status, 200);
  EXPECT_EQ(call("DELETE", "/v1/plans/p/registrations/anna", "", Role::staff).status, 404);
}

TEST_F(Api, OnlyOperatorsSeePositions) {
  w.at("anna", 50, 10);
  EXPECT_TRUE(has(call("GET", "/v1/users/anna"), "\"position\""));
  EXPECT_FALSE(has(call("GET", "/v1/users/anna", "", Role::staff), "\"position\""));
}

TEST_F(Api, ReplacesAProfile) {
  EXPECT_EQ(call("PUT", "/v1/users/anna", R"({"name":"Anna","attributes":{"ticket":"vip"}})").status, 200);
  EXPECT_TRUE(has(call("GET", "/v1/users/anna"), "\"ticket\":\"vip\""));
  EXPECT_EQ(call("PUT", "/v1/users/anna", R"({"name":7})").status, 400);
  EXPECT_TRUE(has(call("GET", "/v1/users/anna"), "\"name\":\"Anna\""));
}

struct Refused {
  const char* method;
  const char* path;
  const char* body;
  Role role;
  int status;
};
class ApiRefuses : public Api, public testing::WithParamInterface<Refused> {};

TEST_P(ApiRefuses, WithAReason) {
  start();
  const Refused& p = GetParam();
  const auto r = call(p.method, p.path, p.body, p.role);
  EXPECT_EQ(r.status, p.status) << r.body;
  EXPECT_TRUE(has(r, "\"detail\":\"")) << r.body;
}

constexpr const char* kNobody = "/v1/groups/ffffffffffffffffffffffffffffffff";
INSTANTIATE_TEST_SUITE_P(Table, ApiRefuses,
                         testing::Values(Refused{"GET", "/", "", Role::operator_, 404},
                                         Refused{"GET", "/v1/nothing", "", Role::operator_, 404},
                                         Refused{"GET", "/v1/areas", "", Role::terminal, 403},
                                         Refused{"GET", "/v1/areas", "", Role::peer, 403},
                                         Refused{"GET", "/v1/areas", "", Role::server, 403},
                                         Refused{"GET", "/v1/plans", "", Role::viewer, 403},
                                         Refused{"PUT", "/v1/plans", R"({"schema":1,"plan":[]})", Role::staff,
                                                 403},
                                         Refused{"DELETE", "/v1/plans/p", "", Role::staff, 403},
                                         Refused{"PUT", "/v1/users/anna", "{}", Role::staff, 403},
                                         Refused{"PUT", "/v1/plans", "{", Role::operator_, 400},
                                         Refused{"DELETE", "/v1/plans/q", "", Role::operator_, 404},
                                         Refused{"POST", "/v1/groups", "{}", Role::staff, 400},
                                         Refused{"POST", "/v1/groups", R"({"plan":"q"})", Role::staff, 404},
                                         Refused{"GET", "/v1/groups/xyz", "", Role::staff, 404},
                                         Refused{"GET", kNobody, "", Role::staff, 404},
                                         Refused{"GET", "/v1/users/nobody", "", Role::staff, 404},
                                         Refused{"GET", "/v1/users/a@b@c", "", Role::staff, 404}));

TEST_F(Api, RefusesAnEmptyAudience) {
  call(
      "PUT", "/v1/plans",
      R"({"schema":1,"plan":[{"id":"p","audience":{"any":[{"area":"void"}]},"end":[{"on":"duration","after":"1h"}]}]})");
  const auto r = call("POST", "/v1/groups", R"({"plan":"p"})");
  EXPECT_EQ(r.status, 409);
  EXPECT_TRUE(has(r, "no-members"));
}

TEST_F(Api, RefusesAnExtensionIntoThePast) {
  const std::string id = start();
  EXPECT_EQ(call("POST", "/v1/groups/" + id + "/extend", R"({"ends_ms":1})").status, 400);
  EXPECT_EQ(call("POST", "/v1/groups/" + id + "/extend", R"({})").status, 400);
  EXPECT_EQ(call("POST", "/v1/groups/" + id + "/extend", R"({"ends_ms":1,"by_ms":1})").status, 400);
}

TEST_F(Api, NamesTheStatesThatGroupsCanBeNarrowedTo) {
  start();
  EXPECT_TRUE(has(call("GET", "/v1/groups?state=open"), w.group().id.str()));
  EXPECT_FALSE(has(call("GET", "/v1/groups?state=retired"), w.group().id.str()));
  const auto refused = call("GET", "/v1/groups?state=opne");
  EXPECT_EQ(refused.status, 400);
  EXPECT_TRUE(has(refused, "state: expected one of scheduled, gathering, open, ending, retired"));
  EXPECT_EQ(call("GET", "/v1/groups?plan=no/plan").status, 400);
}

TEST_F(Api, ShowsBlocksAndTakesThemBack) {
  const std::string id = start();
  w.request("cleo", messages::BlockRequest{"anna", false});
  EXPECT_TRUE(has(call("GET", "/v1/users/cleo/blocks", "", Role::staff), "\"blocked\":[\"anna\"]"));
  EXPECT_TRUE(has(call("GET", "/v1/users/anna/blocks", "", Role::staff), "\"blocked_by\":[\"cleo\"]"));
  const auto refused = call("POST", "/v1/groups/" + id + "/members", R"({"user":"cleo"})", Role::staff);
  EXPECT_EQ(refused.status, 409);
  EXPECT_TRUE(has(refused, "kept-apart")) << refused.body;
  EXPECT_TRUE(has(refused, "cleo and anna")) << refused.body;
  const auto why = call("GET", "/v1/plans/p/why/cleo", "", Role::staff);
  EXPECT_TRUE(has(why, "\"standing\":\"kept-apart\"")) << why.body;
  EXPECT_TRUE(has(why, "\"apart_from\":\"anna\"")) << why.body;
  EXPECT_EQ(call("DELETE", "/v1/users/cleo/blocks/anna", "", Role::staff).status, 403);
  EXPECT_EQ(call("DELETE", "/v1/users/cleo/blocks/anna").status, 200);
  EXPECT_EQ(call("DELETE", "/v1/users/cleo/blocks/anna").status, 404);
  EXPECT_EQ(call("POST", "/v1/groups/" + id + "/members", R"({"user":"cleo"})", Role::staff).status, 200);
}

TEST_F(Api, OperatorsSayByWhatAUserIsKnown) {
  EXPECT_EQ(call("PUT", "/v1/users/anna/identities", R"({"kind":"phone","value":"+4930123456"})").status,
            409);
  const gateways::IdentityVault own(std::string(32, 'k'));
  vault = &own;
  const auto put = call("PUT", "/v1/users/anna/identities", R"({"kind":"phone","value":"+49 30 123456"})");
  EXPECT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(call("PUT", "/v1/users/anna/identities", "{}", Role::staff).status, 403);
  EXPECT_EQ(call("GET", "/v1/users/anna/identities", "", Role::staff).status, 403);
  const auto bad = call("PUT", "/v1/users/anna/identities", R"({"kind":"phone","value":"030123456"})");
  EXPECT_EQ(bad.status, 400);
  EXPECT_TRUE(has(bad, "value: expected"));
  EXPECT_TRUE(
      has(call("PUT", "/v1/users/ben/identities", R"({"kind":"phone","value":"+4930123456","proven":false})"),
          "taken"));
  EXPECT_TRUE(has(call("PUT", "/v1/users/ben/identities", R"({"kind":"personal"})"),
                  "\"tag\":\"" + own.personal_tag(topics::UserId::parse("ben"))));
  const auto list = call("GET", "/v1/users/anna/identities");
  EXPECT_TRUE(has(list, R"("value":"+4930123456","proven":true,"source":"operator eve")")) << list.body;
  const std::string id = own.phone("+4930123456")->key;
  EXPECT_EQ(call("DELETE", "/v1/users/ben/identities/" + id).status, 404);
  EXPECT_EQ(call("DELETE", "/v1/users/anna/identities/" + id).status, 200);
  EXPECT_TRUE(has(call("GET", "/v1/users/anna/identities"), R"("identities":[])"));
}

TEST_F(Api, R5_WithoutIdentitiesACallIsNotSaidToBeTaken) {
  const std::string event =
      R"({"specversion":"1.0","id":"1","source":"sip","type":"convoke.call","data":{"number":"+4930123456"}})";
  const auto refused = call("POST", "/v1/events", event, Role::staff);
  EXPECT_EQ(refused.status, 400);
  EXPECT_TRUE(has(refused, "[identities] key_file")) << refused.body;
  const gateways::IdentityVault own(std::string(32, 'k'));
  vault = &own;
  EXPECT_EQ(call("POST", "/v1/events", event, Role::staff).status, 200);
}

TEST_F(Api, R5_APlansNumberIsTheFormThatCallsAreMatchedBy) {
  const auto put = [&](const std::string& number) {
    return call("PUT", "/v1/plans",
                R"({"schema":1,"plan":[{"id":"p","audience":{"all":[{"registered":"call"}]},"registration":)"
                R"({"call":[{"number":")" +
                    number + R"("}]},"end":[{"on":"duration","after":"1h"}]}]})");
  };
  EXPECT_EQ(put("+4930123456").status, 200);
  EXPECT_TRUE(has(put("+5215512345678"), "plan(p).registration.call: number: expected +525512345678"));
  EXPECT_TRUE(has(put("+999123456789"), "expected a telephone number as +4930123456"));
}

TEST_F(Api, ListsMembersPageByPageAndWhoIsMissing) {
  std::string users;
  for (int i = 0; i < 1500; ++i) users += (i ? ",\"u" : "\"u") + std::to_string(10'000 + i) + "\"";
  call("PUT", "/v1/plans",
       R"({"schema":1,"plan":[{"id":"p","audience":{"presence":"any","any":[{"users":[)" + users +
           R"(]}]},"end":[{"on":"duration","after":"1h"}]}]})");
  ASSERT_EQ(call("POST", "/v1/groups", R"({"plan":"p"})").status, 201);
  const std::string id = w.group().id.str();
  const auto first = call("GET", "/v1/groups/" + id);
  EXPECT_TRUE(has(first, "\"u10999\"") && !has(first, "\"u11000\"") && has(first, "\"more\":true"));
  const auto rest = call("GET", "/v1/groups/" + id + "/members?after=u10999", "", Role::staff);
  EXPECT_TRUE(has(rest, "\"u11000\"") && has(rest, "\"u11499\"") && has(rest, "\"more\":false"));
  for (int i = 0; i < 1499; ++i) w.hold("u" + std::to_string(10'000 + i), w.group().id, 1);
  const auto missing = call("GET", "/v1/groups/" + id + "/members?missing=true");
  EXPECT_TRUE(has(missing, R"("total":1500,"holding":1499,"members":[{"user":"u11499")")) << missing.body;
  EXPECT_EQ(call("GET", "/v1/groups/" + id + "/members?missing=perhaps").status, 400);
  EXPECT_EQ(call("GET", "/v1/groups/" + id + "/members?after=a%20b").status, 400);
}

}  // namespace
}  // namespace convoke::app
