#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "backend/core/organizer.h"
#include "tests/support/site_worlds.h"

/// What the tests of joined sites share: three of them, and a plan of the first with a user of each.
namespace convoke::core {

using test::SiteWorld;
using test::SiteWorlds;
using Strings = std::vector<std::string>;

inline constexpr const char* kPlan = R"(
[[plan]]
id = "across"
name = "Across"
audience = { any = [{ users = ["anna", "ben@b", "carol@c"] }] }
[[plan.end]]
on = "duration"
after = "1h"
)";

class Federation : public testing::Test {
 protected:
  SiteWorlds sites{{"a", "b", "c"}};
  SiteWorld &a = sites["a"], &b = sites["b"], &c = sites["c"];

  void start(const char* plan = kPlan) {
    a.plan(plan);
    a.step([](auto& e, auto& ctx) {
      start_group(e.state(), e.state().plans.begin()->second, "staff eve", "", ctx);
    });
    sites.flow();
  }
  void all_there() {
    a.available("anna");
    b.available("ben");
    c.available("carol");
  }
  /// The site's operator adds that peer again.
  static void reopen(SiteWorld& site, const char* peer) {
    site.step([&](auto& e, auto& ctx) { e.put_peer(SiteId::parse(peer), "127.0.0.1", 1883, "{}", ctx); });
  }
  static Group* group(SiteWorld& site, const GroupId& id) { return site.engine.state().group(id); }
  static bool over(SiteWorld& site, const GroupId& id) {
    const Group* g = group(site, id);
    return g && (g->state == GroupState::ending || g->state == GroupState::retired);
  }
};

/// What `from` would tell `to` next, with this item in it.
inline messages::PeerBatch forged(SiteWorlds& sites, const std::string& from, const std::string& to,
                                  messages::PeerItem item) {
  messages::PeerBatch batch = sites.batch(from, to);
  const Peer& peer = sites[to].engine.state().peers.at(SiteId::parse(from));
  batch.first = peer.in_upto + 1;
  batch.items = {std::move(item)};
  return batch;
}

}  // namespace convoke::core
