#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "geo/fence_tracker.h"
#include "tests/fuzz/check.h"

// The input is a little program: areas come, change and go, users move, time passes. The engine's answers are
// compared with those of a twin that asks every area itself, and with those of an engine without shortcuts.
namespace {

using namespace convoke::geo;

constexpr std::size_t kMaxCommands = 400;
constexpr std::array<const char*, 4> kUsers = {"anna", "bert", "carl", "dora"};
constexpr std::array<const char*, 8> kAreas = {"a", "b", "c", "d", "e", "f", "g", "h"};
// Where four blocks of the map meet, at the antimeridian, and near a pole.
constexpr std::array<LatLon, 5> kCenters = {
    {{52.5, 13.5}, {0, 0}, {-33.25, 180}, {78.25, 15.5}, {89.9921875, 30}}};
constexpr std::array<LatLon, 16> kDirections = {{{0, 4},
                                                 {2, 4},
                                                 {3, 3},
                                                 {4, 2},
                                                 {4, 0},
                                                 {4, -2},
                                                 {3, -3},
                                                 {2, -4},
                                                 {0, -4},
                                                 {-2, -4},
                                                 {-3, -3},
                                                 {-4, -2},
                                                 {-4, 0},
                                                 {-4, 2},
                                                 {-3, 3},
                                                 {-2, 4}}};

/// Steps of 0.4 mm to the north and to the east of the centre. All coordinates lie on this grid, so that
/// whether a point is on an edge is no matter of rounding.
struct Grid {
  std::int32_t y = 0, x = 0;

  Grid moved(std::int32_t north, std::int32_t east) const {
    constexpr std::int32_t kReach = 1 << 24;
    return {std::clamp(y + north, -kReach, kReach), std::clamp(x + east, -kReach, kReach)};
  }
};
constexpr double kStep = 1.0 / (1 << 28);

class Input {
 public:
  explicit Input(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  bool empty() const { return at_ >= bytes_.size(); }
  std::uint32_t byte() { return empty() ? 0 : bytes_[at_++]; }
  std::int32_t small() { return static_cast<std::int8_t>(byte()); }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
};

/// Makes areas and positions out of bytes; valid ones only, as a reader of files does.
class Shapes {
 public:
  explicit Shapes(LatLon center) : center_(center) {}

  LatLon at(Grid g) const {
    const LatLon p{std::min(90.0, center_.lat + g.y * kStep), center_.lon + g.x * kStep};
    return {p.lat, p.lon > 180 ? p.lon - 360 : p.lon};
  }

  Area area(Input& in, std::int64_t now_ms) const {
    Area area;
    area.id = kAreas[in.byte() % kAreas.size()];
    const std::uint32_t kind = in.byte(), extra = in.byte();
    const Grid middle = Grid{}.moved(in.small() * (1 << 14), in.small() * (1 << 14));
    if (kind % 4 == 0) {
      area.shape = circle(middle, in.byte());
    } else if (kind % 4 == 1) {
      area.shape = corridor(middle, in);
    } else {
      area.shape = stars(middle, kind, in);
    }
    constexpr std::array<const char*, 4> kPresets = {"", "strict", "balanced", "calm"};
    area.rule = AreaRule::preset(kPresets[extra % 4]);
    if (area.rule && extra & 4) area.rule->pass_through = true;
    if (extra & 8) area.floor = Range{0, 1};
    if (extra & 16) area.from_ms = now_ms + 5000;
    if (extra & 32) area.until_ms = now_ms + 20'000;
    return area;
  }

