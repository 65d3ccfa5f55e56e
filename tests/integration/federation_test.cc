// Several servers as one: sites of their own, each with a broker with the plugin, a server and phones on the
// real SDK, and between any two a way that a test can cut.

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <set>

#include "tests/support/federated_site.h"
#include "tests/support/free_port.h"
#include "tests/support/tcp_proxy.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_client.h"
#include "tests/support/traces.h"
#include "topics/messages/peer.h"

namespace convoke {
namespace {

using test::Site;
using Strings = std::vector<std::string>;

class Federation : public testing::Test {
 protected:
  void make(std::initializer_list<std::pair<const char*, const char*>> names) {
    for (const auto& [site, user] : names) sites.push_back(std::make_unique<Site>(site, user));
    for (auto& from : sites)
      for (auto& to : sites)
        if (from != to) join(*from, *to);
    ASSERT_TRUE(until([&] {
      return all([&](Site& s) {
        return s.phone().client->connected() && s.get("/users/" + s.user).contains("presence") &&
               std::all_of(sites.begin(), sites.end(), [&](auto& other) {
                 return other->name == s.name || s.link(other->name).at("state") == "up";
               });
      });
    })) << say();
  }
  void join(Site& from, Site& to) {
    auto& way = ways[{from.name, to.name}];
    way = std::make_unique<test::TcpProxy>(to.broker.port());
    add_peer(from, to);
  }
  void add_peer(Site& from, Site& to) {
    const auto answer = from.add_peer(to, ways.at({from.name, to.name})->port());
    ASSERT_EQ(answer.status, 200) << answer.body;
  }

  /// Polls all phones of all sites until it holds.
  bool until(const std::function<bool()>& condition) {
    return sites[0]->phones->until([&] {
      for (auto& site : sites) site->phones->until([] { return true; });
      return condition();
    });
  }
  template <class F>
  bool all(F f) {
    return std::all_of(sites.begin(), sites.end(), [&](auto& site) { return f(*site); });
  }

  void cut(const std::string& a, const std::string& b) {
    ways.at({a, b})->cut();
    ways.at({b, a})->cut();
  }
  void heal() {
    for (auto& [between, way] : ways) way->heal();
  }

  /// The first site's plan lists everybody; its staff start it.
  void start(const std::string& more = "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n") {
    std::string users;
    for (auto& site : sites)
      users += (users.empty() ? "\"" : ", \"") + (site == sites[0] ? site->user : site->full()) + "\"";
    const auto plan = sites[0]->server->call(
        "PUT", "/plans",
        "schema = 1\n[[plan]]\nid = \"p\"\nname = \"Across\"\naudience = { any = [{ users = [" + users +
            "] }] }\n" + more,
        "application/toml");
    ASSERT_EQ(plan.status, 200) << plan.body;
    ASSERT_EQ(sites[0]->server->call("POST", "/groups", R"({"plan":"p"})").status, 201);
  }
  void wait_for_one_list() {
    Strings everybody;
    for (auto& site : sites) everybody.push_back(site->full());
    std::sort(everybody.begin(), everybody.end());
    ASSERT_TRUE(until([&] { return all([&](Site& s) { return s.list() == everybody; }); })) << say();
  }

  /// Everybody says something and hears all others.
  void chat(const std::string& text) {
    for (auto& site : sites) ASSERT_TRUE(site->phone().client->send(site->group(), text));
    EXPECT_TRUE(until([&] {
      return all([&](Site& s) {
        return std::all_of(sites.begin(), sites.end(), [&](auto& from) {
          return from->name == s.name || s.phone().texts.contains(from->full() + ": " + text);
        });
      });
    })) << say();
  }

  using Places = std::map<std::string, std::pair<std::int64_t, std::int64_t>>;
  static void note(Places& places, const boost::json::object& message, const std::string& site) {
    std::string from(message.at("from").as_string());
    if (from.find('@') == std::string::npos) from += "@" + site;
    const auto& place = message.at(message.contains("home") ? "home" : "stamp").as_object();
    const std::string key = from + "/" + std::string(message.at("id").as_string());
    EXPECT_FALSE(places.contains(key)) << "twice in the archive: " << key;
    places[key] = {place.at("epoch").as_int64(), place.at("n").as_int64()};
  }
  /// The archive by (sender in full, id): place in home's order.
  static Places archive(Site& s, const std::string& group) {
    Places places;
    std::string after;
    do {
      const auto page = s.get("/groups/" + group + "/export" + after);
      for (const auto& line : page.at("lines").as_array())
        if (line.at("type") == "message") note(places, line.at("message").as_object(), s.name);
      after = page.contains("after") ? "?after=" + std::string(page.at("after").as_string()) : "";
    } while (!after.empty());
    return places;
  }

