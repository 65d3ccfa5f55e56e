#include <boost/json.hpp>

#include "ops/cli/failure.h"
#include "tests/unit/cli/cli_fixture.h"
#include "tests/unit/cli/fake_server.h"

namespace convoke::cli {
namespace {

constexpr const char* kGroup = "0123456789abcdef0123456789abcdef";

class ServerCommandsTest : public CliTest {
 protected:
  Outcome call(std::vector<std::string> arguments) const {
    return CliTest::call(server_.url(), std::move(arguments));
  }
  FakeServer::Seen only_request() {
    const auto seen = server_.seen();
    EXPECT_EQ(seen.size(), 1u);
    return seen.empty() ? FakeServer::Seen{} : seen.front();
  }
  FakeServer server_;
};

TEST_F(ServerCommandsTest, AreaListIsATableWithOccupancy) {
  server_.will_answer(200, R"({"type":"FeatureCollection","features":[
    {"id":"hall","geometry":{"type":"Polygon"},"properties":{"name":"Hall","occupancy":12}},
    {"id":"bar","geometry":{"type":"Point"},"properties":{"name":"Bar","radius_m":35,"occupancy":0}}]})");
  const auto outcome = call({"area", "list"});
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_EQ(outcome.out,
            "area  name  shape        inside\n"
            "hall  Hall  Polygon      12\n"
            "bar   Bar   Circle 35 m  0\n");
  EXPECT_EQ(only_request().authorization, "Bearer some.signed.token");
}

TEST_F(ServerCommandsTest, JsonPrintsTheAnswerAsItIs) {
  server_.will_answer(200, R"({"groups":[]})");
  EXPECT_EQ(call({"group", "list", "--json"}).out, "{\"groups\":[]}\n");
}

TEST_F(ServerCommandsTest, AreaImportSendsTheFile) {
  server_.will_answer(200, R"({"imported":3,"repaired":["feature 1 (hall), ring 0: turned"]})");
  const auto outcome = call({"area", "import", write("venue.geojson", R"({"type":"FeatureCollection"})")});
  EXPECT_EQ(outcome.out, "3 areas imported\nrepaired: feature 1 (hall), ring 0: turned\n") << outcome.err;
  const auto request = only_request();
  EXPECT_EQ(request.method + " " + request.path, "PUT /v1/areas");
  EXPECT_EQ(request.body, R"({"type":"FeatureCollection"})");
}

TEST_F(ServerCommandsTest, PlanApplyTellsTomlFromJsonByName) {
  server_.will_answer(200, R"({"applied":["hall"]})");
  server_.will_answer(200, R"({"applied":["hall"]})");
  EXPECT_EQ(call({"plan", "apply", write("p.toml", "schema = 1")}).out, "applied: hall\n");
  EXPECT_EQ(call({"plan", "apply", write("p.json", "{}")}).code, kOk);
  const auto seen = server_.seen();
  EXPECT_EQ(seen.at(0).content_type, "application/toml");
  EXPECT_EQ(seen.at(1).content_type, "application/json");
}

TEST_F(ServerCommandsTest, PlanListNamesTriggers) {
  server_.will_answer(200, R"({"plans":[{"id":"hall","name":"Hall","state":"idle",
    "start":[{"on":"occupancy","area":"hall","reaches":10}],"end":[{"on":"duration","after":"45m"}]}]})");
  EXPECT_EQ(call({"plan", "list"}).out,
            "plan  name  state  starts on                  ends on             next start\n"
            "hall  Hall  idle   occupancy hall reaches 10  duration after 45m  \n");
}

TEST_F(ServerCommandsTest, R34_PlanListSaysWhatOtherSitesHaveNotTold) {
  server_.will_answer(200, R"({"plans":[{"id":"hall","start":[],"end":[],"elsewhere":[
    {"is":"enter","area":"floor","site":"arena","unknown":"not-allowed"},
    {"is":"available","user":"ben@club","site":"club","unknown":"no-answer"},
    {"is":"at-least","area":"bar","people":2,"site":"club","holds":false}]}]})");
  const std::string out = call({"plan", "list"}).out;
  EXPECT_NE(out.find("\nhall waits for floor@arena: not-allowed\nhall waits for ben@club: no-answer\n"),
            std::string::npos)
      << out;
  EXPECT_EQ(out.find("bar@club"), std::string::npos) << out;
}

