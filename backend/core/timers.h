#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "backend/core/plan.h"

namespace convoke::core {

enum class TimerKind {
  plan_schedule,
  plan_again,
  group_open,
  group_end,
  group_watch,
  group_warn,
  member_end,
  member_leave,
  forget_areas,
  invitations,
  roster_flush,
  resend,
  holding_event,
  chat_event,
  notice_repeat,
  presence_grace,
  occupancy,
  forget_acts,
  peer_presence,
  group_forget,
  home_places,
  peer_signals
};

/// What a timer is about: a kind, and the id of its plan, group, area or site, or "group/user".
using TimerKey = std::pair<TimerKind, std::string>;

/// Deadlines by key; each key has at most one. Timers are not stored: they follow from the records, and are
/// set anew when these are loaded.
class Timers {
 public:
  /// Sets or moves the deadline of `key`.
  void set(const TimerKey& key, TimeMs at);
  /// Sets it unless the key has one already.
  void set_if_unset(const TimerKey& key, TimeMs at);
  void cancel(const TimerKey& key);
  /// The earliest due key and its deadline, removed; equal times in order of kind and id. Nothing if none is
  /// due.
  std::optional<std::pair<TimeMs, TimerKey>> take_due(TimeMs now);
  std::optional<TimeMs> next() const;
  /// Brings the deadlines of this kind forward by `ms`.
  void bring_forward(TimerKind kind, TimeMs ms);
  /// When the key is due, if it is set.
  std::optional<TimeMs> due(const TimerKey& key) const;

 private:
  std::map<TimerKey, TimeMs> by_key_;
  std::set<std::pair<TimeMs, TimerKey>> by_time_;
};

}  // namespace convoke::core