  std::string say() {
    std::string out;
    for (auto& site : sites)
      out += site->name + ": " + site->phones->stories() + site->server->call("GET", "/peers").body + "\n" +
             site->server->log() + "\n";
    return out;
  }

  std::vector<std::unique_ptr<Site>> sites;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<test::TcpProxy>> ways;
};

TEST_F(Federation, R34_OnePlanOnThreeSitesIsOneChatFromStartToEnd) {
  make({{"a", "anna"}, {"b", "ben"}, {"c", "carol"}});
  EXPECT_EQ(sites[1]->server->call("PUT", "/users/ben", R"({"name":"Ben B."})").status, 200);
  start();
  wait_for_one_list();
  chat("hello");

  const std::string group = sites[0]->group();
  EXPECT_TRUE(all([&](Site& s) { return s.group() == group; }));
  const auto buddies = sites[2]->phone().client->buddies(group);
  EXPECT_TRUE(std::any_of(buddies.begin(), buddies.end(),
                          [](const sdk::Buddy& b) { return b.user == "ben@b" && b.name == "Ben B."; }));

  sites[1]->phone().client->set_presence(sdk::Presence::busy);
  EXPECT_TRUE(until([&] {
    const auto seen = sites[2]->phone().client->buddies(group);
    return std::any_of(seen.begin(), seen.end(), [](const sdk::Buddy& b) {
      return b.user == "ben@b" && b.presence == sdk::Presence::busy;
    });
  })) << say();

  EXPECT_EQ(sites[1]->server->call("POST", "/groups/" + group + "/end").status, 409) << "only home's staff";
  EXPECT_EQ(sites[0]->server->call("POST", "/groups/" + group + "/end").status, 200);
  EXPECT_TRUE(until([&] {
    return all([&](Site& s) {
      return s.phone().ended.contains(group) && s.get("/groups/" + group).at("state") == "retired";
    });
  })) << say();
  EXPECT_TRUE(all([](Site& s) { return s.phone().repeats == 0; }));
}

TEST_F(Federation, R34_CutOffSitesGoOnAndAreOneAgainAfterwards) {
  make({{"a", "anna"}, {"b", "ben"}});
  start();
  wait_for_one_list();
  const std::string group = sites[0]->group();
  cut("a", "b");
  for (auto& site : sites)
    for (int i = 0; i < 40; ++i)
      ASSERT_TRUE(site->phone().client->send(group, site->name + std::to_string(i)));
  ASSERT_TRUE(until([&] { return all([](Site& s) { return s.phone().archived.size() == 40; }); })) << say();
  heal();
  EXPECT_TRUE(until([&] { return all([](Site& s) { return s.phone().texts.size() >= 40; }); })) << say();
  EXPECT_TRUE(until([&] {
    const auto home = archive(*sites[0], group);
    return home.size() == 80 && archive(*sites[1], group) == home;
  })) << say();
}

TEST_F(Federation, R34_AnErasureIsDoneWhenOtherSitesHaveTakenWhatNamesTheUser) {
  make({{"b", "ben"}, {"a", "zaphod-7q"}});
  Site& theirs = *sites[1];
  start();
  wait_for_one_list();
  const std::string group = theirs.group();
  cut("a", "b");
  ASSERT_TRUE(theirs.phone().client->send(group, "Mermaid ahoy"));
  ASSERT_TRUE(until([&] { return theirs.phone().archived.size() == 1; })) << say();
  ASSERT_EQ(theirs.server->call("DELETE", "/users/zaphod-7q").status, 202);
  const auto waits_for_b = [&] { return theirs.get("/erasures").at("waits_for") == boost::json::array{"b"}; };
  ASSERT_TRUE(until(waits_for_b)) << say();
  EXPECT_EQ(theirs.get("/erasures").at("running"), 1);
  EXPECT_FALSE(test::traces_in(theirs.server->folder(), {"zaphod-7q"}).empty());

  theirs.server->kill9();
  theirs.server->start();
  ASSERT_TRUE(until(waits_for_b)) << "after a restart too" << say();
  heal();
  ASSERT_TRUE(until([&] { return theirs.get("/erasures").at("running") == 0; })) << say();
  EXPECT_EQ(test::traces_in(theirs.server->folder(), {"zaphod-7q", "Mermaid ahoy"}), test::Traces{});
  EXPECT_TRUE(until([&] { return sites[0]->phone().client->buddies(group).size() == 1; })) << say();
}

/// Disturbs that way somehow. False: nothing comes through.
bool disturb(test::TcpProxy& way, std::mt19937_64& random) {
  way.heal();
  switch (random() % 6) {
    case 0:
      way.delay(std::chrono::milliseconds(random() % 500));
      return true;
    case 1:
      way.reset();
      return true;
    case 2:
      way.stall(true, false);
      return false;
    case 3:
      way.stall(false, true);  // nor can a new connection be made
      return false;
    case 4:
      way.cut();
      return false;
    default:
      return true;
  }
}

TEST_F(Federation, R34_WhateverHappensOnTheWayBothEndWithTheSame) {
  make({{"a", "anna"}, {"b", "ben"}});
  start();
  wait_for_one_list();
  const std::string group = sites[0]->group();
  std::mt19937_64 random(34);
  std::size_t said = 0;
  for (int round = 0; round < 12; ++round) {
    const bool there = disturb(*ways.at({"a", "b"}), random), back = disturb(*ways.at({"b", "a"}), random);
    for (auto& site : sites)
      for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(site->phone().client->send(group, site->name + std::to_string(said + i)));
    said += 3;
    ASSERT_TRUE(until([&] { return all([&](Site& s) { return s.phone().archived.size() == said; }); }))
        << say();
    if (!there || !back) continue;
    ASSERT_TRUE(until([&] { return all([&](Site& s) { return s.phone().texts.size() == said; }); }))
        << "round " << round << "\n"
        << say();
  }
  heal();
  EXPECT_TRUE(until([&] { return all([&](Site& s) { return s.phone().texts.size() == said; }); })) << say();
  EXPECT_TRUE(until([&] {
    const auto home = archive(*sites[0], group);
    return home.size() == 2 * said && archive(*sites[1], group) == home;
  })) << say();
  EXPECT_TRUE(all([](Site& s) { return s.phone().repeats == 0; }));
}

TEST_F(Federation, R34_TheEndComesAtItsTimeWhereHomeCannotBeReached) {
  make({{"a", "anna"}, {"b", "ben"}});
  start("[[plan.end]]\non = \"duration\"\nafter = \"8s\"\n");
  wait_for_one_list();
  const std::string group = sites[0]->group();
  cut("a", "b");
  EXPECT_TRUE(until([&] { return all([&](Site& s) { return s.phone().ended.contains(group); }); })) << say();
}

TEST_F(Federation, R34_AKilledServerLosesNothingOfWhatTheOthersSaid) {
  make({{"a", "anna"}, {"b", "ben"}});
  start();
  wait_for_one_list();
  const std::string group = sites[0]->group();
  sites[1]->server->kill9();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(sites[0]->phone().client->send(group, "a" + std::to_string(i)));
  ASSERT_TRUE(until([&] { return sites[0]->phone().archived.size() == 20; })) << say();
  sites[0]->server->kill9();
  sites[0]->server->start();
  sites[1]->server->start();
  EXPECT_TRUE(until([&] {
    for (int i = 0; i < 20; ++i)
      if (!sites[1]->phone().texts.contains("anna@a: a" + std::to_string(i))) return false;
    return true;
  })) << say();
  chat("and on");
}

/// In the middle of a chat, first the other site's broker, then home's.
TEST_F(Federation, R34_AKilledBrokerBetweenSitesLosesAndDoublesNothing) {
  make({{"a", "anna"}, {"b", "ben"}});
  start();
  wait_for_one_list();
  const std::string group = sites[0]->group();
  std::size_t said = 0;
  const auto all_say = [&](std::size_t more) {
    for (auto& site : sites)
      for (std::size_t i = 0; i < more; ++i)
        ASSERT_TRUE(site->phone().client->send(group, site->name + std::to_string(said + i)));
    said += more;
  };
  for (Site* killed : {sites[1].get(), sites[0].get()}) {
    all_say(10);
    killed->broker.kill9();
    all_say(10);
    killed->broker.start();
    all_say(10);
    ASSERT_TRUE(until([&] {
      return all(
          [&](Site& s) { return s.phone().texts.size() == said && s.phone().archived.size() == said; });
    })) << say();
  }
  EXPECT_TRUE(until([&] {
    const auto home = archive(*sites[0], group);
    return home.size() == 2 * said && archive(*sites[1], group) == home;
  })) << say();
  EXPECT_TRUE(all([](Site& s) { return s.phone().repeats == 0; }));
}

TEST_F(Federation, R34_ASiteThatIsAwayIsReportedAndJoinsWhenItAnswers) {
  make({{"a", "anna"}, {"b", "ben"}});
  cut("a", "b");
  start();
  ASSERT_TRUE(until([&] { return sites[0]->list() == Strings{"anna@a"}; })) << say();
  const std::string group = sites[0]->group();
  EXPECT_EQ(sites[0]->get("/groups/" + group + "/why/ben@b").at("ended"), "no-answer");
  heal();
  wait_for_one_list();
  EXPECT_EQ(sites[0]->get("/groups/" + group + "/why/ben@b").at("standing"), "member");
  EXPECT_EQ(sites[0]->server->call("DELETE", "/peers/b").status, 200);
  EXPECT_TRUE(until([&] { return sites[0]->list() == Strings{"anna@a"}; })) << say();
}

/// Two sites whose servers and brokers show one another certificates, of an authority that they share.
TEST(FederationTls, R34_LinksAreMutualTlsWhereTheConfigurationSaysSo) {
  const test::TempDir dir;
  const std::string sh =
      "(cd '" + dir.path().string() +
      "' && openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=ca -keyout ca.key -out ca.crt"
      " && openssl req -newkey rsa:2048 -nodes -subj /CN=site -keyout site.key -out site.csr"
      " && printf subjectAltName=IP:127.0.0.1,DNS:localhost > names"
      " && openssl x509 -req -in site.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 1 -extfile names"
      " -out site.crt && printf subjectAltName=DNS:elsewhere.example > names"
      " && openssl x509 -req -in site.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 1 -extfile names"
      " -out elsewhere.crt && chmod 644 site.key && chmod 755 .) > /dev/null 2>&1";
  ASSERT_EQ(std::system(sh.c_str()), 0);
  const auto file = [&](const char* name) { return dir / name; };
  const std::uint16_t port = test::free_port(), other_port = test::free_port();
  const auto listener = [&](std::uint16_t at, const char* certificate) {
    return "listener " + std::to_string(at) + " 127.0.0.1\ncafile " + file("ca.crt") + "\ncertfile " +
           file(certificate) + "\nkeyfile " + file("site.key") + "\nrequire_certificate true\n";
  };
  Site a("a", "anna",
         "ca_file = \"" + file("ca.crt") + "\"\ncert_file = \"" + file("site.crt") +
             "\"\ncert_key_file = \"" + file("site.key") + "\"\n");
  Site strict("b", "ben", {}, listener(port, "site.crt") + listener(other_port, "elsewhere.crt"));
  const auto joins = [&](Site& from, const Site& to, std::uint16_t at) {
    return from.add_peer(to, at, "localhost");
  };
  ASSERT_EQ(joins(strict, a, a.broker.port()).status, 200);
  ASSERT_EQ(joins(a, strict, port).status, 200);
  const auto reaches = [&](const Site& from, const char* to) { return from.link(to).at("state") != "down"; };
  EXPECT_TRUE(a.phones->until([&] { return reaches(a, "b"); })) << a.server->log() << strict.broker.log();
  // Where a broker shows another's certificate, and where none speaks TLS.
  for (const std::uint16_t wrong : {other_port, strict.broker.port()}) {
    ASSERT_EQ(joins(a, strict, port).status, 200);
    ASSERT_TRUE(a.phones->until([&] { return reaches(a, "b"); })) << a.server->log();
    ASSERT_EQ(joins(a, strict, wrong).status, 200);
    EXPECT_TRUE(a.phones->until([&] {
      return !reaches(a, "b") && !a.link("b").at("last_error").as_string().empty();
    })) << a.server->log();
  }
}

TEST_F(Federation, R34_AHostilePeerGetsNothingThroughAndIsShutOut) {
  make({{"a", "anna"}, {"b", "ben"}});
  start();
  wait_for_one_list();
  const std::string group = sites[0]->group();
  sites[1]->server->kill9();  // its key is in other hands now

  const auto keys = token::KeySet::parse(sites[1]->link_key);
  const std::int64_t now = test::TestTokens::now_s();
  const auto as = [&](topics::Role role, const std::string& subject, const std::string& device) {
    return sign(keys, {subject, "a", role, device, now - 20, now + 600}).value();
  };
  const auto connects = [&](const std::string& token, const std::string& id) {
    test::TestClient client(sites[0]->broker.url(), id);
    return client.connect(token) == test::kSuccess;
  };
  EXPECT_FALSE(connects(as(topics::Role::terminal, "anna", "phone2"), "a:anna:phone2"));
  EXPECT_FALSE(connects(as(topics::Role::server, "s1", "server"), "a:s1:server"));
  EXPECT_FALSE(connects(as(topics::Role::peer, "c", "link"), "a:c:link"));
  EXPECT_FALSE(connects(as(topics::Role::operator_, "b", "link"), "a:b:link"));

  test::TestClient peer(sites[0]->broker.url(), "a:b:link");
  ASSERT_TRUE(sites[0]->phones->until(
      [&] { return peer.connect(as(topics::Role::peer, "b", "link")) == test::kSuccess; }));
  const std::string link = "cv1/a/peer/b/link";
  EXPECT_EQ(peer.publish("cv1/a/g/" + group + "/chat/anna", R"({"id":"1","type":"text","text":"x"})"),
            test::kNotAuthorized);
  EXPECT_EQ(peer.publish("cv1/a/g/" + group + "/chat/ben@b", R"({"id":"1","type":"text","text":"x"})"),
            test::kNotAuthorized);
  EXPECT_EQ(peer.publish("cv1/a/peer/c/link", "{}"), test::kNotAuthorized);
  EXPECT_NE(peer.subscribe("cv1/a/g/" + group + "/#"), test::kSuccess);

  // Numbers of its own, far ahead of what it was: it may count anew, which gives it nothing.
  std::uint64_t epoch = static_cast<std::uint64_t>(now) * 2000;
  const auto batch = [&](messages::PeerItem item) {
    return encode(messages::PeerBatch{++epoch, 1, 0, 0, {std::move(item)}});
  };
  messages::ChatMessage message;
  message.id = "forged";
  message.text = "forged";
  EXPECT_EQ(peer.publish(link, batch(messages::PeerSaid{group, "dora@b", message})), test::kSuccess);
  const std::string replayed = batch(messages::PeerUnknown{});
  for (int i = 0; i < 2; ++i) EXPECT_EQ(peer.publish(link, replayed), test::kSuccess);
  EXPECT_TRUE(until([&] { return sites[0]->link("b").at("refused").as_object().size() == 2; })) << say();
  EXPECT_EQ(sites[0]->link("b").at("shut"), "") << "no lie yet";

  const std::vector<std::pair<std::string, std::string>> lies = {
      {batch(messages::PeerSaid{group, "anna@a", message}), "foreign-user"},
      {batch(messages::PeerPresence{{{"anna@a", messages::PresenceState::offline}}}), "foreign-user"},
      {batch(messages::PeerEnd{group, "staff"}), "not-home"},
      {batch(messages::PeerGone{group, {"anna@a"}, "removed"}), "not-home"},
      {"not json", "unreadable"}};
  for (const auto& [lie, reason] : lies) {
    EXPECT_EQ(peer.publish(link, lie), test::kSuccess);
    EXPECT_TRUE(peer.wait_until_cut()) << lie;
    EXPECT_EQ(sites[0]->link("b").at("state"), "shut") << lie;
    EXPECT_EQ(sites[0]->link("b").at("shut"), reason.c_str()) << lie;
    if (reason == "unreadable") {
      EXPECT_FALSE(connects(as(topics::Role::peer, "b", "link"), "a:b:link"));
    }
    add_peer(*sites[0], *sites[1]);  // its operator says that all is well again
    ASSERT_TRUE(sites[0]->phones->until(
        [&] { return peer.connect(as(topics::Role::peer, "b", "link")) == test::kSuccess; }));
  }
  EXPECT_EQ(sites[0]->list(), (Strings{"anna@a", "ben@b"}));
  EXPECT_FALSE(sites[0]->phone().texts.contains("anna: forged"));
  EXPECT_EQ(archive(*sites[0], group).size(), 0u);

  EXPECT_EQ(sites[0]->server->call("DELETE", "/peers/b").status, 200);
  EXPECT_TRUE(peer.wait_until_cut()) << "without its key nobody speaks for the site";
}

}  // namespace
}  // namespace convoke