TEST_F(ServerCommandsTest, GroupStartCarriesPlanAndKey) {
  server_.will_answer(201, R"({"group":"0123456789abcdef0123456789abcdef","members":42})");
  const auto outcome = call({"group", "start", "hall", "--key", "evening"});
  EXPECT_EQ(outcome.out, "group 0123456789abcdef0123456789abcdef with 42 members\n") << outcome.err;
  EXPECT_EQ(boost::json::parse(only_request().body),
            boost::json::parse(R"({"plan":"hall","key":"evening"})"));
}

TEST_F(ServerCommandsTest, GroupStartSaysThatTheChatRunsAlready) {
  server_.will_answer(200, R"({"group":"0123456789abcdef0123456789abcdef","members":42,"started":false})");
  EXPECT_EQ(call({"group", "start", "hall"}).out,
            "already running: group 0123456789abcdef0123456789abcdef with 42 members\n");
}

TEST_F(ServerCommandsTest, GroupStartWithoutAnybodySaysWhereToLook) {
  server_.will_answer(409, R"({"error":{"code":"no-members","detail":"nobody qualifies"}})");
  const auto outcome = call({"group", "start", "hall"});
  EXPECT_EQ(outcome.code, kFailed);
  EXPECT_NE(outcome.err.find("convokectl area list, convokectl plan list"), std::string::npos) << outcome.err;
}

TEST_F(ServerCommandsTest, ServerThatIsNotReadySaysWhatIsAmiss) {
  server_.will_answer(503, R"({"error":{"code":"unavailable","detail":"not ready"}})");
  server_.will_answer(503, R"({"status":"degraded","problems":["broker: not connected"]})");
  const auto outcome = call({"group", "list"});
  EXPECT_EQ(outcome.code, kFailed);
  EXPECT_NE(outcome.err.find("broker: not connected"), std::string::npos) << outcome.err;
}

TEST_F(ServerCommandsTest, GroupListHasLiveChatsFirstAndTheNewestFirst) {
  server_.will_answer(200, R"({"groups":[
    {"group":"a","plan":"p","state":"retired","members":0,"started_ms":1780342205000,"ends_ms":null},
    {"group":"b","plan":"p","state":"open","members":2,"started_ms":1780342200000,"ends_ms":null},
    {"group":"c","plan":"p","state":"open","members":3,"started_ms":1780342201000,"ends_ms":null}]})");
  const std::string out = call({"group", "list"}).out;
  EXPECT_LT(out.find("\nc "), out.find("\nb ")) << out;
  EXPECT_LT(out.find("\nb "), out.find("\na ")) << out;
}

TEST_F(ServerCommandsTest, GroupEndFindsTheChatOfAPlan) {
  server_.will_answer(200, R"({"groups":[{"group":"0123456789abcdef0123456789abcdef","state":"open"}]})");
  server_.will_answer(200, "");
  server_.will_answer(200, R"({"groups":[]})");
  const auto outcome = call({"group", "end", "--plan", "hall"});
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_EQ(server_.seen().at(0).path, "/v1/groups?plan=hall&state=open");
  EXPECT_EQ(server_.seen().at(1).path, std::string("/v1/groups/") + kGroup + "/end");
  const auto none = call({"group", "end", "--plan", "hall"});
  EXPECT_EQ(none.code, kFailed);
  EXPECT_NE(none.err.find("no chat of plan hall is running"), std::string::npos) << none.err;
  EXPECT_EQ(call({"group", "end"}).code, kUsage);
  EXPECT_EQ(call({"group", "end", kGroup, "--plan", "hall"}).code, kUsage);
}

TEST_F(ServerCommandsTest, GroupListNarrows) {
  server_.will_answer(200, R"({"groups":[]})");
  const auto outcome = call({"group", "list", "--plan", "hall", "--state", "open"});
  EXPECT_EQ(only_request().path, "/v1/groups?plan=hall&state=open");
  EXPECT_EQ(outcome.out, "no groups; start one with: convokectl group start PLAN\n");
}

