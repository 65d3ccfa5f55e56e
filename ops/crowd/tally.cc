#include "ops/crowd/tally.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>

namespace convoke::crowd {
namespace {

/// 54000 → "54 000".
std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ' ');
  return text;
}

void say(double at_s, const std::string& what) {
  fmt::print("{:7.1f} s  {}\n", at_s, what);
  std::fflush(stdout);
}

boost::json::object to_value(const LightCounts& light) {
  return {{"phones", light.phones},      {"connected", light.connected}, {"fixes", light.fixes},
          {"sent", light.sent},          {"delivered", light.delivered}, {"started", light.started},
          {"held", light.held},          {"ended", light.ended},         {"refused", light.refused},
          {"flips", light.flips},        {"answered", light.answered},   {"bytes_in", light.bytes_in},
          {"bytes_out", light.bytes_out}};
}

std::string group_of(const sdk::Event& event) {
  return std::visit(
      [](const auto& e) -> std::string {
        if constexpr (std::is_same_v<std::decay_t<decltype(e)>, sdk::ChatStarted>)
          return e.group.id;
        else if constexpr (std::is_same_v<std::decay_t<decltype(e)>, sdk::BuddyListChanged>)
          return e.group;
        else
          return {};
      },
      event);
}

}  // namespace

std::uint64_t Tally::Group::newest() const {
  std::uint64_t newest = 0;
  for (const auto& [phone, version] : versions) newest = std::max(newest, version);
  return newest;
}

std::size_t Tally::Group::holding(std::uint64_t version) const {
  return static_cast<std::size_t>(
      std::count_if(versions.begin(), versions.end(), [=](const auto& v) { return v.second >= version; }));
}

void Tally::count(std::size_t phone, const sdk::Event& event, const std::optional<sdk::Group>& held) {
  if (held && group_of(event) == held->id) {
    Group& group = groups[held->id];
    group.name = held->name.empty() ? held->plan : held->name;
    group.members = held->members;
    group.versions[phone] = held->version;
  }
  if (std::holds_alternative<sdk::MessageReceived>(event)) ++delivered;
  if (std::holds_alternative<sdk::Refused>(event)) ++refused;
  if (const auto* own = std::get_if<sdk::OwnMessage>(&event)) {
    if (own->state == sdk::OwnMessage::State::archived) ++archived;
    if (own->state == sdk::OwnMessage::State::dropped) ++dropped;
  }
  if (const auto* lost = std::get_if<sdk::EventsLost>(&event)) events_lost += lost->count;
  const auto* end = std::get_if<sdk::ChatEnded>(&event);
  const auto group = end == nullptr ? groups.end() : groups.find(end->group);
  if (group == groups.end()) return;
  group->second.versions.erase(phone);
  group->second.ended.insert(phone);
}

void Tally::forget_ended() {
  std::erase_if(groups, [](const auto& group) { return group.second.over(); });
}

std::string Tally::to_json(double at_s) const {
  boost::json::array all;
  for (const auto& [id, group] : groups) {
    all.push_back({{"group", id},
                   {"name", group.name},
                   {"members", group.members},
                   {"version", group.newest()},
                   {"holding", group.holding(group.newest())},
                   {"ended", group.ended.size()}});
  }
  return boost::json::serialize(boost::json::object{{"t_ms", static_cast<std::int64_t>(at_s * 1000)},
                                                    {"phones", phones},
                                                    {"connected", connected},
                                                    {"disconnects", disconnects},
                                                    {"fixes", fixes},
                                                    {"sent", sent},
                                                    {"delivered", delivered},
                                                    {"archived", archived},
                                                    {"dropped", dropped},
                                                    {"refused", refused},
                                                    {"events_lost", events_lost},
                                                    {"groups", std::move(all)},
                                                    {"light", to_value(light)}});
}

void Story::tell(const Tally& tally, double at_s) {
  std::erase_if(groups_, [&](const auto& told) { return !tally.groups.contains(told.first); });
  if (tally.connected != connected_) {
    connected_ = tally.connected;
    say(at_s, fmt::format("{} of {} phones are connected", tally.connected, tally.phones));
  }
  for (const auto& [id, group] : tally.groups) {
    Told& told = groups_[id];
    const std::uint64_t version = group.newest();
    const std::size_t holding = group.holding(version);
    if (version > 0 && (version != told.version || holding != told.holding))
      say(at_s, fmt::format("{} of {} phones hold the list of {} (v{})", holding, group.members, group.name,
                            version));
    if (group.ended.size() != told.ended)
      say(at_s, fmt::format("chat {} ended on {} of {} phones, lists deleted", group.name, group.ended.size(),
                            group.ended.size() + group.versions.size()));
    told = {version, holding, group.ended.size()};
  }
  tell_light(tally.light, at_s);
  if (tally.delivered != delivered_ && at_s - messages_at_s_ >= 5) {
    delivered_ = tally.delivered;
    messages_at_s_ = at_s;
    say(at_s, fmt::format("messages: {} sent, {} delivered", grouped(tally.sent), grouped(tally.delivered)));
    if (tally.light.phones > 0)
      say(at_s, fmt::format("light phones: {} sent, {} delivered", grouped(tally.light.sent),
                            grouped(tally.light.delivered)));
  }
}

void Story::tell_light(const LightCounts& light, double at_s) {
  if (light.connected != light_.connected)
    say(at_s, fmt::format("{} of {} light phones are connected", light.connected, light.phones));
  if (light.started != light_.started || light.held != light_.held || light.ended != light_.ended)
    say(at_s, fmt::format("light phones: {} chats started, {} lists held, {} ended", light.started,
                          light.held, light.ended));
  light_ = light;
}

}  // namespace convoke::crowd
