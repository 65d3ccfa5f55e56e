#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "backend/core/engine.h"
#include "backend/ingress/plan_file.h"
#include "geo/geojson.h"
#include "topics/messages/inbox.h"
#include "topics/messages/request.h"
#include "topics/topic.h"

namespace convoke::test {

/// The core with a clock that a test turns by hand: people, one or more round areas, plans, and what came out
/// of it.
class CoreWorld {
 public:
  static constexpr core::TimeMs kStart = 1'767'225'600'000;  // 2026-01-01T00:00:00Z

  core::Engine engine;
  core::TimeMs now = kStart;
  core::Effects fx;  // of the last step
  std::function<void()> after_step;

  /// `family`: a hexadecimal digit that its groups' ids begin with.
  explicit CoreWorld(const std::string& site = "demo", char family = '0')
      : engine{topics::SiteId::parse(site), geo::Rule::plain()} {
    for (int i = 0; i < 1100; ++i) {
      std::string id(32, '0');
      id[0] = family;
      const std::string digits = std::to_string(i);
      id.replace(32 - digits.size(), digits.size(), digits);
      ids.push_back(topics::GroupId::parse(id));
    }
  }

  /// Runs `f(engine, context)` as one step; its effects are in `fx`.
  template <class F>
  void step(F f) {
    fx = {};
    core::Context ctx{now, ids, fx};
    f(engine, ctx);
    engine.finish(ctx);
    for (const auto& out : fx.out) all_out.push_back(out);
    for (const auto& event : fx.events) all_events.push_back(event);
    if (after_step) after_step();
  }

  /// Lets time pass, firing every timer at its own time.
  void pass(core::TimeMs ms) {
    const core::TimeMs end = now + ms;
    while (auto next = engine.next_deadline()) {
      if (*next > end) break;
      now = std::max(now, *next);
      step([](auto& e, auto& ctx) { e.tick(ctx); });
    }
    now = end;
  }

  void area(const std::string& id, double lat, double lon, double radius_m) {
    std::vector<geo::Area> areas{{id, id, geo::Circle{{lat, lon}, radius_m}}};
    step([&](auto& e, auto& ctx) { e.put_areas(areas, ctx); });
  }

  void plan(const std::string& toml) {
    auto file = ingress::parse_plans_toml("schema = 1\n" + toml);
    if (!file.problems.empty())
      throw std::runtime_error(file.problems[0].where + ": " + file.problems[0].expected);
    for (auto& p : file.plans) step([&](auto& e, auto& ctx) { e.put_plan(std::move(p), ctx); });
  }

  void presence(const std::string& user, messages::PresenceState state, std::uint64_t n = 1,
                const std::string& device = "phone") {
    step([&](auto& e, auto& ctx) {
      e.presence(topics::UserId::parse(user), topics::DeviceId::parse(device), {state, n}, ctx);
    });
  }
  void available(const std::string& user) { presence(user, messages::PresenceState::available); }

  void at(const std::string& user, double lat, double lon) {
    step([&](auto& e, auto& ctx) {
      e.position(topics::UserId::parse(user), {now, lat, lon, 5.0, {}, {}}, ctx);
    });
  }

  /// The same, as the one fix of a terminal's report.
  void report(const std::string& user, double lat, double lon, bool takes_regions = true) {
    step([&](auto& e, auto& ctx) {
      const messages::Fix fix{now, lat, lon, 5.0, {}, {}};
      e.position(topics::UserId::parse(user), fix, ctx);
      e.reported(topics::UserId::parse(user), fix, takes_regions, ctx);
    });
  }

  messages::Response request(const std::string& user, decltype(messages::Request::op) op) {
    step([&](auto& e, auto& ctx) {
      e.request({topics::UserId::parse(user), topics::DeviceId::parse("phone"), ""}, {"r1", std::move(op)},
                ctx);
    });
    for (const auto& out : fx.out)
      if (auto* p = std::get_if<core::Publish>(&out); p && p->topic.ends_with("/res"))
        return *messages::decode_response(p->payload);
    throw std::runtime_error("no answer");
  }

  void hold(const std::string& user, const topics::GroupId& group, std::uint64_t version,
            bool ended = false) {
    request(user, messages::HoldRequest{{{group.str(), version, ended}}});
  }

  /// The only live group; throws if there is none or more than one.
  core::Group& group() {
    core::Group* found = nullptr;
    for (auto& [id, g] : engine.state().groups) {
      if (g.state != core::GroupState::open) continue;
      if (found) throw std::runtime_error("more than one live group");
      found = &g;
    }
    if (!found) throw std::runtime_error("no live group");
    return *found;
  }
  std::size_t live_groups() const {
    std::size_t n = 0;
    for (const auto& [id, g] : engine.state().groups) n += g.state == core::GroupState::open;
    return n;
  }

  /// Everything published so far to the user's inbox, decoded.
  std::vector<messages::InboxMessage> inbox(const std::string& user) const {
    std::vector<messages::InboxMessage> found;
    for (const auto& payload : published("cv1/demo/u/" + user + "/in"))
      found.push_back(*messages::decode_inbox(payload));
    return found;
  }
  /// Payloads published to the topic so far.
  std::vector<std::string> published(const std::string& topic) const {
    std::vector<std::string> found;
    for (const auto& out : all_out)
      if (auto* p = std::get_if<core::Publish>(&out); p && p->topic == topic) found.push_back(p->payload);
    return found;
  }
  template <class E>
  std::vector<E> events() const {
    std::vector<E> found;
    for (const auto& event : all_events)
      if (auto* e = std::get_if<E>(&event.body)) found.push_back(*e);
    return found;
  }

  std::vector<core::Outgoing> all_out;
  std::vector<core::Event> all_events;
  std::deque<topics::GroupId> ids;  // fresh ones
};

}  // namespace convoke::test