TEST_F(ServerCommandsTest, GroupShowHasHeadAndMembers) {
  server_.will_answer(
      200,
      R"({"group":"0123456789abcdef0123456789abcdef","state":"open","started_ms":1780342200000,"members":1,
    "reasons":["staff","staff"],"member_list":[{"user":"anna","name":"Anna","presence":"available","why":"area hall","held_version":7}]})");
  EXPECT_EQ(call({"group", "show", kGroup}).out,
            "field       value\n"
            "group       0123456789abcdef0123456789abcdef\n"
            "state       open\n"
            "started_ms  2026-06-01T19:30:00Z\n"
            "members     1\n"
            "reasons     staff, staff\n"
            "\n"
            "member  name  presence   holds version  why\n"
            "anna    Anna  available  7              area hall\n");
}

TEST_F(ServerCommandsTest, GroupChangesGoToTheRightPlace) {
  for (int i = 0; i < 6; ++i) server_.will_answer(200, "");
  EXPECT_EQ(call({"group", "end", kGroup}).code, kOk);
  EXPECT_EQ(call({"group", "extend", kGroup, "--by", "10m"}).code, kOk);
  EXPECT_EQ(call({"group", "add", kGroup, "zoe@north"}).code, kOk);
  EXPECT_EQ(call({"group", "remove", kGroup, "ben"}).code, kOk);
  EXPECT_EQ(call({"group", "announce", kGroup, "The bar \"Pit\" closes"}).code, kOk);
  EXPECT_EQ(call({"group", "delete-message", kGroup, "ben", "3f2a-1"}).code, kOk);
  const auto seen = server_.seen();
  ASSERT_EQ(seen.size(), 6u);
  const std::string base = std::string("/v1/groups/") + kGroup;
  EXPECT_EQ(seen[0].method + seen[0].path, "POST" + base + "/end");
  EXPECT_EQ(seen[1].method + seen[1].path + seen[1].body, "POST" + base + R"(/extend{"by_ms":600000})");
  EXPECT_EQ(seen[2].method + seen[2].path + seen[2].body, "POST" + base + R"(/members{"user":"zoe@north"})");
  EXPECT_EQ(seen[3].method + seen[3].path, "DELETE" + base + "/members/ben");
  EXPECT_EQ(seen[4].method + seen[4].path + seen[4].body,
            "POST" + base + R"(/announcements{"text":"The bar \"Pit\" closes"})");
  EXPECT_EQ(seen[5].method + seen[5].path, "DELETE" + base + "/messages/ben/3f2a-1");
}

TEST_F(ServerCommandsTest, GroupReportsShowsTheEvidence) {
  server_.will_answer(200, R"({"reports":[{"key":"k1","t":1780342200000,"reporter":"anna","reason":"insult",
      "message":{"from":"ben","id":"m1","type":"text","text":"rude"}}],"more":true})");
  const std::string out = call({"group", "reports", kGroup, "--after", "k0"}).out;
  EXPECT_EQ(only_request().path, std::string("/v1/groups/") + kGroup + "/reports?after=k0");
  EXPECT_NE(out.find("2026-06-01T19:30:00Z  anna  ben   m1       insult  rude"), std::string::npos) << out;
  EXPECT_NE(out.find("more with: --after k1"), std::string::npos) << out;
}

TEST_F(ServerCommandsTest, GroupModerationGoesToTheRightPlace) {
  for (int i = 0; i < 6; ++i) server_.will_answer(200, "");
  EXPECT_EQ(call({"group", "mute", kGroup, "ben"}).out, "ben is muted\n");
  EXPECT_EQ(call({"group", "unmute", kGroup, "ben"}).code, kOk);
  EXPECT_EQ(call({"group", "staff", kGroup, "eve"}).code, kOk);
  EXPECT_EQ(call({"group", "ban", kGroup, "ben"}).out, "ben is banned\n");
  EXPECT_EQ(call({"group", "unban", kGroup, "ben"}).code, kOk);
  EXPECT_EQ(call({"group", "rules", kGroup, "--announcement-only", "--slow", "10s"}).code, kOk);
  const auto seen = server_.seen();
  ASSERT_EQ(seen.size(), 6u);
  const std::string base = std::string("/v1/groups/") + kGroup;
  const auto all = [&](std::size_t i) { return seen[i].method + seen[i].path + seen[i].body; };
  EXPECT_EQ(all(0), "PUT" + base + R"(/members/ben/standing{"standing":"muted"})");
  EXPECT_EQ(all(1), "PUT" + base + R"(/members/ben/standing{"standing":"member"})");
  EXPECT_EQ(all(2), "PUT" + base + R"(/members/eve/standing{"standing":"staff"})");
  EXPECT_EQ(all(3), "POST" + base + R"(/bans{"user":"ben"})");
  EXPECT_EQ(all(4), "DELETE" + base + "/bans/ben");
  EXPECT_EQ(all(5), "PUT" + base + R"(/rules{"announcement_only":true,"slow_ms":10000})");
}

