#include "topics/broker_plugin/client_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace convoke::broker_plugin {
namespace {

using topics::Role;
using Ids = std::vector<std::string>;

constexpr std::int64_t kHourMs = 3'600'000;

/// Connections are only compared; any two addresses will do.
const int kFirst = 1;
const int kSecond = 2;

Client client(const std::string& user, std::int64_t expires_s, Connection connection = &kFirst,
              Role role = Role::terminal) {
  return {
      {topics::SiteId::parse("demo"), role, user, topics::DeviceId::parse("d1")}, 100, expires_s, connection};
}

TEST(ClientTable, KnowsAClientFromItsConnectOn) {
  ClientTable table;
  EXPECT_EQ(table.find("demo:anna:d1"), nullptr);
  table.connected("demo:anna:d1", client("anna", 1000));
  ASSERT_NE(table.find("demo:anna:d1"), nullptr);
  EXPECT_EQ(table.find("demo:anna:d1")->principal.subject, "anna");
  EXPECT_EQ(table.live(), 1u);
}

TEST(ClientTable, RemembersAClientFor25HoursAfterItHasGone) {
  ClientTable table;
  table.connected("a", client("anna", 1000));
  table.disconnected("a", &kFirst, 500'000);
  EXPECT_EQ(table.live(), 0u);
  EXPECT_TRUE(table.expire(500'000 + 25 * kHourMs - 1).empty());
  EXPECT_NE(table.find("a"), nullptr);
  EXPECT_TRUE(table.expire(500'000 + 25 * kHourMs).empty());
  EXPECT_EQ(table.find("a"), nullptr);
}

TEST(ClientTable, EndOfAReplacedConnectionIsNotTheEndOfTheClient) {
  ClientTable table;
  table.connected("a", client("anna", 1000, &kFirst));
  table.connected("a", client("anna", 2000, &kSecond));
  table.disconnected("a", &kFirst, 0);
  EXPECT_EQ(table.live(), 1u);
  EXPECT_EQ(table.expire(1'999'999), Ids{});
  EXPECT_EQ(table.expire(2'000'000), Ids{"a"});
}

TEST(ClientTable, NamesEachLiveClientOnceWhenItsTokenEnds) {
  ClientTable table;
  table.connected("a", client("anna", 10));
  table.connected("b", client("ben", 20));
  EXPECT_EQ(table.expire(9'999), Ids{});
  EXPECT_EQ(table.expire(10'000), Ids{"a"});
  EXPECT_EQ(table.expire(10'000), Ids{});
  table.disconnected("a", &kFirst, 10'001);  // the broker tells of the cut
  EXPECT_EQ(table.expire(30'000), Ids{"b"});
  EXPECT_NE(table.find("a"), nullptr);
  EXPECT_EQ(table.live(), 0u);
}

TEST(ClientTable, RevokesTheOlderTokensOfAUserOnly) {
  ClientTable table;
  table.connected("old", client("anna", 1000));  // issued at 100 s
  Client newer = client("anna", 1000);
  newer.issued_s = 200;
  table.connected("new", newer);
  table.connected("gone", client("anna", 1000));
  table.disconnected("gone", &kFirst, 0);
  table.connected("ben", client("ben", 1000));
  table.connected("server", client("anna", 1000, &kFirst, Role::server));
  EXPECT_EQ(table.revoke("anna", 200'000, 0), Ids{"old"});
  EXPECT_EQ(table.find("gone"), nullptr);
  EXPECT_EQ(table.live(), 3u);
  EXPECT_EQ(table.revoke("anna", 100'000, 0), Ids{});
}

TEST(ClientTable, KeepsCountThroughRandomLife) {
  std::mt19937 random(11);
  ClientTable table;
  std::map<std::string, bool> live;
  for (int step = 0; step < 20'000; ++step) {
    const std::string id = std::to_string(random() % 50);
    const auto now = static_cast<std::int64_t>(step) * 60'000;
    if (random() % 2) {
      table.connected(id, client("u", now / 1000 + static_cast<std::int64_t>(random() % 5000)));
      live[id] = true;
    } else {
      table.disconnected(id, &kFirst, now);
      live[id] = false;
    }
    for (const auto& cut : table.expire(now)) live[cut] = false;
    ASSERT_EQ(table.live(), static_cast<std::size_t>(
                                std::count_if(live.begin(), live.end(), [](auto& l) { return l.second; })));
    ASSERT_LE(table.size(), 50u);
  }
}

}  // namespace
}  // namespace convoke::broker_plugin
