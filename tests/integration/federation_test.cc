// Several servers as one: what they do together, and what a hostile one gets. What goes wrong on the ways
// between them: federation_faults_test.cc.

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/integration/federation_fixture.h"
#include "tests/support/free_port.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_client.h"
#include "tests/support/traces.h"
#include "topics/messages/peer.h"

namespace convoke {
namespace {

constexpr const char* kFloor =
    R"({"type":"FeatureCollection","features":[{"type":"Feature","id":"floor","properties":{},"geometry":)"
    R"({"type":"Polygon","coordinates":[[[0,0],[0.01,0],[0.01,0.01],[0,0.01],[0,0]]]}}]})";

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

/// People walk into an area of the second site, and a chat of the first site's plan starts; then somebody
/// there becomes available and starts the next.
TEST_F(Federation, R34_WhatHappensAtAnotherSiteStartsAndEndsAChat) {
  make({{"a", "anna"}, {"b", "ben"}});
  ASSERT_EQ(sites[1]->server->call("PUT", "/areas", kFloor).status, 200);
  const auto walk = [&](double to) {
    EXPECT_TRUE(sites[1]->phone().client->report_position({.lat = to, .lon = to, .acc_m = 5}));
  };
  const auto put = [&](const std::string& what) {
    const auto answer = sites[0]->server->call(
        "PUT", "/plans",
        "schema = 1\n[[plan]]\nid = \"p\"\naudience = { any = [{ users = [\"anna\", \"ben@b\"] }] }\n" +
            what + "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n",
        "application/toml");
    ASSERT_EQ(answer.status, 200) << answer.body;
  };
  const auto told = [&](const char* member, const boost::json::value& as) {
    const auto plans = sites[0]->get("/plans");
    const auto& first = plans.at("plans").at(0).at("elsewhere").at(0).as_object();
    return first.contains(member) && first.at(member) == as;
  };
  const auto both_in = [&](const std::string& reason) {
    return until([&] {
      if (sites[0]->list() != Strings{"anna@a", "ben@b"} || sites[1]->list() != sites[0]->list())
        return false;
      const auto group = sites[0]->get("/groups/" + sites[0]->group());
      return group.at("reasons") == boost::json::array{boost::json::value(reason)};
    });
  };
  put("[[plan.start]]\non = \"occupancy\"\narea = \"floor@b\"\nreaches = 1\n");
  ASSERT_TRUE(until([&] { return told("unknown", "not-allowed"); })) << say();
  ASSERT_EQ(sites[1]->server->call("PUT", "/peers/a/may", R"({"may":["users","areas"]})").status, 200);
  ASSERT_TRUE(until([&] { return told("holds", false); })) << say();
  for (auto& site : sites) {
    site->server->kill9();
    site->server->start();
  }
  walk(0.005);
  EXPECT_TRUE(both_in("occupancy: floor@b reached 1")) << say();
  const std::string group = sites[0]->group();
  ASSERT_EQ(sites[0]->server->call("POST", "/groups/" + group + "/end").status, 200);
  EXPECT_TRUE(until([&] { return all([&](Site& s) { return s.phone().ended.contains(group); }); })) << say();

  sites[1]->phone().client->set_presence(sdk::Presence::busy);
  put("[[plan.start]]\non = \"available\"\nuser = \"ben@b\"\n");
  ASSERT_TRUE(until([&] { return told("holds", false); })) << say();
  sites[1]->phone().client->set_presence(sdk::Presence::available);
  EXPECT_TRUE(both_in("available: ben@b became available")) << say();
  const std::string next = sites[0]->group();
  ASSERT_EQ(sites[0]->server->call("POST", "/groups/" + next + "/end").status, 200);
  EXPECT_TRUE(until([&] { return all([&](Site& s) { return s.phone().ended.contains(next); }); })) << say();

  put("[[plan.end]]\non = \"empty\"\narea = \"floor@b\"\n");
  ASSERT_TRUE(until([&] { return told("holds", false); })) << say();
  ASSERT_EQ(sites[0]->server->call("POST", "/groups", R"({"plan":"p"})").status, 201);
  ASSERT_TRUE(until([&] { return sites[0]->list() == Strings{"anna@a", "ben@b"}; })) << say();
  const std::string last = sites[0]->group();
  EXPECT_TRUE(until([&, at = std::chrono::steady_clock::time_point{}]() mutable {
    if (const auto now = std::chrono::steady_clock::now(); now - at > std::chrono::milliseconds(500)) {
      at = now;
      walk(0.015);
    }
    return all([&](Site& s) { return s.phone().ended.contains(last); });
  })) << say();
}

/// A plan of the first site looks for those who are in an area of the second and let it.
TEST_F(Federation, R34_AnAreaOfAnotherSiteDrawsItsUsersInWhereItsOperatorAndTheyAllowIt) {
  make({{"a", "anna"}, {"b", "ben"}, {"c", "carol"}});
  for (int i : {1, 2}) ASSERT_EQ(sites[i]->server->call("PUT", "/areas", kFloor).status, 200);
  for (int i : {1, 2}) {
    ASSERT_TRUE(sites[i]->phone().client->report_position({.lat = 0.005, .lon = 0.005, .acc_m = 5}));
    ASSERT_TRUE(sites[i]->phone().client->let_other_sites());
  }
  const auto there = [&](Site& s) {
    const auto user = s.get("/users/" + s.user);
    return user.contains("areas") && !user.at("areas").as_array().empty() && user.at("other_sites").as_bool();
  };
  ASSERT_TRUE(until([&] { return there(*sites[1]) && there(*sites[2]); })) << say();
  ASSERT_EQ(sites[1]->server->call("PUT", "/peers/a/may", R"({"may":["users","areas"]})").status, 200);
  EXPECT_EQ(sites[1]->server->call("PUT", "/peers/a/may", R"({"may":["everything"]})").status, 400);
  ASSERT_EQ(sites[0]
                ->server
                ->call("PUT", "/plans",
                       "schema = 1\n[[plan]]\nid = \"p\"\naudience = { any = [{ area = \"floor@b\" }, "
                       "{ area = \"floor@c\" }, { users = [\"anna\"] }] }\n"
                       "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n",
                       "application/toml")
                .status,
            200);
  ASSERT_EQ(sites[0]->server->call("POST", "/groups", R"({"plan":"p"})").status, 201);
  EXPECT_TRUE(until([&] {
    return sites[0]->list() == Strings{"anna@a", "ben@b"} && sites[1]->list() == sites[0]->list();
  })) << say();
  const std::string group = sites[0]->group();
  EXPECT_TRUE(until([&] {
    const auto why = sites[0]->get("/groups/" + group + "/why");
    return why.contains("unselected") && why.at("unselected") == boost::json::value{{"c", "not-allowed"}};
  })) << say();
  EXPECT_EQ(sites[2]->link("a").at("shut"), "");
  sites[1]->server->kill9();
  sites[1]->server->start();
  EXPECT_EQ(sites[1]->link("a").at("may"), (boost::json::array{"areas", "users"})) << "kept";
}

/// The second site's server is killed in between: it keeps what it was asked.
TEST_F(Federation, R34_WhoWalksInAtAnotherSiteLaterIsDrawnInAndWhoWalksOutLeaves) {
  make({{"a", "anna"}, {"b", "ben"}});
  const char* floor =
      R"({"type":"FeatureCollection","features":[{"type":"Feature","id":"floor","properties":{},"geometry":)"
      R"({"type":"Polygon","coordinates":[[[0,0],[0.01,0],[0.01,0.01],[0,0.01],[0,0]]]}}]})";
  ASSERT_EQ(sites[1]->server->call("PUT", "/areas", floor).status, 200);
  ASSERT_EQ(sites[1]->server->call("PUT", "/peers/a/may", R"({"may":["users","areas"]})").status, 200);
  ASSERT_TRUE(sites[1]->phone().client->let_other_sites());
  ASSERT_EQ(sites[0]
                ->server
                ->call("PUT", "/plans",
                       "schema = 1\n[[plan]]\nid = \"p\"\naudience = { follow = \"1s\", any = "
                       "[{ area = \"floor@b\" }, { users = [\"anna\"] }] }\n"
                       "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n",
                       "application/toml")
                .status,
            200);
  ASSERT_EQ(sites[0]->server->call("POST", "/groups", R"({"plan":"p"})").status, 201);
  ASSERT_TRUE(until([&] { return sites[0]->list() == Strings{"anna@a"}; })) << say();
  for (int round = 0; round < 2; ++round) {
    const auto is_at = [&](double degrees) {
      return until([&, at = std::chrono::steady_clock::time_point{}]() mutable {
        if (std::chrono::steady_clock::now() - at > std::chrono::seconds(1)) {
          at = std::chrono::steady_clock::now();
          sites[1]->phone().client->report_position({.lat = degrees, .lon = degrees, .acc_m = 5});
        }
        const Strings both{"anna@a", "ben@b"}, one{"anna@a"};
        return sites[0]->list() == (degrees < 0.01 ? both : one) &&
               sites[1]->list() == (degrees < 0.01 ? both : Strings{});
      });
    };
    ASSERT_TRUE(is_at(0.005)) << say();
    ASSERT_TRUE(sites[1]->phone().client->send(sites[1]->group(), "round " + std::to_string(round)));
    EXPECT_TRUE(until([&] {
      return sites[0]->phone().texts.contains("ben@b: round " + std::to_string(round));
    })) << say();
    sites[1]->server->kill9();
    sites[1]->server->start();
    ASSERT_TRUE(is_at(0.5)) << say();
  }
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
  // And the phone there shows them in that order.
  EXPECT_TRUE(until([&] {
    Places shown;
    for (const auto& [message, at] : sites[1]->phone().places) {
      const auto slash = message.find('/');
      const std::string from = message.substr(0, slash);
      shown[(from == "ben" ? "ben@b" : from) + message.substr(slash)] = {static_cast<std::int64_t>(at.epoch),
                                                                         static_cast<std::int64_t>(at.n)};
    }
    return shown == archive(*sites[0], group);
  })) << say();
}

TEST_F(Federation, R34_WhoTypesAndWhatWasReadIsShownAtTheOtherSites) {
  make({{"a", "anna"}, {"b", "ben"}, {"c", "carol"}});
  start();
  wait_for_one_list();
  chat("hello");
  const std::string group = sites[0]->group();
  const auto shown = [&](std::size_t at, const std::string& what) {
    return sites[at]->phone().story.find(what) != std::string::npos;
  };
  // Signals may be lost, as while the server has not subscribed to them yet: apps repeat them.
  auto next = std::chrono::steady_clock::now();
  const auto until_shown = [&](const std::function<void()>& signal, const std::function<bool()>& seen) {
    return until([&] {
      if (std::chrono::steady_clock::now() >= next) {
        signal();
        next = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
      }
      return seen();
    });
  };
  EXPECT_TRUE(until_shown([&] { sites[0]->phone().client->signal(group, sdk::SignalReceived::Kind::typing); },
                          [&] { return shown(1, " typing(anna@a 0)") && shown(2, " typing(anna@a 0)"); }))
      << say();
  // Ben's phone has anna's message with its place at home; all others are told that place.
  const sdk::Message hello = sites[1]->phone().said.at("anna@a: hello");
  ASSERT_TRUE(hello.home);
  const std::string n = std::to_string(hello.home->n);
  EXPECT_TRUE(until_shown(
      [&] { sites[1]->phone().client->signal(sdk::SignalReceived::Kind::read, hello); },
      [&] { return shown(0, " read(ben@b " + n + ")") && shown(2, " read(ben@b 0 home " + n + ")"); }))
      << say();
}

TEST_F(Federation, R34_ABlockHoldsAtBothSites) {
  make({{"a", "anna"}, {"b", "ben"}, {"c", "carol"}});
  start();
  wait_for_one_list();
  const std::string group = sites[0]->group();
  ASSERT_TRUE(sites[1]->phone().client->set_blocked("anna@a", true));
  for (int i : {0, 1})
    ASSERT_TRUE(until([&] { return sites[i]->phone().client->buddies(group).size() == 2; }))
        << "hidden from one another\n"
        << say();
  for (auto& site : sites) ASSERT_TRUE(site->phone().client->send(group, "hello"));
  EXPECT_TRUE(until([&] {
    return all([&](Site& s) { return archive(s, group).size() == 3 && !s.phone().texts.empty(); });
  })) << say();
  EXPECT_EQ(sites[0]->phone().texts, (std::set<std::string>{"carol@c: hello"}));
  EXPECT_EQ(sites[1]->phone().texts, (std::set<std::string>{"carol@c: hello"}));
  EXPECT_TRUE(until([&] { return sites[2]->phone().texts.size() == 2; })) << "nobody else is concerned";
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
  EXPECT_TRUE(until([&] {
    return sites[0]->get("/erasures").at("running") == 0 &&
           test::traces_in(sites[0]->server->folder(), {"Mermaid ahoy"}).empty();
  })) << "what they said there goes too\n"
      << say();
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

/// The server sees all of it at once, as where it was busy for a moment.
TEST_F(Federation, R34_APeerThatFloodsIsShutOut) {
  make({{"a", "anna"}, {"b", "ben"}});
  sites[1]->server->kill9();
  const std::int64_t now = test::TestTokens::now_s();
  const auto token = sign(token::KeySet::parse(sites[1]->link_key),
                          {"b", "a", topics::Role::peer, "link", now - 20, now + 600})
                         .value();
  test::TestClient peer(sites[0]->broker.url(), "a:b:link");
  ASSERT_TRUE(sites[0]->phones->until([&] { return peer.connect(token) == test::kSuccess; }));
  messages::PeerBatch batch;
  batch.epoch = static_cast<std::uint64_t>(now) * 2000;
  batch.first = 1;
  batch.items.assign(messages::kMaxPeerItems, messages::PeerUnknown{});
  const std::string payload = encode(batch);
  ::kill(sites[0]->server->pid(), SIGSTOP);
  for (std::size_t items = 0; items <= 55'000; items += messages::kMaxPeerItems)
    ASSERT_EQ(peer.publish("cv1/a/peer/b/link", payload), test::kSuccess);
  ::kill(sites[0]->server->pid(), SIGCONT);
  EXPECT_TRUE(peer.wait_until_cut()) << say();
  EXPECT_EQ(sites[0]->link("b").at("shut"), "flood") << say();
}

}  // namespace
}  // namespace convoke
