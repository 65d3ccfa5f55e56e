#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/core_world.h"
#include "topics/messages/peer.h"

namespace convoke::test {

/// A site's core with a broker that stamps at once, and what waits for the other sites.
class SiteWorld : public CoreWorld {
 public:
  SiteWorld(const std::string& site, char family) : CoreWorld(site, family), name(site) {
    after_step = [this] { keep(); };
  }

  /// A member says something; the broker stamps it.
  void say(const std::string& user, const std::string& id, const std::string& text = "hello") {
    const topics::GroupId group = this->group().id;
    messages::ChatMessage message;
    message.id = id;
    message.text = text;
    stamped(group, user, message);
  }

  /// What the server itself published on chat and notice topics comes back with a stamp. True if there was
  /// any.
  bool echo() {
    const auto published = std::exchange(unstamped_, {});
    for (const auto& p : published) {
      const auto topic = topics::parse_topic(p.topic);
      if (topic->kind == topics::Kind::group_chat) {
        stamped(topic->group, topic->user.str(), messages::decode_chat_message(p.payload).value());
        continue;
      }
      const auto notice = messages::decode_notice(p.payload).value();
      step([&](auto& e, auto& ctx) { e.notice(topic->group, notice, stamp(topic->group), ctx); });
    }
    return !published.empty();
  }

  /// "from: text" of all that was archived, in this site's order.
  std::vector<std::string> archive;
  /// The same by (sender in full, id): place in the order of the group's home.
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> home_places;

  std::vector<std::string> members() {
    std::vector<std::string> users;
    for (const auto& [user, member] : group().members) users.push_back(user.str());
    return users;
  }

  /// Users whom this site has erased.
  std::set<std::string> erased;

  const std::string name;
  std::uint64_t epoch = 1;                        // of the broker
  std::uint32_t speaks = messages::kPeerVersion;  // with the other sites
  struct Queue {
    std::deque<std::pair<std::uint64_t, std::string>> items;
  };
  std::map<std::string, Queue> queues;
  std::map<std::string, std::vector<messages::PeerSignal>> signals;  // to be told now, or not at all
  bool changed = false;

 private:
  messages::Stamp stamp(const topics::GroupId& group) { return {name, epoch, ++n_[group], now}; }
  void stamped(const topics::GroupId& group, const std::string& user, const messages::ChatMessage& message) {
    step([&](auto& e, auto& ctx) { e.chat(group, topics::UserId::parse(user), message, stamp(group), ctx); });
  }
  std::string in_full(const std::string& user) const {
    return user.find('@') == std::string::npos ? user + "@" + name : user;
  }

  void keep() {
    for (const auto& site : fx.peers_cleared) queues[site.str()].items.clear();
    for (const auto& [site, upto] : fx.peers_took) {
      auto& items = queues[site.str()].items;
      while (!items.empty() && items.front().first <= upto) items.pop_front();
    }
    for (const auto& user : fx.erased) erased.insert(user.str());
    for (const auto& out : fx.peer_items) queues[out.site.str()].items.emplace_back(out.number, out.item);
    for (const auto& [site, told] : fx.peer_signals) signals[site.str()] = told;
    changed = changed || !fx.peers.empty() || !fx.peer_items.empty() || !fx.peers_took.empty();
    for (const auto& out : fx.out)
      if (const auto* p = std::get_if<core::Publish>(&out))
        if (p->topic.find("/chat/") != std::string::npos || p->topic.ends_with("/notice"))
          unstamped_.push_back(*p);
    for (const auto& entry : fx.archive) {
      const messages::ArchivedMessage& m = entry.message;
      archive.push_back(m.from + ": " + m.message.text);
      const auto place = m.message.home ? m.message.home : std::optional(m.stamp);
      if (m.message.home || !engine.state().group(entry.group)->home)
        home_places[in_full(m.from) + "/" + m.message.id] = {place->epoch, place->n};
    }
    for (const auto& place : fx.places)
      home_places[in_full(place.from.str()) + "/" + place.message] = {place.home.epoch, place.home.n};
  }

  std::map<topics::GroupId, std::uint64_t> n_;
  std::vector<core::Publish> unstamped_;
};

/// Several sites and the links between them, which a test can cut.
class SiteWorlds {
 public:
  explicit SiteWorlds(const std::vector<std::string>& names) {
    char family = 'a';
    for (const std::string& name : names) worlds_[name] = std::make_unique<SiteWorld>(name, family++);
    for (auto& [a, world] : worlds_)
      for (auto& [b, other] : worlds_)
        if (a != b)
          world->step([&, &b = b](auto& e, auto& ctx) {
            e.put_peer(topics::SiteId::parse(b), "127.0.0.1", 1883, "{}", ctx);
          });
  }
  SiteWorld& operator[](const std::string& name) { return *worlds_.at(name); }

  void cut(const std::string& a, const std::string& b) { cut_.insert({a, b}), cut_.insert({b, a}); }
  void heal() { cut_.clear(); }

  /// What a site has for another now.
  messages::PeerBatch batch(const std::string& from, const std::string& to) {
    SiteWorld& world = *worlds_.at(from);
    const core::Peer& peer = world.engine.state().peers.at(topics::SiteId::parse(to));
    messages::PeerBatch out{peer.epoch, peer.acked + 1, peer.in_epoch, peer.in_upto, {}};
    out.version = std::min(world.speaks, peer.version);
    out.speaks = world.speaks;
    out.features.assign(messages::kPeerFeatures.begin(), messages::kPeerFeatures.end());
    out.signals = std::exchange(world.signals[to], {});
    std::vector<std::string_view> items;
    for (const auto& [number, item] : world.queues[to].items)
      if (items.size() < messages::kMaxPeerItems) items.push_back(item);
    return messages::decode_peer_batch(encode_peer_batch(out, items)).value();
  }
  core::PeerTaken deliver(const std::string& from, const std::string& to, const messages::PeerBatch& batch) {
    core::PeerTaken taken;
    if (batch.version > worlds_.at(to)->speaks) {
      worlds_.at(to)->step(
          [&](auto& e, auto& ctx) { e.bad_peer_batch(topics::SiteId::parse(from), true, ctx); });
      refused.push_back(to + " refused " + from + ": another version");
      return taken;
    }
    worlds_.at(to)->step(
        [&](auto& e, auto& ctx) { taken = e.peer_batch(topics::SiteId::parse(from), batch, ctx); });
    for (const std::string& why : taken.refused) refused.push_back(to + " refused " + from + ": " + why);
    return taken;
  }

  /// Lets everything flow until nothing changes any more.
  void flow() {
    bool moved = true;
    for (int round = 0; moved && round < 1000; ++round) {
      moved = false;
      for (auto& [from, world] : worlds_) {
        moved = world->echo() || moved;
        for (auto& [to, other] : worlds_) {
          if (cut_.contains({from, to})) world->signals[to].clear();
          if (from == to || cut_.contains({from, to})) continue;
          deliver(from, to, batch(from, to));
        }
      }
      for (auto& [name, world] : worlds_) moved = std::exchange(world->changed, false) || moved;
    }
  }
  /// The same, and time passes at each site.
  void pass(core::TimeMs ms) {
    for (auto& [name, world] : worlds_) world->pass(ms);
    flow();
  }

  std::vector<std::string> refused;

 private:
  std::map<std::string, std::unique_ptr<SiteWorld>> worlds_;
  std::set<std::pair<std::string, std::string>> cut_;
};

}  // namespace convoke::test