 private:
  Circle circle(Grid middle, std::uint32_t size) const {
    return {at(middle), size == 255 ? 200'000.0 : 0.5 + 0.05 * size * size};
  }

  Corridor corridor(Grid g, Input& in) const {
    std::vector<Grid> line{g};
    const double width_m = 0.5 + in.byte();
    for (std::uint32_t count = in.byte() % 4; count > 0; --count)
      line.push_back(g = g.moved(in.small() * (1 << 14), in.small() * (1 << 14)));
    return {{placed(line, 0)}, width_m};
  }

  /// One or two, with a hole or without.
  Polygons stars(Grid middle, std::uint32_t kind, Input& in) const {
    const std::int32_t unit = 1 << (8 + 3 * (kind >> 2 & 3));
    const std::uint32_t directions = in.byte() | in.byte() << 8 | 0b00000100'00100001;
    const std::uint32_t sizes = in.byte();
    const auto ring = [&](std::int32_t east, auto size) {
      std::vector<Grid> points;
      for (std::uint32_t i = 0; i < kDirections.size(); ++i) {
        if (!(directions >> i & 1)) continue;
        const auto [y, x] = kDirections[i];
        points.push_back({middle.y + static_cast<std::int32_t>(y) * unit * size(i),
                          middle.x + (static_cast<std::int32_t>(x) * size(i) + east) * unit});
      }
      points.push_back(points.front());
      return points;
    };
    Polygons polygons;
    for (std::int32_t part = 0; part <= static_cast<std::int32_t>(kind >> 4 & 1); ++part) {
      const auto outer = ring(40 * part, [&](std::uint32_t i) { return (sizes >> i % 7 & 1) != 0 ? 4 : 2; });
      const std::int32_t shift = beyond(outer, kind);
      Polygon polygon{placed(outer, shift), {}};
      if (kind & 32) {
        auto hole = placed(ring(40 * part, [](std::uint32_t) { return 1; }), shift);
        polygon.holes.emplace_back(hole.rbegin(), hole.rend());
      }
      if (part == 0 || shift == 0) polygons.push_back(std::move(polygon));
      if (shift != 0) break;  // what was moved to the antimeridian might overlap the other
    }
    return polygons;
  }

  /// How far to move what would cross the antimeridian, so that it only touches it.
  std::int32_t beyond(const std::vector<Grid>& points, std::uint32_t side) const {
    if (center_.lon != 180) return 0;
    const auto [low, high] = std::minmax_element(points.begin(), points.end(),
                                                 [](const Grid& a, const Grid& b) { return a.x < b.x; });
    if (low->x >= 0 || high->x <= 0) return 0;
    return side & 64 ? -low->x : -high->x;
  }

  std::vector<LatLon> placed(const std::vector<Grid>& points, std::int32_t shift) const {
    std::vector<LatLon> result;
    shift += shift == 0 ? beyond(points, 0) : 0;
    const bool east = std::all_of(points.begin(), points.end(), [&](Grid g) { return g.x + shift >= 0; });
    for (const Grid g : points) {
      LatLon p = at({g.y, g.x + shift});
      if (east && p.lon == 180) p.lon = -180;
      if (center_.lat > 80) p.lat = std::min(p.lat, 90.0);
      result.push_back(p);
    }
    return result;
  }

  LatLon center_;
};

std::string line(std::int64_t time_ms, const std::string& user, const std::string& area, bool enter) {
  return std::to_string(time_ms) + " " + user + " " + area + (enter ? " enter" : " exit");
}

/// The plain rule, slowly.
class Twin {
 public:
  using Lines = std::vector<std::string>;

  Lines fix(const std::string& user, const Position& fix) {
    Lines lines;
    users_[user].last = fix;
    for (auto& [id, state] : areas_) decide(user, state, fix.time_ms, lines);
    return lines;
  }

  Lines put(const Area& area, std::int64_t now_ms) {
    Lines lines;
    State& state = areas_[area.id];
    state = {area, open(area, now_ms)};
    for (auto& [user, known] : users_) decide(user, state, now_ms, lines);
    return lines;
  }

  Lines erase(const std::string& id, std::int64_t now_ms) {
    areas_.erase(id);
    return leave(id, now_ms);
  }

  Lines erase_user(const std::string& user, std::int64_t now_ms) {
    Lines lines;
    for (const std::string& id : users_[user].inside) lines.push_back(line(now_ms, user, id, false));
    users_.erase(user);
    return lines;
  }

