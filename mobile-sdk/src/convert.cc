#include "mobile-sdk/src/convert.h"

namespace convoke::sdk {
namespace {

bool within(double value, double low, double high) { return value >= low && value <= high; }  // false for NaN

}  // namespace

messages::PresenceState to_wire(Presence presence) { return static_cast<messages::PresenceState>(presence); }
Presence from_wire(messages::PresenceState state) { return static_cast<Presence>(state); }
static_assert(static_cast<int>(Presence::available) == static_cast<int>(messages::PresenceState::available) &&
              static_cast<int>(Presence::away) == static_cast<int>(messages::PresenceState::away) &&
              static_cast<int>(Presence::busy) == static_cast<int>(messages::PresenceState::busy) &&
              static_cast<int>(Presence::offline) == static_cast<int>(messages::PresenceState::offline));

static_assert(static_cast<int>(Standing::member) == static_cast<int>(topics::Standing::member) &&
              static_cast<int>(Standing::muted) == static_cast<int>(topics::Standing::muted) &&
              static_cast<int>(Standing::staff) == static_cast<int>(topics::Standing::staff));

messages::Fix to_wire(const Fix& fix) {
  return {.time_ms = fix.time_ms,
          .lat = fix.lat,
          .lon = fix.lon,
          .acc_m = fix.acc_m,
          .alt_m = fix.alt_m,
          .speed_mps = fix.speed_mps,
          .floor = fix.floor};
}

std::vector<Buddy> from_wire(const std::vector<messages::Buddy>& buddies) {
  std::vector<Buddy> all;
  all.reserve(buddies.size());
  for (const messages::Buddy& b : buddies)
    all.push_back({b.user, b.name, from_wire(b.presence), b.ends_ms, static_cast<Standing>(b.standing)});
  return all;
}

Stamp from_wire(const messages::Stamp& stamp) { return {stamp.site, stamp.epoch, stamp.n, stamp.time_ms}; }

Message from_wire(std::string group, const messages::ArchivedMessage& archived) {
  const messages::ChatMessage& message = archived.message;
  const bool deleted = archived.deleted.has_value();
  return {
      .group = std::move(group),
      .from = archived.from,
      .id = message.id,
      .type = message.type,
      .text = deleted ? "" : message.text,
      .reply_to = message.reply_to,
      .stamp = from_wire(archived.stamp),
      .edited = archived.edited.has_value(),
      .deleted = deleted,
      .home = message.home ? std::optional(HomePlace{message.home->epoch, message.home->n}) : std::nullopt};
}

bool is_usable(const Fix& fix) {
  return within(fix.lat, -90, 90) && within(fix.lon, -180, 180) &&
         (!fix.acc_m || within(*fix.acc_m, 0, 1e6)) && (!fix.alt_m || within(*fix.alt_m, -1e4, 1e5)) &&
         (!fix.speed_mps || within(*fix.speed_mps, 0, 1e5)) && (!fix.floor || within(*fix.floor, -127, 127));
}

}  // namespace convoke::sdk
