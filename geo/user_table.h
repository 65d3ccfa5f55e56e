#pragma once

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "geo/decision.h"
#include "geo/fence_cells.h"
#include "geo/position.h"

namespace convoke::geo {

/// Numbers a user while they are known.
using UserHandle = std::uint32_t;

/// One user and one area that they are in, or about to enter.
struct Pair : PairState {
  bool stray = false;  // the user's last fix may lie elsewhere; then the tracker has noted it
  Handle area = 0;
};
static_assert(sizeof(Pair) == 16, "the rest lies in the state's padding");

/// In order of area. Most users have no more than two.
using Pairs = boost::container::small_vector<Pair, 2>;

/// What every fix needs: one line of the processor's cache. The fix itself is the last one that counted.
struct alignas(64) LastFix : CompactPosition {
  bool held : 1 = false;          // a fix waits for being believed
  bool watched : 1 = false;       // a timer will see whether fixes still come
  bool undecided : 1 = false;     // there is evidence for something that is not decided yet
  std::uint8_t luckless : 2 = 0;  // rooms that no fix stayed in, less those that did
  std::uint8_t skipped : 3 = 0;   // fixes since a room was last tried
  Box room{{1, 0}, {-1, 0}};      // in it nothing changes by movement; empty unless known

  bool has_room(LatLon p) const {
    return p.lat > room.low.lat && p.lat < room.high.lat && p.lon > room.low.lon && p.lon < room.high.lon;
  }
  /// Finding a room costs more than the areas alone, so where fixes leave it at once only every eighth tries.
  /// To be asked once for each fix that there was no room for.
  bool wants_room() {
    if (luckless < 2) return true;
    return ++skipped == 0;
  }
  void stay(const CompactPosition& fix) {
    if (luckless > 0) --luckless;
    set(fix);
  }
  void leave_room() {
    if (room.low.lat < room.high.lat && luckless < 3) ++luckless;
    no_room();
  }
  void no_room() { room = {{1, 0}, {-1, 0}}; }
  void set(const CompactPosition& fix) {
    // One by one: compilers copy the whole in two moves that overlap, which waits for what was just written.
    at = fix.at;
    time_ms = fix.time_ms;
    acc_m = fix.acc_m;
    height_m = fix.height_m;
    floor = fix.floor;
  }
};
static_assert(sizeof(LastFix) == 64);

/// What only decisions need: another line.
struct alignas(64) UserState {
  static constexpr BlockKey kNowhere = std::numeric_limits<BlockKey>::max();

  Pairs pairs;
  BlockKey block = kNowhere;
  std::uint32_t place_in_block = 0;
};
static_assert(sizeof(UserState) == 64);

/// All users of a site: by name, by number, and by the block of the map that they are in. About 180 bytes
/// each with a short name and up to two pairs.
class UserTable {
 public:
  UserTable() = default;
  UserTable(const UserTable&) = delete;
  UserTable& operator=(const UserTable&) = delete;

  /// The user's number; a new one if there is none yet.
  UserHandle intern(std::string_view name);
  std::optional<UserHandle> find(std::string_view name) const;
  void erase(UserHandle user);

  LastFix& last(UserHandle user) { return last_[user]; }
  const LastFix& last(UserHandle user) const { return last_[user]; }
  UserState& state(UserHandle user) { return state_[user]; }
  const UserState& state(UserHandle user) const { return state_[user]; }
  const std::string& name(UserHandle user) const { return names_[user]; }

  /// Brings what decisions need nearer to the processor.
  void prefetch(UserHandle user) const {
    __builtin_prefetch(&last_[user]);
    __builtin_prefetch(&state_[user]);
  }

  /// And then their pairs, if they are more than have room there.
  void prefetch_pairs(UserHandle user) const {
    const Pairs& pairs = state_[user].pairs;
    if (pairs.size() <= 2) return;
    for (std::size_t i = 0; i < pairs.size(); i += 4) __builtin_prefetch(&pairs[i]);
  }

  /// Notes where the user is.
  void move_to(UserHandle user, BlockKey block) {
    if (state_[user].block != block) move(user, block);
  }
  /// Calls `visit` for every user in a block that meets the box.
  template <class Visit>
  void for_each_near(const Box& box, const Visit& visit) const {
    const double blocks = ((box.high.lat - box.low.lat) * 64 + 1) * ((box.high.lon - box.low.lon) * 64 + 1);
    if (blocks > static_cast<double>(blocks_.size())) {
      for (const auto& [key, users] : blocks_) visit_all(users, visit);
      return;
    }
    for_each_block(box, [&](BlockKey key) {
      if (const auto it = blocks_.find(key); it != blocks_.end()) visit_all(it->second, visit);
    });
  }

  std::size_t size() const { return by_name_.size(); }
  /// What the users take; an estimate.
  std::size_t bytes() const;

 private:
  void move(UserHandle user, BlockKey block);
  template <class Visit>
  void visit_all(const std::vector<UserHandle>& users, const Visit& visit) const {
    constexpr std::size_t kAhead = 8;
    for (std::size_t i = 0; i < users.size(); ++i) {
      if (i + kAhead < users.size()) __builtin_prefetch(&last_[users[i + kAhead]]);
      visit(users[i]);
    }
  }

  // The set holds numbers and looks up names.
  struct Hash {
    using is_transparent = void;
    const UserTable* table;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
    std::size_t operator()(UserHandle user) const { return (*this)(table->names_[user]); }
  };
  struct Equal {
    using is_transparent = void;
    const UserTable* table;
    bool operator()(UserHandle a, UserHandle b) const { return a == b; }
    bool operator()(UserHandle a, std::string_view b) const { return table->names_[a] == b; }
    bool operator()(std::string_view a, UserHandle b) const { return table->names_[b] == a; }
  };

  std::vector<LastFix> last_;
  std::vector<UserState> state_;
  std::vector<std::string> names_;
  std::vector<UserHandle> free_;
  boost::unordered_flat_set<UserHandle, Hash, Equal> by_name_{0, Hash{this}, Equal{this}};
  boost::unordered_flat_map<BlockKey, std::vector<UserHandle>> blocks_;
};

}  // namespace convoke::geo
