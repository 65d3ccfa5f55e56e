#include "tests/bench/observer.h"

#include <stdexcept>
#include <utility>

#include "ops/crowd/clock.h"
#include "topics/messages/inbox.h"
#include "topics/messages/presence.h"
#include "topics/topic.h"

namespace convoke::bench {

Observer::Observer(const std::string& broker_url, const test::TestTokens& tokens, const std::string& user)
    : client_(broker_url, tokens.client_id(user), mqtt::create_options(MQTTVERSION_5)) {
  client_.set_message_callback(
      [this](const mqtt::const_message_ptr& message) { note(message->to_string()); });
  mqtt::connect_options options;
  options.set_mqtt_version(MQTTVERSION_5);
  options.set_clean_start(true);
  options.set_user_name(tokens.client_id(user));
  options.set_password(tokens.make(topics::Role::terminal, user));
  const auto site = topics::SiteId::parse(tokens.site());
  const auto id = topics::UserId::parse(user);
  try {
    client_.connect(options)->wait();
    client_.subscribe(topics::inbox_topic(site, id), 1)->wait();
    client_
        .publish(topics::presence_topic(site, id, topics::DeviceId::parse("d1")),
                 encode(messages::Presence{messages::PresenceState::available, 1}), 1, true)
        ->wait();
  } catch (const mqtt::exception& refused) {
    throw std::runtime_error(std::string("the observer was refused: ") + refused.what());
  }
}

std::vector<Observer::Start> Observer::take() {
  const MutexLock lock(mutex_);
  return std::exchange(starts_, {});
}

void Observer::note(const std::string& payload) {
  const std::int64_t now = crowd::unix_ms();
  const auto message = messages::decode_inbox(payload);
  const auto* start = message ? std::get_if<messages::ChatStart>(&*message) : nullptr;
  if (!start) return;
  const MutexLock lock(mutex_);
  starts_.push_back({start->head.plan, now});
}

}  // namespace convoke::bench