  void restore(const std::string& user, const Position& last, const std::vector<std::string>& inside) {
    users_[user] = {last, {}};
    for (const std::string& id : inside)
      if (areas_.count(id) > 0) users_[user].inside.insert(id);
  }

  bool is_closed(const std::string& id) const { return areas_.count(id) > 0 && !areas_.at(id).open; }

  Lines advance(std::int64_t now_ms) {
    std::set<std::int64_t> moments;
    for (const auto& [id, state] : areas_)
      for (const auto& moment : {state.area.from_ms, state.area.until_ms})
        if (moment && *moment <= now_ms) moments.insert(*moment);
    Lines lines;
    for (const std::int64_t moment : moments) {
      for (auto& [id, state] : areas_) {
        if (moment <= seen_ms_ || state.open == open(state.area, moment)) continue;
        state.open = !state.open;
        if (!state.open) {
          for (std::string& l : leave(id, moment)) lines.push_back(std::move(l));
          continue;
        }
        for (auto& [user, known] : users_) decide(user, state, moment, lines);
      }
    }
    seen_ms_ = now_ms;
    return lines;
  }

  std::set<std::string> covering(LatLon p) const {
    std::set<std::string> ids;
    for (const auto& [id, state] : areas_)
      if (state.open && covers(state.area, p)) ids.insert(id);
    return ids;
  }

 private:
  struct State {
    Area area;
    bool open = true;
  };
  struct User {
    Position last;
    std::set<std::string> inside;
  };

  static bool open(const Area& area, std::int64_t now_ms) {
    return area.from_ms.value_or(now_ms) <= now_ms && now_ms < area.until_ms.value_or(now_ms + 1);
  }

  void decide(const std::string& name, const State& state, std::int64_t time_ms, Lines& lines) {
    User& user = users_[name];
    const bool before = user.inside.count(state.area.id) > 0;
    bool now = state.open && covers(state.area, user.last.at);
    if (now && state.area.floor)
      now = user.last.floor
                ? *user.last.floor >= state.area.floor->low && *user.last.floor <= state.area.floor->high
                : before;
    if (now == before) return;
    now ? (void)user.inside.insert(state.area.id) : (void)user.inside.erase(state.area.id);
    lines.push_back(line(time_ms, name, state.area.id, now));
  }

  Lines leave(const std::string& id, std::int64_t time_ms) {
    Lines lines;
    for (auto& [name, user] : users_)
      if (user.inside.erase(id) > 0) lines.push_back(line(time_ms, name, id, false));
    return lines;
  }

  std::map<std::string, State> areas_;
  std::map<std::string, User> users_;
  std::int64_t seen_ms_ = 0;
};

/// All that a transition says, but the distance.
std::string text(const Transition& t) {
  std::string text = std::to_string(t.time_ms) + " " + t.user + " " + t.area + " " +
                     std::string(to_string(t.kind)) + " " + std::string(to_string(t.reason)) + " " +
                     std::to_string(t.acc_m.value_or(-1)) + " " + std::string(t.rule);
  for (int i = 0; i < t.fixes.count; ++i) text += " " + std::to_string(t.fixes.time_ms[i]);
  return text;
}

/// Distances are right to a millimetre, and may depend on what was looked at before.
bool same(const Transition& a, const Transition& b) {
  const bool far = !std::isfinite(a.distance_m) || !std::isfinite(b.distance_m);
  return text(a) == text(b) && (far ? std::isnan(a.distance_m) == std::isnan(b.distance_m)
                                    : std::abs(a.distance_m - b.distance_m) < 0.002);
}

/// The engine, the same without shortcuts, and the twin.
class Trio {
 public:
  explicit Trio(const Rule& rule) : plain_(!rule.smoothing), engine_(rule), slow_(without_shortcut(rule)) {}