TEST_F(ServerCommandsTest, UserShowNamesNestedFieldsAndWritesNumbersPlainly) {
  server_.will_answer(
      200,
      R"({"user":"anna","areas":["hall","bar"],"position":{"lat":52.5145,"lon":-0.25},"chat_duration_ms":60000})");
  EXPECT_EQ(call({"user", "show", "anna"}).out,
            "field             value\n"
            "user              anna\n"
            "areas             hall, bar\n"
            "position.lat      52.5145\n"
            "position.lon      -0.25\n"
            "chat_duration_ms  60000\n");
}

TEST_F(ServerCommandsTest, UserSetReplacesNameAndAttributes) {
  server_.will_answer(200, "{}");
  EXPECT_EQ(call({"user", "set", "anna", "--name", "Anna", "--attr", "ticket=vip", "--attr",
                  "crew=", "--chat-duration", "20m"})
                .code,
            kOk);
  EXPECT_EQ(boost::json::parse(only_request().body),
            boost::json::parse(
                R"({"name":"Anna","attributes":{"ticket":"vip","crew":""},"chat_duration_ms":1200000})"));
}

TEST_F(ServerCommandsTest, RefusalShowsTheServersWordsAndEveryProblem) {
  server_.will_answer(
      400,
      R"({"error":{"code":"bad-request","detail":"2 problems","problems":["line 3: expected a","line 4: expected b"]}})");
  const auto outcome = call({"plan", "apply", write("p.toml", "x")});
  EXPECT_EQ(outcome.code, kFailed);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err,
            "convokectl: the server refused (400) bad-request: 2 problems\n  line 3: expected a\n  line 4: "
            "expected b\n");
}

TEST_F(ServerCommandsTest, RefusedTokenSaysWhatToDo) {
  server_.will_answer(401, R"({"error":{"code":"unauthorized","detail":"expired"}})");
  const auto outcome = call({"status"});
  EXPECT_EQ(outcome.code, kFailed);
  EXPECT_NE(outcome.err.find("convokectl token issue"), std::string::npos) << outcome.err;
}

TEST_F(ServerCommandsTest, AnswerThatIsNotJsonIsAFailure) {
  server_.will_answer(200, "<html>");
  EXPECT_EQ(call({"status"}).code, kFailed);
}

TEST_F(ServerCommandsTest, WatchPrintsEventsAndLeavesOutPings) {
  server_.will_answer(200,
                      "{\"type\":\"hello\",\"site\":\"demo\"}\n{\"type\":\"ping\"}\n{\"type\":\"retired\","
                      "\"group\":\"g\"}\n");
  const auto outcome = call({"watch", "--count", "1"});
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_EQ(outcome.out, "{\"type\":\"hello\",\"site\":\"demo\"}\n{\"type\":\"retired\",\"group\":\"g\"}\n");
}

TEST_F(ServerCommandsTest, WatchRefusedIsAFailureNotARetry) {
  server_.will_answer(403, R"({"error":{"code":"role","detail":"expected staff or operator"}})");
  const auto outcome = call({"watch", "--story"});
  EXPECT_EQ(outcome.code, kFailed);
  EXPECT_NE(outcome.err.find("expected staff or operator"), std::string::npos) << outcome.err;
}

TEST_F(CliTest, NoServerThereIsExitCodeThree) {
  std::string url;
  { url = FakeServer().url(); }  // a port where nobody listens any more
  const auto outcome = call(url, {"status"});
  EXPECT_EQ(outcome.code, kUnreachable);
  EXPECT_NE(outcome.err.find("ops/run"), std::string::npos) << outcome.err;
}

