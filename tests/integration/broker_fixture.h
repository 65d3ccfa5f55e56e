#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/mosquitto_process.h"
#include "tests/support/test_client.h"
#include "tests/support/test_tokens.h"
#include "topics/messages/feed.h"
#include "topics/topic.h"

namespace convoke::test {

/// A running broker of site "demo" and a connected server "s1" that can feed it.
class BrokerFixture : public testing::Test {
 protected:
  BrokerFixture() : broker(tokens.site(), tokens.public_jwks()) {}

  void SetUp() override {
    broker.start();
    server = make_client("s1");
    ASSERT_EQ(server->connect(tokens.make(topics::Role::server, "s1")), kSuccess);
  }

  std::unique_ptr<TestClient> make_client(const std::string& subject,
                                          const std::string& device = "d1") const {
    return std::make_unique<TestClient>(broker.url(), tokens.client_id(subject, device));
  }

  /// A client that is connected with a token of that role.
  std::unique_ptr<TestClient> connected(topics::Role role, const std::string& subject,
                                        const ConnectWith& with = {}) const {
    auto client = make_client(subject);
    EXPECT_EQ(client->connect(tokens.make(role, subject), with), kSuccess) << subject;
    return client;
  }

  /// Feeds the plugin and waits for its answer.
  messages::FeedResponse feed(std::vector<messages::FeedOp> ops) {
    return feed_payload(encode(messages::Feed{++seq_, std::move(ops)}));
  }

  messages::FeedResponse feed_payload(const std::string& payload) {
    server->clear();
    EXPECT_EQ(server->publish(std::string(topics::kFeedTopic), payload), kSuccess);
    const auto answer =
        server->wait_for([](const Received& message) { return message.topic == topics::kFeedResponseTopic; });
    if (!answer) {
      ADD_FAILURE() << "the plugin did not answer";
      return {};
    }
    return messages::decode_feed_response(answer->payload).value();
  }

  /// A full feed: one group with these members.
  void feed_group(const std::string& group, const std::vector<std::string>& users) {
    const auto answer = feed({messages::FeedBegin{}, messages::FeedAdd{group, users}, messages::FeedReady{}});
    ASSERT_EQ(answer.error, "");
    ASSERT_TRUE(answer.ready);
  }

  TestTokens tokens;
  MosquittoProcess broker;
  std::unique_ptr<TestClient> server;

 private:
  std::uint64_t seq_ = 0;
};

}  // namespace convoke::test
