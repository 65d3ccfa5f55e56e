// kill -9 at random moments of a chat's life, of the server and of the broker: after the restart every phone
// ends in the right state, and nothing that was acknowledged is missing or comes twice.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <regex>
#include <set>

#include "tests/support/mosquitto_process.h"
#include "tests/support/phones.h"
#include "tests/support/server_process.h"

namespace convoke {
namespace {

constexpr int kPhones = 4;
constexpr int kMessagesEach = 5;
constexpr const char* kPlan =
    "schema = 1\n[[plan]]\nid = \"p\"\naudience = { presence = \"any\", any = [{ users = [\"user0\", "
    "\"user1\", \"user2\"] }] }\n"
    "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n";

enum class Victim { server, broker };

/// One chat life of four phones, in which the victim is killed once, when a given number of things have
/// happened.
class Life {
 public:
  Life(Victim victim, unsigned seed) : victim_(victim), random_(seed) {
    server_.start();
    if (server_.call("PUT", "/plans", kPlan, "application/toml").status != 200)
      throw std::runtime_error("plan refused:\n" + server_.log());
    // A whole life without a kill is about 90 steps and events long.
    kill_at_ = std::uniform_int_distribution<int>(1, 90)(random_);
  }

  void run() {
    step(
        [&] {
          return phones_.until_all([&](test::Phone& p) {
            tick();
            return p.client->connected();
          });
        },
        "all phones connect");
    const std::string group = start();
    add_the_last(group);
    step(
        [&] {
          return phones_.until_all([&](test::Phone& p) {
            tick();
            return holds(p, group);
          });
        },
        "all phones hold the same list");
    compare_with_server(group);
    for (int i = 0; i < kMessagesEach; ++i)
      for (auto& phone : phones_.all()) {
        ASSERT_TRUE(phone->client->send(group, "message " + std::to_string(i)));
        phones_.until([&] {
          tick();
          return true;
        });
      }
    step(
        [&] {
          return phones_.until_all([&](test::Phone& p) {
            tick();
            return p.archived.size() == kMessagesEach;
          });
        },
        "all messages are archived");
    step(
        [&] {
          return phones_.until_all([&](test::Phone& p) {
            tick();
            return received_all(p, group);
          });
        },
        "everybody has every message");
    end(group);
    step(
        [&] {
          return phones_.until_all([&](test::Phone& p) {
            tick();
            return p.ended.contains(group);
          });
        },
        "all phones see the end");
    kill_now();  // if it has not been its time yet: the last moment is one too
    step(
        [&] {
          return phones_.until_all(
              [&](test::Phone& p) { return p.client->connected() && p.client->groups().empty(); });
        },
        "no phone shows the chat");
    for (auto& phone : phones_.all()) EXPECT_EQ(phone->repeats, 0) << phone->user;
    EXPECT_NE(server_.call("GET", "/groups/" + group).body.find("\"end_reason\":\"staff\""),
              std::string::npos);
  }

 private:
  /// The staff button, pressed until it is acknowledged, always with the same key.
  std::string start() {
    std::string id;
    step(
        [&] {
          return phones_.until([&] {
            tick();
            const auto answer = server_.call("POST", "/groups", R"({"plan":"p","key":"once"})");
            std::smatch found;
            if (answer.status != 200 && answer.status != 201) return false;
            if (!std::regex_search(answer.body, found, std::regex("[0-9a-f]{32}"))) return false;
            EXPECT_TRUE(id.empty() || id == found.str());
            id = found.str();
            return true;
          });
        },
        "the start is acknowledged");
    return id;
  }

  /// The plan's list has all phones but the last, whom staff add.
  void add_the_last(const std::string& group) {
    const std::string last = "user" + std::to_string(kPhones - 1);
    step(
        [&] {
          return phones_.until([&] {
            tick();
            const std::string body = "{\"user\":\"" + last + "\"}";
            return server_.call("POST", "/groups/" + group + "/members", body).status == 200;
          });
        },
        "the added member is acknowledged");
  }

  /// Phones and server agree on the list: its version, and who is on it. They may need a moment to.
  void compare_with_server(const std::string& group) {
    step(
        [&] {
          return phones_.until([&] {
            tick();
            const std::string shown = server_.call("GET", "/groups/" + group).body;
            for (auto& phone : phones_.all())
              if (!agrees(*phone, group, shown)) return false;
            return true;
          });
        },
        "phones and server agree on version and members");
  }

  static bool agrees(test::Phone& p, const std::string& group, const std::string& shown) {
    const auto held = p.client->group(group);
    if (!held || shown.find("\"version\":" + std::to_string(held->version) + ",") == std::string::npos)
      return false;
    std::size_t users = 0;
    for (std::size_t at = 0; (at = shown.find("\"user\":", at)) != std::string::npos; ++at) ++users;
    const auto buddies = p.client->buddies(group);
    return users == buddies.size() && std::all_of(buddies.begin(), buddies.end(), [&](const auto& b) {
             return shown.find("\"user\":\"" + b.user + "\"") != std::string::npos;
           });
  }

  void end(const std::string& group) {
    step(
        [&] {
          return phones_.until([&] {
            tick();
            return server_.call("POST", "/groups/" + group + "/end").status == 200;
          });
        },
        "the end is acknowledged");
  }

  static bool holds(test::Phone& p, const std::string& group) {
    return p.started.contains(group) && p.client->buddies(group).size() == kPhones;
  }

  bool received_all(test::Phone& p, const std::string& group) {
    for (auto& other : phones_.all()) {
      if (other->user == p.user) continue;
      for (const auto& id : other->archived)
        if (!p.received[group].contains(id)) return false;
    }
    return true;
  }

  template <class F>
  void step(F f, const char* what) {
    ASSERT_TRUE(f()) << "in vain waited until: " << what << "\nkilled at " << kill_at_ << ": " << killed_
                     << "\n"
                     << phones_.stories() << server_.log();
    ++steps_;
  }

  /// Kills when it is time. The phones' events are the clock, so a seed means the same moment on any machine,
  /// nearly.
  void tick() {
    if (!killed_ && phones_.seen() + steps_ >= kill_at_) kill_now();
  }

  void kill_now() {
    if (std::exchange(killed_, true)) return;
    if (victim_ == Victim::server) {
      server_.kill9();
      server_.spawn();
    } else {
      broker_.kill9();
      broker_.start();
    }
  }

  Victim victim_;
  std::mt19937 random_;
  int kill_at_ = 0, steps_ = 0;
  bool killed_ = false;
  test::TestTokens tokens_;
  test::MosquittoProcess broker_{"demo", tokens_.public_jwks()};
  // The broker's port is known once it runs.
  bool started_ = (broker_.start(), true);
  test::ServerProcess server_{tokens_, broker_.port()};
  test::Phones phones_{tokens_, broker_.url(), kPhones};
};

class Kill : public testing::TestWithParam<unsigned> {};

TEST_P(Kill, ServerAtARandomMoment) { Life(Victim::server, GetParam()).run(); }
TEST_P(Kill, BrokerAtARandomMoment) { Life(Victim::broker, GetParam()).run(); }

INSTANTIATE_TEST_SUITE_P(TenMoments, Kill, testing::Range(1u, 11u));

}  // namespace
}  // namespace convoke