TEST_F(CliTest, WrongCommandLinesAreExitCodeTwoAndNameWhatWasExpected) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"dance"},
      {"group"},
      {"group", "show", "abc"},
      {"area", "remove", "a b"},
      {"group", "extend", kGroup, "--by", "10"},
      {"user", "show", "../x"},
      {"token", "issue", "--user", "a", "--role", "king", "--device", "d"}};
  for (const auto& arguments : wrong) {
    const auto outcome = call("http://127.0.0.1:1", arguments);
    EXPECT_EQ(outcome.code, kUsage) << testing::PrintToString(arguments);
    EXPECT_NE(outcome.err, "");
  }
  EXPECT_EQ(call("ftp://x", {"status"}).code, kUsage);
}

TEST_F(CliTest, EveryCommandHasHelpWithAnExample) {
  const std::vector<std::vector<std::string>> commands = {{},
                                                          {"area"},
                                                          {"area", "import"},
                                                          {"area", "list"},
                                                          {"area", "remove"},
                                                          {"area", "watch"},
                                                          {"plan"},
                                                          {"plan", "apply"},
                                                          {"plan", "list"},
                                                          {"plan", "remove"},
                                                          {"plan", "draft"},
                                                          {"group"},
                                                          {"group", "start"},
                                                          {"group", "end"},
                                                          {"group", "list"},
                                                          {"group", "show"},
                                                          {"group", "extend"},
                                                          {"group", "add"},
                                                          {"group", "remove"},
                                                          {"user"},
                                                          {"user", "show"},
                                                          {"user", "set"},
                                                          {"user", "blocks"},
                                                          {"user", "unblock"},
                                                          {"token"},
                                                          {"token", "issue"},
                                                          {"keys"},
                                                          {"keys", "init"},
                                                          {"watch"},
                                                          {"replay"},
                                                          {"status"}};
  for (auto arguments : commands) {
    arguments.push_back("--help");
    const auto outcome = call(arguments);
    EXPECT_EQ(outcome.code, kOk);
    EXPECT_NE(outcome.out.find("Example"), std::string::npos) << testing::PrintToString(arguments);
  }
}

TEST_F(CliTest, WithoutAnyServerSaysHowToNameOne) {
  const auto outcome = call({"status"});
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_NE(outcome.err.find("--server"), std::string::npos) << outcome.err;
}

TEST_F(ServerCommandsTest, IdentitiesAreListedAndPut) {
  server_.will_answer(200, R"({"identities":[
    {"id":"phone/3f","kind":"phone","value":"+4930123456","proven":false,"source":"operator crm","t":1},
    {"id":"mail/4a","kind":"mail","value":null,"proven":true,"source":"operator crm","t":1}]})");
  EXPECT_EQ(call({"user", "identity", "list", "anna"}).out,
            "phone  +4930123456  not proven  by operator crm\n    phone/3f\n"
            "mail  (kept with another key)  by operator crm\n    mail/4a\n");
  server_.will_answer(200, R"({"user":"anna","id":"personal/5b","kind":"personal","tag":"abc234"})");
  EXPECT_EQ(call({"user", "identity", "put", "anna", "--kind", "personal"}).out,
            "what makes a mail address personal: +abc234 before the \"@\"\n");
  const auto seen = server_.seen();
  EXPECT_EQ(seen.at(1).method + " " + seen.at(1).path, "PUT /v1/users/anna/identities");
  EXPECT_EQ(seen.at(1).body, R"({"kind":"personal","proven":true})");
}

TEST_F(ServerCommandsTest, UserEraseSaysWhichSitesItWaitsFor) {
  server_.will_answer(202, R"({"user":"anna","plans_that_name_them":[]})");
  server_.will_answer(200, R"({"running":1,"waits_for":["arena"],"backups":[]})");
  server_.will_answer(200, R"({"running":0,"waits_for":[],"backups":[]})");
  const auto outcome = call({"user", "erase", "anna", "--yes"});
  EXPECT_EQ(outcome.out, "user anna is erased\n");
  EXPECT_NE(outcome.err.find("waits until site arena has taken"), std::string::npos) << outcome.err;
}

