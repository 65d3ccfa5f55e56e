#pragma once

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/mosquitto_process.h"
#include "tests/support/phones.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_tokens.h"

namespace convoke::test {

/// A site that can be joined with others: a broker with the plugin, a server and a phone on the real SDK.
struct Site {
  /// `more`: lines for `[federation]`; `more_broker`: for the broker's configuration.
  explicit Site(const std::string& site, const std::string& person, const std::string& more = {},
                const std::string& more_broker = {})
      : name(site), user(person), tokens(site), broker(site, tokens.public_jwks(), more_broker) {
    std::ofstream(dir / "link.jwks") << link_key;
    broker.start();
    server = std::make_unique<ServerProcess>(
        tokens, broker.port(), "[federation]\nkey_file = \"" + (dir / "link.jwks") + "\"\n" + more);
    phones = std::make_unique<Phones>(tokens, broker.url(), 0);
    phones->add(user, broker.url());
    server->start();
  }

  Phone& phone() { return (*phones)[0]; }
  std::string full() const { return user + "@" + name; }
  std::string keys() const { return token::KeySet::parse(link_key).public_jwks(); }

  /// Joins that site, whose broker is reached at this port.
  HttpAnswer add_peer(const Site& to, std::uint16_t port, const std::string& host = "127.0.0.1") const {
    return server->call(
        "PUT", "/peers/" + to.name,
        R"({"host":")" + host + R"(","port":)" + std::to_string(port) + R"(,"keys":)" + to.keys() + "}");
  }

  /// The only chat that the phone is in; empty: none.
  std::string group() {
    const auto groups = phone().client->groups();
    return groups.empty() ? std::string() : groups[0].id;
  }
  /// The users of its list, with their sites.
  std::vector<std::string> list() {
    std::vector<std::string> users;
    for (const sdk::Buddy& b : phone().client->buddies(group()))
      users.push_back(b.user.find('@') == std::string::npos ? b.user + "@" + name : b.user);
    std::sort(users.begin(), users.end());
    return users;
  }
  boost::json::object get(const std::string& path) const {
    return boost::json::parse(server->call("GET", path).body).as_object();
  }
  /// The link to that site, as the server shows it.
  boost::json::object link(const std::string& site) const {
    const boost::json::object shown = get("/peers");
    for (const auto& peer : shown.at("peers").as_array())
      if (peer.at("site").as_string() == site) return peer.as_object();
    return {};
  }

  const std::string name, user;
  const std::string link_key = token::KeySet::generate_ed25519("link");
  TempDir dir;
  TestTokens tokens;
  MosquittoProcess broker;
  std::unique_ptr<ServerProcess> server;
  std::unique_ptr<Phones> phones;
};

}  // namespace convoke::test
