#pragma once

#include <chrono>
#include <deque>
#include <functional>

#include "convoke/client.h"
#include "tests/integration/broker_fixture.h"
#include "topics/messages/request.h"

/// A real broker in which the test plays the server.
namespace convoke::sdk {

class BrokerWorld : public test::BrokerFixture {
 protected:
  const std::string group_id = std::string(32, 'a');
  const std::string own = "cv1/demo/u/mia/phone/";

  void SetUp() override {
    BrokerFixture::SetUp();
    feed_group(group_id, {"mia", "ben"});
    for (const char* filter : {"cv1/demo/u/+/+/req", "cv1/demo/u/+/+/presence", "cv1/demo/u/+/+/pos"})
      ASSERT_LE(server->subscribe(filter, 1), 2);
  }

  std::deque<Event> events;  // polled and not yet awaited

  Options options() {
    Options o;
    o.brokers = {broker.url()};
    o.site = "demo";
    o.user = "mia";
    o.device = "phone";
    o.token = [this] { return tokens.make(topics::Role::terminal, "mia", "phone"); };
    return o;
  }

  /// Polls until an event of this kind has come, passing over those before it; fails after ten seconds.
  template <class E>
  E await(Client& client) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    do {
      while (!events.empty()) {
        const Event event = std::move(events.front());
        events.pop_front();
        if (const auto* e = std::get_if<E>(&event)) return *e;
      }
      client.wait_and_poll(std::chrono::milliseconds(100), [&](const Event& e) { events.push_back(e); });
    } while (!events.empty() || std::chrono::steady_clock::now() < deadline);
    ADD_FAILURE() << "no such event";
    return E{};
  }

  /// Waits for mia's next request of this kind, and answers it.
  template <class R, class A>
  void answer(A result) {
    const auto is_one = [](const test::Received& message) {
      const auto request = messages::decode_request(message.payload);
      return request && std::holds_alternative<R>(request->op);
    };
    const auto asked = server->wait_for(is_one);
    ASSERT_TRUE(asked) << "no such request";
    const std::string id = messages::decode_request(asked->payload)->id;
    server->clear();
    EXPECT_EQ(server->publish(own + "res", encode(messages::Response{id, std::move(result)})), 0);
  }

  std::optional<messages::Presence> await_presence(messages::PresenceState state) {
    const auto message = server->wait_for([&](const test::Received& m) {
      return m.topic == own + "presence" && messages::decode_presence(m.payload)->state == state;
    });
    if (!message) return std::nullopt;
    return *messages::decode_presence(message->payload);
  }
};

}  // namespace convoke::sdk