  /// Has all of them do the same and compares what they say. Returns it.
  template <class Ask, class AskTwin>
  void run(const Ask& ask, const AskTwin& ask_twin) {
    const std::vector<Transition> said = ask(engine_), slowly = ask(slow_);
    FUZZ_CHECK(said.size() == slowly.size());
    for (std::size_t i = 0; i < said.size(); ++i) FUZZ_CHECK(same(said[i], slowly[i]));
    std::vector<std::string> expected = ask_twin(twin_);
    if (plain_) compare(said, std::move(expected));
    for (const Transition& t : said) sum_up(t);
    check_sums();
  }

  void restore(const std::string& user, const Position& last, std::vector<std::string> inside) {
    // Who was in an area that is closed now would leave only in resume(), after a restart.
    std::erase_if(inside, [&](const std::string& id) { return twin_.is_closed(id); });
    for (FenceTracker* tracker : {&engine_, &slow_}) tracker->restore(user, last, inside);
    twin_.restore(user, last, inside);
    sums_[user].clear();
    for (const std::string& id : inside)
      if (engine_.index().find(id) != nullptr) sums_[user].insert(id);
    check_sums();
  }

  /// What the index says of a place is true, and stays true in the whole rectangle.
  void check_place(LatLon p) {
    std::vector<Handle> handles;
    const auto room = engine_.index().locate(p, handles);
    const std::set<std::string> expected = twin_.covering(p);
    std::set<std::string> found;
    for (const Handle handle : handles) found.insert(engine_.index().area(handle).id);
    FUZZ_CHECK(found == expected);
    if (!room) return;
    for (const double lat : {room->low.lat, room->high.lat})
      for (const double lon : {room->low.lon, room->high.lon})
        FUZZ_CHECK(twin_.covering({p.lat + 0.999 * (lat - p.lat), p.lon + 0.999 * (lon - p.lon)}) ==
                   expected);
  }

 private:
  static Rule without_shortcut(Rule rule) {
    rule.shortcut = false;
    return rule;
  }

  static void compare(const std::vector<Transition>& said, std::vector<std::string> expected) {
    std::vector<std::string> lines;
    for (const Transition& t : said)
      if (t.kind != TransitionKind::pass_through)
        lines.push_back(line(t.time_ms, t.user, t.area, t.kind == TransitionKind::enter));
    std::sort(lines.begin(), lines.end());
    std::sort(expected.begin(), expected.end());
    FUZZ_CHECK(lines == expected);
  }

  /// Nobody enters twice, or leaves where they are not.
  void sum_up(const Transition& t) {
    std::set<std::string>& inside = sums_[t.user];
    if (t.kind == TransitionKind::enter) FUZZ_CHECK(inside.insert(t.area).second);
    if (t.kind == TransitionKind::exit) FUZZ_CHECK(inside.erase(t.area) == 1);
  }

  void check_sums() {
    std::map<std::string, std::size_t> occupancy;
    for (const std::string user : kUsers) {
      const std::vector<std::string> inside = engine_.inside(user);
      FUZZ_CHECK(std::equal(inside.begin(), inside.end(), sums_[user].begin(), sums_[user].end()));
      for (const std::string& id : inside) ++occupancy[id];
    }
    for (const std::string id : kAreas) FUZZ_CHECK(engine_.occupancy(id) == occupancy[id]);
  }

  bool plain_;
  FenceTracker engine_, slow_;
  Twin twin_;
  std::map<std::string, std::set<std::string>> sums_;  // of transitions
};

class Program {
 public:
  explicit Program(Input in) : in_(in), shapes_(kCenters[in_.byte() % kCenters.size()]), trio_(rule()) {}

  void run() {
    for (std::size_t i = 0; i < kMaxCommands && !in_.empty(); ++i) command(in_.byte());
  }

