#include "ops/crowd/light_phone.h"

#include <algorithm>
#include <utility>

#include "topics/messages/chat.h"
#include "topics/messages/position.h"
#include "topics/messages/presence.h"
#include "topics/principal.h"
#include "topics/topic.h"

namespace convoke::crowd {

using topics::GroupId;

namespace {

constexpr double kFixDistanceM = 10;
constexpr int kSilentS = 30;

std::string prefix_of(const topics::SiteId& site, const GroupId& group) {
  std::string topic = topics::head_topic(site, group);
  topic.resize(topic.size() - std::string_view("head").size());
  return topic;
}

}  // namespace

LightPhone::LightPhone(topics::SiteId site, topics::UserId user, topics::DeviceId device, Walker walker,
                       std::uint64_t seed)
    : site_(std::move(site)),
      user_(std::move(user)),
      device_(std::move(device)),
      walker_(std::move(walker)),
      random_(seed) {}

std::uint16_t LightPhone::next_id() {
  id_ = static_cast<std::uint16_t>(id_ % 65'535 + 1);
  return id_;
}

std::string LightPhone::hello(const std::string& token, std::int64_t unix_ms) {
  connect_number_ = std::max(connect_number_ + 1, static_cast<std::uint64_t>(unix_ms));
  wire::Connect connect;
  connect.client_id = topics::client_id({site_, topics::Role::terminal, user_.str(), device_});
  connect.user = user_.str();
  connect.password = token;
  connect.will_topic = topics::presence_topic(site_, user_, device_);
  connect.will_payload = encode(messages::Presence{messages::PresenceState::offline, connect_number_});
  return wire::connect(connect);
}

std::string LightPhone::welcome() {
  connected_ = true;
  silent_s_ = kSilentS;
  messages::ResumeRequest resume;
  for (const auto& [group, held] : held_) resume.groups.push_back({group, held.told, false});
  held_.clear();  // a new session has no subscriptions; the answer starts them again
  return wire::subscribe(next_id(), {{topics::inbox_topic(site_, user_), 1},
                                     {topics::response_topic(site_, user_, device_), 1}}) +
         show_presence() + request(std::move(resume));
}

std::string LightPhone::show_presence() {
  const auto state = away_ ? messages::PresenceState::away : messages::PresenceState::available;
  return wire::publish(topics::presence_topic(site_, user_, device_),
                       encode(messages::Presence{state, connect_number_}), next_id(), true);
}

std::string LightPhone::flip(LightCounts& counts) {
  away_ = !away_;
  ++counts.flips;
  return show_presence();
}

std::string LightPhone::on(const wire::Packet& packet, LightCounts& counts) {
  switch (packet.type) {
    case wire::Type::connack:
      return packet.code == 0 ? welcome() : (++counts.refused, std::string());
    case wire::Type::publish:
      return (packet.id != 0 ? wire::puback(packet.id) : "") + arrived(packet, counts);
    case wire::Type::puback:
      if (packet.code >= 0x80) ++counts.refused;
      return {};
    case wire::Type::suback:
      counts.refused += static_cast<std::uint64_t>(
          std::count_if(packet.codes.begin(), packet.codes.end(), [](int code) { return code >= 0x80; }));
      return {};
    default:
      return {};
  }
}

std::string LightPhone::arrived(const wire::Packet& packet, LightCounts& counts) {
  const auto topic = topics::parse_topic(packet.topic);
  if (!topic) return {};
  if (topic->kind == topics::Kind::inbox) {
    const auto message = messages::decode_inbox(packet.payload);
    return message ? inbox(*message, counts) : std::string();
  }
  if (topic->kind == topics::Kind::response) return answered(packet.payload, counts);
  if (topic->kind == topics::Kind::group_chat) {
    if (packet.stamped && topic->user != user_) ++counts.delivered;
    return {};
  }
  const auto held = held_.find(topic->group.str());
  if (held == held_.end()) return {};
  if (topic->kind == topics::Kind::group_head) {
    if (const auto head = messages::decode_roster_head(packet.payload)) held->second.head = head->version;
  } else if (topic->kind == topics::Kind::group_buddies) {
    if (const auto page = messages::decode_roster_page(packet.payload)) held->second.page = page->version;
  } else if (topic->kind == topics::Kind::group_changes) {
    changed(held->second, packet.payload);
  }
  return tell_held(held->first, held->second, counts);
}

/// As the SDK does: not all in the same moment.
int LightPhone::page_wait(const Held& held) {
  return std::uniform_int_distribution<int>(0, static_cast<int>(held.members / 1000))(random_);
}

/// The first page is to be asked for anew where it has changed; of a list with one page the change says it
/// all.
void LightPhone::changed(Held& held, const std::string& payload) {
  const auto changes = messages::decode_roster_changes(payload);
  if (!changes || changes->version <= held.head) return;
  held.head = changes->version;
  held.members = changes->members;
  const auto& pages = changes->pages_changed;
  if (!changes->all && std::find(pages.begin(), pages.end(), 0U) == pages.end()) return;
  held.page = 0;
  if (held.asked)
    held.again = true;  // an answer that is under way may have left before the change
  else if (held.wait_s < 0)
    held.wait_s = page_wait(held);
}

std::string LightPhone::page(const messages::RosterPage& page, LightCounts& counts) {
  const auto found = held_.find(page.group);
  if (found == held_.end()) return {};
  Held& held = found->second;
  held.asked = false;
  if (std::exchange(held.again, false)) {
    held.wait_s = page_wait(held);
    return {};
  }
  held.page = page.version;
  return tell_held(found->first, held, counts);
}

std::string LightPhone::tell_held(const std::string& group, Held& held, LightCounts& counts) {
  const std::uint64_t head = held.head, page = held.page, told = held.told;
  if (head == 0 || page == 0 || page > head || told == head) return {};
  const bool first = told == 0;
  counts.held += first ? 1 : 0;
  held.told = head;
  std::string out = hold(group, head, false);
  if (first) out += wire::unsubscribe(next_id(), {prefix_of(site_, GroupId::parse(group)) + "buddies/0"});
  return out;
}

std::string LightPhone::inbox(const messages::InboxMessage& message, LightCounts& counts) {
  if (const auto* begin = std::get_if<messages::ChatStart>(&message)) return start(begin->head.group, counts);
  if (const auto* over = std::get_if<messages::ChatEnd>(&message)) return end(over->group, counts);
  return {};
}

std::string LightPhone::answered(const std::string& payload, LightCounts& counts) {
  const auto response = messages::decode_response(payload);
  if (!response) return {};
  ++counts.answered;
  if (const auto* asked = std::get_if<messages::RosterPage>(&response->result)) return page(*asked, counts);
  const auto* resume = std::get_if<messages::ResumeAnswer>(&response->result);
  if (resume == nullptr) return {};
  std::string out;
  for (const auto& over : resume->ends) out += end(over.group, counts);
  for (const auto& begin : resume->starts) out += start(begin.head.group, counts);
  return out;
}

std::string LightPhone::start(const std::string& group, LightCounts& counts) {
  if (!held_.try_emplace(group).second) return {};
  ++counts.started;
  const std::string prefix = prefix_of(site_, GroupId::parse(group));
  return wire::subscribe(next_id(), {{prefix + "head", 1},
                                     {prefix + "buddies/0", 1},
                                     {prefix + "changes", 1},
                                     {prefix + "ack", 0},
                                     {prefix + "notice", 1},
                                     {prefix + "chat/+", 1},
                                     {prefix + "signal/+", 0}}) +
         request(messages::HistoryRequest{group});
}

std::string LightPhone::end(const std::string& group, LightCounts& counts) {
  if (held_.erase(group) > 0) ++counts.ended;
  return hold(group, 0, true);
}

std::string LightPhone::hold(const std::string& group, std::uint64_t version, bool ended) {
  return request(messages::HoldRequest{{{group, version, ended}}});
}

std::string LightPhone::request(decltype(messages::Request::op) op) {
  const messages::Request request{std::to_string(connect_number_) + "." + std::to_string(++counter_),
                                  std::move(op)};
  return wire::publish(topics::request_topic(site_, user_, device_), encode(request), next_id());
}

std::string LightPhone::second(double chat_per_minute, double walk_seconds, std::int64_t venue_ms,
                               LightCounts& counts) {
  std::string out;
  walker_.advance(walk_seconds);
  const Sighting seen = walker_.sighting();
  if (++silent_s_ >= kSilentS || geo::distance_m(seen.at, reported_) >= kFixDistanceM) {
    silent_s_ = 0;
    reported_ = seen.at;
    ++counts.fixes;
    const messages::Fix fix{.time_ms = venue_ms,
                            .lat = seen.at.lat,
                            .lon = seen.at.lon,
                            .acc_m = seen.acc_m,
                            .alt_m = {},
                            .speed_mps = {}};
    out += wire::publish(topics::position_topic(site_, user_, device_),
                         encode(messages::PositionReport{{fix}}), 0);
  }
  for (auto& [group, held] : held_) {
    if (held.wait_s >= 0 && held.wait_s-- == 0) {
      held.asked = true;
      out += request(messages::PageRequest{group, 0});
    }
    if (std::uniform_real_distribution<double>(0, 60)(random_) >= chat_per_minute) continue;
    ++counts.sent;
    const messages::ChatMessage message{std::to_string(connect_number_) + "." + std::to_string(++counter_),
                                        "text",
                                        "Hello from a light phone",
                                        {}};
    out += wire::publish(topics::chat_topic(site_, GroupId::parse(group), user_), encode(message), next_id());
  }
  return out;
}

}  // namespace convoke::crowd
