#pragma once

#include <string>
#include <vector>

#include "backend/egress/link.h"
#include "topics/messages/feed.h"
#include "topics/topic.h"

namespace convoke::test {

/// A link without a broker: keeps what it was told. What happens is the test's to say.
class FakeLink final : public egress::Link {
 public:
  struct Published {
    std::string topic, payload;
    std::uint64_t number = 0;
  };

  void connect(const std::string&) override { ++connection_; }
  void disconnect() override {}
  void subscribe(const std::vector<Filter>& filters) override {
    subscribed.insert(subscribed.end(), filters.begin(), filters.end());
  }
  void unsubscribe(const std::string& filter) override {
    std::erase_if(subscribed, [&](const Filter& f) { return f.text == filter; });
  }
  void publish(const std::string& topic, const std::string& payload, int, bool, const std::string&,
               std::uint64_t number) override {
    published.push_back({topic, payload, number});
  }
  std::uint64_t connection() const override { return connection_; }

  /// What was published to the topic, oldest first.
  std::vector<std::string> payloads(const std::string& topic) const {
    std::vector<std::string> found;
    for (const auto& p : published)
      if (p.topic == topic) found.push_back(p.payload);
    return found;
  }
  /// The number of the last feed.
  std::uint64_t last_feed() const {
    return messages::decode_feed(payloads(std::string(topics::kFeedTopic)).back())->seq;
  }
  egress::LinkMessage message(const std::string& topic, const std::string& payload) const {
    return {connection_, topic, payload, {}, {}};
  }

  std::vector<Filter> subscribed;
  std::vector<Published> published;

 private:
  std::uint64_t connection_ = 0;
};

}  // namespace convoke::test
