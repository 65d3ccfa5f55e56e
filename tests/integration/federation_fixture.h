#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/federated_site.h"
#include "tests/support/tcp_proxy.h"

namespace convoke {

using test::Site;
using Strings = std::vector<std::string>;

/// Sites of their own, each with a broker with the plugin, a server and a phone on the real SDK, and between
/// any two a way that a test can disturb.
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
    way = std::make_unique<test::TcpProxy>(to.broker.port(), keep);
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
  /// The archive by (sender in full, id): place in home's order. With a text: only what reads so.
  static Places archive(Site& s, const std::string& group, const std::string& text = {}) {
    Places places;
    std::string after;
    do {
      const auto page = s.get("/groups/" + group + "/export" + after);
      for (const auto& line : page.at("lines").as_array())
        if (line.at("type") == "message" && (text.empty() || line.at("message").at("text") == text.c_str()))
          note(places, line.at("message").as_object(), s.name);
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

  bool keep = false;  // the ways keep what they carry
  std::vector<std::unique_ptr<Site>> sites;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<test::TcpProxy>> ways;
};

}  // namespace convoke