 private:
  Rule rule() {
    const std::uint32_t kind = in_.byte();
    if (kind % 2 == 0) return Rule::plain();
    constexpr std::array<const char*, 4> kPresets = {"balanced", "strict", "calm", "strict"};
    Rule rule;
    rule.area = *AreaRule::preset(kPresets[kind >> 1 & 3]);
    if ((kind >> 1 & 3) == 3) rule.area.enter_dwell_ms = rule.area.exit_dwell_ms = 3000;
    rule.track.reorder_ms = kind & 8 ? 3000 : 0;
    rule.track.stale_ms = 60'000;
    rule.track.presence_grace_ms = 5000;
    return rule;
  }

  void command(std::uint32_t which) {
    const std::string user = kUsers[which >> 4 & 3];
    switch (which % 16) {
      case 8:
      case 9:
        return put();
      case 10:
        return erase();
      case 11:
        return presence(user, which & 64);
      case 12:
        return wait();
      case 13:
        return erase_user(user);
      case 14:
        return restore(user);
      default:
        return fix(user, which % 8);
    }
  }

  void pass(std::int64_t ms) {
    now_ms_ += ms;
    trio_.run([&](FenceTracker& t) { return t.advance(now_ms_); },
              [&](Twin& t) { return t.advance(now_ms_); });
  }

  /// A step of 0.4 mm to a kilometre from where the user is.
  void fix(const std::string& user, std::uint32_t far) {
    pass(1 << (in_.byte() & 15));
    Position fix = position(user, far);
    trio_.run([&](FenceTracker& t) { return t.fix(user, fix); }, [&](Twin& t) { return t.fix(user, fix); });
    trio_.check_place(fix.at);
  }

  Position position(const std::string& user, std::uint32_t far) {
    constexpr std::array<int, 8> kShift = {12, 14, 14, 15, 8, 11, 17, 0};
    const std::uint32_t extra = in_.byte();
    const std::int32_t north = in_.small() * (1 << kShift[far]), east = in_.small() * (1 << kShift[far]);
    Grid& at = at_[user] = at_[user].moved(north, east);
    if (extra & 1) at = {at.y & ~0x3fff, at.x & ~0x3fff};  // where the areas' corners lie
    Position p{.at = shapes_.at(at), .time_ms = now_ms_ - (extra & 2 ? extra * 16 : 0)};
    if (extra & 4) p.acc_m = 1 + (extra >> 4) * 3;
    if (extra & 8) p.floor = static_cast<int>(extra >> 4 & 3) - 1;
    return p;
  }

  void put() {
    pass(0);
    const Area area = shapes_.area(in_, now_ms_);
    trio_.run([&](FenceTracker& t) { return t.put_area(area, now_ms_); },
              [&](Twin& t) { return t.put(area, now_ms_); });
  }

  void erase() {
    pass(0);
    const std::string id = kAreas[in_.byte() % kAreas.size()];
    trio_.run([&](FenceTracker& t) { return t.erase_area(id, now_ms_); },
              [&](Twin& t) { return t.erase(id, now_ms_); });
  }

  void presence(const std::string& user, bool present) {
    const auto none = [](Twin&) { return Twin::Lines{}; };
    trio_.run(
        [&](FenceTracker& t) {
          t.presence(user, present, now_ms_);
          return std::vector<Transition>{};
        },
        none);
  }

  void wait() { pass(std::int64_t{in_.byte()} * 500); }

  void erase_user(const std::string& user) {
    trio_.run([&](FenceTracker& t) { return t.erase_user(user, now_ms_); },
              [&](Twin& t) { return t.erase_user(user, now_ms_); });
  }

  void restore(const std::string& user) {
    const Position last = position(user, 0);
    std::vector<std::string> inside;
    const std::uint32_t which = in_.byte();
    for (std::size_t i = 0; i < kAreas.size(); ++i)
      if (which >> i & 1) inside.emplace_back(kAreas[i]);
    trio_.restore(user, last, inside);
  }

  Input in_;
  Shapes shapes_;
  Trio trio_;
  std::int64_t now_ms_ = 1'000'000;
  std::map<std::string, Grid> at_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Program(Input({data, size})).run();
  return 0;
}
