// The real server beside the real broker: what it refuses, what it survives.

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <regex>

#include "tests/support/mosquitto_process.h"
#include "tests/support/server_process.h"
#include "tests/support/test_client.h"

namespace convoke {
namespace {

using test::Received;

class Server : public testing::Test {
 protected:
  std::unique_ptr<test::TestClient> phone(const std::string& user) {
    auto client = std::make_unique<test::TestClient>(broker.url(), tokens.client_id(user, "phone"));
    EXPECT_EQ(client->connect(tokens.make(topics::Role::terminal, user, "phone")), test::kSuccess);
    EXPECT_LE(client->subscribe("cv1/demo/u/" + user + "/in", 1), 2);
    EXPECT_LE(client->subscribe("cv1/demo/u/" + user + "/phone/res", 1), 2);
    return client;
  }
  std::uint64_t rejected(const std::string& reason) {
    const std::string body = server.call("GET", "/status").body;
    std::smatch found;
    return std::regex_search(body, found, std::regex("\"" + reason + "\":([0-9]+)")) ? std::stoull(found[1])
                                                                                     : 0;
  }

  test::TestTokens tokens;
  test::MosquittoProcess broker{"demo", tokens.public_jwks()};
  bool broker_runs = (broker.start(), true);
  test::ServerProcess server{tokens, broker.port()};
};

struct BadInput {
  const char* topic;
  std::string payload;
  const char* counted_as;
};

TEST_F(Server, RefusesBadInputOnEveryTopicWithAnAnswerAndChangesNothing) {
  server.start();
  auto anna = phone("anna");
  const std::vector<BadInput> bad = {
      {"pos", "", "position"},
      {"pos", "\xff\xfe{}", "position"},
      {"pos", "[]", "position"},
      {"pos", R"({"fixes":[{"t":"now","lat":1,"lon":1}]})", "position"},
      {"pos", R"({"fixes":[{"t":1,"lat":1,"lon":1}]})", "position-too-old"},
      {"pos", R"({"fixes":[{"t":9000000000000000,"lat":1,"lon":1}]})", "position-in-future"},
      {"pos", "{\"fixes\":\"" + std::string(60'000, 'x') + "\"}", "position"},
      {"presence", R"({"state":"asleep","n":1})", "presence"},
      {"presence", R"({"state":"available","n":9000000000000000})", "presence-in-future"},
      {"req", R"({"id":"1","op":"dance"})", "request"},
      {"req", std::string(20, '['), "request"},
  };
  for (const BadInput& b : bad) {
    const auto before = rejected(b.counted_as);
    anna->clear();
    EXPECT_EQ(anna->publish(std::string("cv1/demo/u/anna/phone/") + b.topic, b.payload), test::kSuccess);
    const auto answer =
        anna->wait_for([](const Received& r) { return r.payload.find("bad-request") != std::string::npos; });
    EXPECT_TRUE(answer) << b.topic << " " << b.payload.substr(0, 60);
    EXPECT_EQ(rejected(b.counted_as), before + 1) << b.payload.substr(0, 60);
  }
  EXPECT_EQ(server.call("GET", "/users/anna").status, 404) << "nothing has changed: she is not even known";
  EXPECT_EQ(anna->publish("cv1/demo/u/anna/phone/pos", std::string(70'000, 'x')), test::kNoAnswer)
      << "over 64 KiB the broker cuts the connection";
}

TEST_F(Server, SeesAnUnmodifiedOwnTracksPhoneInAnArea) {
  server.start();
  const auto area = server.call(
      "PUT", "/areas",
      R"({"type":"FeatureCollection","features":[{"type":"Feature","id":"bar","properties":{"radius_m":50},)"
      R"("geometry":{"type":"Point","coordinates":[10,50]}}]})");
  ASSERT_EQ(area.status, 200) << area.body;
  test::TestClient app(broker.url(), tokens.client_id("anna", "pixel"));
  ASSERT_EQ(
      app.connect(tokens.make(topics::Role::terminal, "anna", "pixel"), {.mqtt_version = MQTTVERSION_3_1_1}),
      test::kSuccess);
  const std::string now = std::to_string(test::TestTokens::now_s());
  app.publish({"owntracks/anna/pixel", R"({"_type":"location","lat":50,"lon":10,"acc":5,"tst":)" + now + "}",
               1, true});
  test::TestClient staff(broker.url(), tokens.client_id("eve", "desk"));
  ASSERT_EQ(staff.connect(tokens.make(topics::Role::staff, "eve", "desk")), test::kSuccess);
  ASSERT_LE(staff.subscribe("cv1/demo/area/bar/occupancy", 1), 2);
  EXPECT_TRUE(
      staff.wait_for([](const Received& r) { return r.payload.find("\"count\":1") != std::string::npos; }));
  EXPECT_NE(server.call("GET", "/users/anna").body.find("bar"), std::string::npos);
}

TEST_F(Server, StartsAsManyGroupsAsOneCallMakesDue) {
  server.start();
  ASSERT_EQ(server
                .call("PUT", "/areas",
                      R"({"type":"FeatureCollection","features":[{"type":"Feature","id":"bar","properties":)"
                      R"({"radius_m":50},"geometry":{"type":"Point","coordinates":[10,50]}}]})")
                .status,
            200);
  auto anna = phone("anna");
  test::TestClient staff(broker.url(), tokens.client_id("eve", "desk"));
  ASSERT_EQ(staff.connect(tokens.make(topics::Role::staff, "eve", "desk")), test::kSuccess);
  ASSERT_LE(staff.subscribe("cv1/demo/area/bar/occupancy", 1), 2);
  anna->publish("cv1/demo/u/anna/phone/pos", R"({"fixes":[{"lat":50,"lon":10,"acc":5,"t":)" +
                                                 std::to_string(test::TestTokens::now_s()) + "000}]}");
  ASSERT_TRUE(
      staff.wait_for([](const Received& r) { return r.payload.find("\"count\":1") != std::string::npos; }));
  std::string plans = R"({"schema":1,"plan":[)";
  for (int i = 0; i < 150; ++i)
    plans +=
        (i ? "," : "") + std::string(R"({"id":"p)") + std::to_string(i) +
        R"(","audience":{"presence":"any","any":[{"users":["anna"]}]},)" +
        R"("start":[{"on":"occupancy","area":"bar","reaches":1}],"end":[{"on":"duration","after":"1h"}]})";
  ASSERT_EQ(server.call("PUT", "/plans", plans + "]}").status, 200) << server.log();
  const std::string groups = server.call("GET", "/groups?state=open").body;
  std::size_t started = 0;
  for (auto at = groups.find("\"group\":"); at != std::string::npos; at = groups.find("\"group\":", at + 1))
    ++started;
  EXPECT_EQ(started, 150u);
}

TEST_F(Server, R1_StaffStartAndEndAChatOverMqttToo) {
  server.start();
  auto anna = phone("anna");
  EXPECT_EQ(anna->publish("cv1/demo/u/anna/phone/presence", R"({"state":"available","n":1})"),
            test::kSuccess);
  server.call(
      "PUT", "/plans",
      R"({"schema":1,"plan":[{"id":"p","audience":{"presence":"any","any":[{"users":["anna"]}]},"end":[{"on":"duration","after":"1h"}]}]})");
  test::TestClient staff(broker.url(), tokens.client_id("eve", "desk"));
  ASSERT_EQ(staff.connect(tokens.make(topics::Role::staff, "eve", "desk")), test::kSuccess);
  ASSERT_LE(staff.subscribe("cv1/demo/staff/eve/desk/res", 1), 2);
  const std::string requests = "cv1/demo/staff/eve/desk/req";
  staff.publish(requests, R"({"id":"1","method":"POST","path":"/v1/groups","body":{"plan":"p","key":"k"}})");
  const auto started = staff.wait_for(
      [](const Received& r) { return r.payload.find("\"id\":\"1\",\"status\":201") != std::string::npos; });
  ASSERT_TRUE(started);
  std::smatch id;
  ASSERT_TRUE(std::regex_search(started->payload, id, std::regex("[0-9a-f]{32}")));
  EXPECT_TRUE(
      anna->wait_for([](const Received& r) { return r.payload.find("chat-start") != std::string::npos; }));
  const std::string extend =
      R"(,"method":"POST","path":"/v1/groups/)" + id.str() + R"(/extend","body":{"by_ms":60000}})";
  const auto ends = [&](const std::string& request) {  // when the group ends, as the answer says
    staff.clear();
    staff.publish(requests, request);
    const auto answer = staff.wait_for([](const Received&) { return true; });
    std::smatch found;
    EXPECT_TRUE(answer && std::regex_search(answer->payload, found, std::regex("\"ends_ms\":([0-9]+)")));
    return found.size() > 1 ? std::stoll(found[1]) : 0;
  };
  const auto once = ends(R"({"id":"e1")" + extend);
  EXPECT_EQ(ends(R"({"id":"e1")" + extend), once) << "delivered twice, carried out once";
  EXPECT_EQ(ends(R"({"id":"e2")" + extend), once + 60'000);
  staff.publish(requests, R"({"id":"2","method":"POST","path":"/v1/groups/)" + id.str() + R"(/end"})");
  EXPECT_TRUE(
      anna->wait_for([](const Received& r) { return r.payload.find("chat-end") != std::string::npos; }));
  staff.publish(requests, R"({"id":"3","method":"PUT","path":"/v1/plans","body":{}})");
  EXPECT_TRUE(staff.wait_for(
      [](const Received& r) { return r.payload.find("\"id\":\"3\",\"status\":403") != std::string::npos; }));
  std::string area = R"({"type":"FeatureCollection","features":[{"type":"Feature","id":"a","properties":{},)"
                     R"("geometry":{"type":"Polygon","coordinates":[[[10,50],[11,50])";
  for (int i = 0; i < 5000; ++i) area += ",[" + std::to_string(11 - i / 5000.0) + ",51]";
  ASSERT_EQ(server.call("PUT", "/areas", area + ",[10,50]]]}}]}").status, 200);
  staff.publish(requests, R"({"id":"4","method":"GET","path":"/v1/areas"})");
  EXPECT_TRUE(staff.wait_for(
      [](const Received& r) { return r.payload.find("\"id\":\"4\",\"status\":413") != std::string::npos; }));
  staff.publish(requests, "nonsense");
  EXPECT_TRUE(staff.wait_for(
      [](const Received& r) { return r.payload.find("{\"status\":400") != std::string::npos; }));
  staff.publish(requests, R"({"id":"4","method":"PATCH","path":"/v1/groups"})");
  EXPECT_TRUE(staff.wait_for([](const Received& r) {
    return r.payload.find("\"id\":\"4\",\"status\":400") != std::string::npos &&
           r.payload.find("method: expected one of GET") != std::string::npos;
  }));
}

TEST_F(Server, AsksForATokenOnEveryCallButHealth) {
  server.start();
  EXPECT_EQ(server.call_as("", "GET", "/health").status, 200);
  for (const char* path : {"/areas", "/plans", "/groups", "/users/anna", "/events", "/status"}) {
    EXPECT_EQ(server.call_as("", "GET", path).status, 401) << path;
    EXPECT_EQ(server.call_as("nonsense", "GET", path).status, 401) << path;
    EXPECT_EQ(server.call_as(tokens.make(topics::Role::operator_, "op", "d", -10), "GET", path).status, 401)
        << path;
    EXPECT_EQ(
        server.call_as(tokens.make_for_site("elsewhere", topics::Role::operator_, "op"), "GET", path).status,
        401)
        << path;
    EXPECT_EQ(server.call_as(tokens.make(topics::Role::terminal, "anna"), "GET", path).status, 403) << path;
  }
}

TEST_F(Server, LooksAtTheTokenAndTheRoleBeforeTheBody) {
  server.start();
  const std::string large(3 << 20, 'x'), too_large(66 << 20, 'x');
  for (const char* method : {"PUT", "POST", "DELETE"})
    EXPECT_EQ(server.call_as("", method, "/areas", large).status, 401) << method;
  EXPECT_EQ(server.call_as(tokens.make(topics::Role::staff, "eve"), "PUT", "/areas", large).status, 403);
  EXPECT_EQ(server.call("PUT", "/plans", large).status, 413);
  EXPECT_EQ(server.call("PUT", "/areas", large).status, 400);
  EXPECT_EQ(server.call("PUT", "/areas", too_large).status, 413);
  EXPECT_EQ(server.call("DELETE", "/areas/none").status, 404);
}

TEST_F(Server, EndsTheEventsWithTheTokenThatAskedForThem) {
  server.start();
  const auto token = tokens.make(topics::Role::staff, "eve", "desk", 3);
  EXPECT_EQ(server.call_as(token, "GET", "/events").status, 200);  // returns when the stream has ended
}

TEST_F(Server, LoadsItsKeysAgainOnSighupAndKeepsThemOverABrokenFile) {
  server.start();
  EXPECT_NE(server.reload_keys("{").find("the keys of before stay in force"), std::string::npos);
  EXPECT_EQ(server.call("GET", "/status").status, 200);
  const test::TestTokens others;
  EXPECT_NE(server.reload_keys(others.public_jwks()).find("loaded again"), std::string::npos);
  EXPECT_EQ(server.call("GET", "/status").status, 401);
  EXPECT_EQ(server.call_as(others.make(topics::Role::staff, "eve"), "GET", "/status").status, 200);
  EXPECT_EQ(server.stop(), 0);
}

TEST_F(Server, R11_EndsOverdueGroupsOnlyAfterDrainingWhatTheBrokerHeld) {
  server.start();
  auto anna = phone("anna");
  anna->publish("cv1/demo/u/anna/phone/presence", R"({"state":"available","n":1})");
  server.call(
      "PUT", "/plans",
      R"({"schema":1,"plan":[{"id":"p","audience":{"presence":"any","any":[{"users":["anna","ben"]}]},"end":[{"on":"duration","after":"2s"}]}]})");
  ASSERT_EQ(server.call("POST", "/groups", R"({"plan":"p"})").status, 201);
  const auto start =
      anna->wait_for([](const Received& r) { return r.payload.find("chat-start") != std::string::npos; });
  ASSERT_TRUE(start);
  std::smatch id;
  ASSERT_TRUE(std::regex_search(start->payload, id, std::regex("[0-9a-f]{32}")));
  server.kill9();
  // While the server is down a message is sent; the broker holds it. The group's end comes due meanwhile.
  EXPECT_EQ(anna->publish("cv1/demo/g/" + id.str() + "/chat/anna",
                          R"({"id":"m1","type":"text","text":"still here"})"),
            test::kSuccess);
  server.start();
  EXPECT_TRUE(
      anna->wait_for([](const Received& r) { return r.payload.find("chat-end") != std::string::npos; }));
  const std::string group = server.call("GET", "/groups/" + id.str()).body;
  EXPECT_NE(group.find("\"messages\":1"), std::string::npos)
      << "the held message was not archived before the end: " << group << server.log();
}

TEST_F(Server, RefusesToStartOnAPortThatIsTaken) {
  server.start();
  test::TempDir other;
  std::string config = test::read_file(server.config_path());
  config.replace(config.find("data_dir = \""), 12, "data_dir = \"" + (other / "store") + "/x");
  EXPECT_EQ(test::run_server(other.write("c.toml", config).string(), other / "log"), 1);
  const std::string said = test::read_file(other / "log");
  EXPECT_NE(said.find("http.port: 127.0.0.1:"), std::string::npos) << said;
}

TEST_F(Server, StopsCleanlyOnSigterm) {
  server.start();
  EXPECT_EQ(server.stop(), 0);
}

/// A file system of 24 MB, which only root can make.
class SmallDisk {
 public:
  SmallDisk() { mounted_ = ::mount("tmpfs", dir_.path().c_str(), "tmpfs", 0, "size=24m,mode=0777") == 0; }
  ~SmallDisk() {
    if (mounted_) ::umount2(dir_.path().c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  std::string path() const { return dir_ / "store"; }
  void fill() {
    std::ofstream filler(dir_ / "filler", std::ios::binary | std::ios::app);
    const std::string block(4096, 'x');
    while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  void make_room() { std::filesystem::remove(dir_ / "filler"); }

 private:
  test::TempDir dir_;
  bool mounted_ = false;
};

TEST(ServerRoot, StopsAcknowledgingOnAFullDiskAndRecoversWhenThereIsRoom) {
  SmallDisk disk;
  if (!disk.mounted()) {
    if (std::getenv("CI")) FAIL() << "needs root, to mount a small file system";
    GTEST_SKIP() << "needs root, to mount a small file system";
  }
  test::TestTokens tokens;
  test::MosquittoProcess broker("demo", tokens.public_jwks());
  broker.start();
  test::ServerProcess server(tokens, broker.port(), {}, disk.path());
  server.start();
  ASSERT_EQ(server.call("PUT", "/users/anna", R"({"name":"Anna"})").status, 200);
  // The store may find a last bit of room, in its log file's tail or by clearing up: that is filled too.
  const std::string big = R"({"name":"Ben","attributes":{"note":")" + std::string(200, 'x') + R"("}})";
  int acknowledged = 0, status = 200;
  for (; acknowledged < 500; ++acknowledged) {
    disk.fill();
    status = server.call("PUT", "/users/ben" + std::to_string(acknowledged), big).status;
    if (status != 200) break;
  }
  EXPECT_EQ(status, 503) << "nothing is acknowledged that cannot be written";
  EXPECT_TRUE(server.wait_for_health(503));
  EXPECT_NE(server.call_as("", "GET", "/health").body.find("store"), std::string::npos);
  disk.make_room();
  EXPECT_TRUE(server.wait_for_health(200)) << server.log();
  EXPECT_EQ(server.call("PUT", "/users/cleo", R"({"name":"Cleo"})").status, 200);
  server.kill9();
  server.start();
  EXPECT_EQ(server.call("GET", "/users/cleo").status, 200);
  for (int i = 0; i < acknowledged; ++i)
    ASSERT_EQ(server.call("GET", "/users/ben" + std::to_string(i)).status, 200) << i;
}

}  // namespace
}  // namespace convoke