TEST_F(ServerCommandsTest, PeerAllowSaysWhatASiteMayAsk) {
  for (const char* may : {"users,areas", "nothing"}) {
    server_.will_answer(200, "{}");
    EXPECT_EQ(call({"peer", "allow", "arena", may}).out, std::string("site arena may ask: ") + may + "\n");
  }
  const auto seen = server_.seen();
  EXPECT_EQ(seen.at(0).method + " " + seen.at(0).path, "PUT /v1/peers/arena/may");
  EXPECT_EQ(seen.at(0).body, R"({"may":["users","areas"]})");
  EXPECT_EQ(seen.at(1).body, R"({"may":[]})");
}

TEST_F(ServerCommandsTest, PeerRemoveWantsToBeSure) {
  EXPECT_EQ(call({"peer", "remove", "arena"}).code, kUsage);
  server_.will_answer(200, "{}");
  EXPECT_EQ(call({"peer", "remove", "arena", "--yes"}).out, "site arena removed\n");
  EXPECT_EQ(only_request().path, "/v1/peers/arena");
}

TEST_F(ServerCommandsTest, GroupShowGoesThroughAllPages) {
  server_.will_answer(200, R"({"group":"g","member_list":[{"user":"anna"}],"more":true})");
  server_.will_answer(200, R"({"members":[{"user":"ben"}],"more":true})");
  server_.will_answer(200, R"({"members":[{"user":"cleo"}],"more":false})");
  const std::string out = call({"group", "show", kGroup}).out;
  for (const char* user : {"anna", "ben", "cleo"}) EXPECT_NE(out.find(user), std::string::npos) << out;
  const auto seen = server_.seen();
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[2].path, std::string("/v1/groups/") + kGroup + "/members?after=ben");
}

TEST_F(ServerCommandsTest, GroupShowMissingSaysHowManyHaveItAndWhoHasNot) {
  server_.will_answer(
      200,
      R"({"total":10000,"holding":9999,"members":[{"user":"anna","presence":"offline","held_version":0}],"more":false})");
  EXPECT_EQ(call({"group", "show", kGroup, "--missing"}).out,
            "9999 of 10000 hold the list\n"
            "member  name  presence  holds version  why\n"
            "anna          offline   0              \n");
  EXPECT_EQ(only_request().path, std::string("/v1/groups/") + kGroup + "/members?missing=true");
}

TEST_F(ServerCommandsTest, GroupWhySaysItInWords) {
  server_.will_answer(
      200, R"({"group":"g","plan":"p","state":"retired","started_ms":1780342200000,"reasons":["staff eve"],
      "ended_ms":1780342260000,"end_reason":"staff","more":false,"users":[
      {"user":"anna","standing":"left","why":"in hall","joined_ms":1780342200000,"left_ms":1780342260000,"ended":"staff"},
      {"user":"ben","standing":"passed-over","t":1780342200000,"ended":"not-met","unmet":[{"part":"all","condition":"has ticket"},{"part":"presence","condition":"available"}]}]})");
  EXPECT_EQ(call({"group", "why", kGroup}).out,
            "group g of plan p, retired\n"
            "started 2026-06-01T19:30:00Z because:\n  staff eve\n"
            "ended 2026-06-01T19:31:00Z because: staff\n\n"
            "user  is           when                                          why in   why not\n"
            "anna  left         2026-06-01T19:30:00Z to 2026-06-01T19:31:00Z  in hall  staff\n"
            "ben   passed-over  2026-06-01T19:30:00Z                                   not-met (all: has "
            "ticket, presence: available)\n");
  server_.will_answer(
      200, R"({"group":"g","plan":"p","state":"open","started_ms":1780342200000,"reasons":["staff eve"],
      "user":"zoe","standing":"none","ended":"met none of: listed","t":1780342200000,"qualifies":false,"findings":[{"part":"any","condition":"listed","holds":false}]})");
  const std::string one = call({"group", "why", kGroup, "zoe"}).out;
  EXPECT_NE(
      one.find("zoe: none 2026-06-01T19:30:00Z\nnot in because: met none of: listed\ndoes not qualify now\n"),
      std::string::npos)
      << one;
}

}  // namespace
}  // namespace convoke::cli
