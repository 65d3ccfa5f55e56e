#include "geo/safe_region.h"

#include <gtest/gtest.h>

#include <iostream>

#include "mobile-sdk/src/position_gate.h"
#include "tests/support/core_world.h"
#include "tests/unit/tracks/replaying.h"
#include "topics/messages/area_event.h"

/// How many messages a phone saves that keeps silent within what the server tells it, on the recorded walk of
/// a real person, where that lies beside the repository; not part of it.
namespace convoke::geo {
namespace {

constexpr std::int64_t kMaxAgeMs = 600'000;

/// A disc as far as the nearest edge.
struct Disc {
  LatLon center;
  double radius_m;
  bool holds(LatLon at) const { return distance_m(center, at) < radius_m; }
};

/// A safe region as a phone has it, after its way over the wire.
struct Told {
  messages::SafeRegion region;
  bool holds(LatLon at) const { return messages::holds(region, at.lat, at.lon); }
};

std::int64_t steps(double degrees) { return std::llround(degrees * 1e7); }

class SafeRegionOnTheWalk : public testing::Test {
 protected:
  SafeRegionOnTheWalk() {
    const std::filesystem::path folder = CONVOKE_RECORDINGS;
    std::ifstream file(folder / "beijing_areas.geojson");
    areas_ = parse_geojson(std::string(std::istreambuf_iterator<char>(file), {})).areas;
    fixes_ = tracks::load_fixes(folder / "beijing_walk.csv.gz").fixes;
  }

  FenceTracker tracker() const {
    FenceTracker tracker(Rule::plain());
    for (const Area& area : areas_) tracker.put_area(area, 0);
    return tracker;
  }

  struct Run {
    std::size_t messages = 0;
    std::vector<std::string> transitions;
  };

  /// Feeds the tracker with the fixes that a phone sends: those outside of what it was told last, and those
  /// that come so long after the last one.
  template <class Tell>
  Run run(Tell tell, std::int64_t max_age_ms) const {
    FenceTracker tracker = this->tracker();
    decltype(tell(tracker.index(), LatLon{})) told;
    Run run;
    std::int64_t sent_ms = 0;
    for (const auto& [user, position] : fixes_) {
      if (told && told->holds(position.at) && position.time_ms - sent_ms < max_age_ms) continue;
      ++run.messages;
      sent_ms = position.time_ms;
      for (std::string& line : test::lines(tracker.fix(user, position)))
        run.transitions.push_back(std::move(line));
      told = tell(tracker.index(), position.at);
    }
    return run;
  }

  static std::optional<Disc> tell_nothing(const FenceIndex&, LatLon) { return std::nullopt; }

  static std::optional<Disc> tell_disc(const FenceIndex& index, LatLon at) {
    double nearest_m = 1e7;
    index.for_each([&](const Area& area) {
      nearest_m = std::min(nearest_m, std::abs(index.signed_distance_m(area.id, at)));
    });
    return Disc{at, nearest_m};
  }

  static std::optional<Told> tell_region(const FenceIndex& index, LatLon at) {
    const auto region = safe_region(index, at);
    if (!region) return std::nullopt;
    messages::SafeRegion message{.time_ms = 0, .max_age_s = 600, .ring = {}};
    for (const LatLon v : region->vertices)
      message.ring.push_back({static_cast<std::int32_t>(steps(v.lat)), steps(v.lon)});
    const auto received = messages::decode_inbox(encode(messages::InboxMessage{message}));
    return Told{std::get<messages::SafeRegion>(*received)};
  }

  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  std::vector<Area> areas_;
  std::vector<tracks::TrackFix> fixes_;
};

TEST_F(SafeRegionOnTheWalk, SavesMessagesAndLosesNoTransition) {
  const Run every = run(tell_nothing, kNever);
  EXPECT_EQ(every.messages, 108'607U);
  ASSERT_EQ(every.transitions.size(), 851U);

  const Run disc = run(tell_disc, kNever);
  EXPECT_LE(disc.messages, 8'452U);
  EXPECT_EQ(disc.transitions, every.transitions);

  const Run region = run(tell_region, kNever);
  EXPECT_LE(region.messages, 1'260U) << "one in 86; asked for was one in 40, which is 2,715";
  EXPECT_EQ(region.transitions, every.transitions);

  const Run aged = run(tell_region, kMaxAgeMs);
  EXPECT_LE(aged.messages, 1'850U) << "most of them after nights and other silences of the recording";
  EXPECT_EQ(aged.transitions, every.transitions);

  std::cout << every.messages << " fixes, " << every.transitions.size() << " transitions; messages: disc "
            << disc.messages << ", region " << region.messages << ", region with a maximum age of 600 s "
            << aged.messages << "\n";
}

/// "time area kind" of every transition that staff are told of, in order.
std::vector<std::string> told_to_staff(const convoke::test::CoreWorld& world) {
  std::vector<std::string> lines;
  for (const core::Event& event : world.all_events)
    if (const auto* t = std::get_if<core::TransitionEvent>(&event.body))
      lines.push_back(std::to_string(event.time_ms) + " " + t->area + " " + t->transition);
  return lines;
}

/// The phone's part and the server's, with the rate at which regions are told; nothing gets lost between
/// them.
TEST_F(SafeRegionOnTheWalk, PhoneAndServerTogetherLoseNoTransition) {
  convoke::test::CoreWorld every, silent;
  std::size_t messages = 0, told = 0;
  for (convoke::test::CoreWorld* world : {&every, &silent})
    world->step([&](auto& engine, auto& ctx) { engine.put_areas(areas_, ctx); });
  sdk::PositionGate gate(true);
  for (const auto& [name, position] : fixes_) {
    every.now = silent.now = position.time_ms;
    every.at(name, position.at.lat, position.at.lon);
    const sdk::Now now{position.time_ms, position.time_ms};
    const auto report = gate.fix({position.time_ms, position.at.lat, position.at.lon, {}, {}, {}}, now);
    if (report.empty()) continue;
    ++messages;
    const auto user = topics::UserId::parse(name);
    silent.step([&](auto& engine, auto& ctx) {
      for (const messages::Fix& fix : report) engine.position(user, fix, ctx);
      engine.reported(user, report.back(), true, ctx);
    });
    for (const core::Outgoing& out : silent.fx.out) {
      const auto* p = std::get_if<core::Publish>(&out);
      if (p == nullptr || !p->topic.ends_with("/in")) continue;
      ++told;
      EXPECT_LE(p->payload.size(), messages::kSafeRegionBytes);
      gate.told(std::get<messages::SafeRegion>(*messages::decode_inbox(p->payload)), now);
    }
  }
  EXPECT_EQ(told_to_staff(silent).size(), 851U);
  EXPECT_EQ(told_to_staff(silent), told_to_staff(every));
  EXPECT_LE(messages, 1'850U) << "with a maximum age of 600 s, as above";
  EXPECT_LE(told, messages);
  std::cout << messages << " reports, " << told << " regions told\n";
}

}  // namespace
}  // namespace convoke::geo
