#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "topics/ids.h"

namespace convoke::core {

/// Unix time in milliseconds, UTC. The core never reads a clock: every `now` comes in with the input.
using TimeMs = std::int64_t;

/// The end of the year 9999: the last time that every format here can write. Set times lie before it.
inline constexpr TimeMs kMaxTimeMs = 253'402'300'799'999;

/// One fact about a user that an audience asks for.
/// Is in this area now.
struct InArea {
  topics::AreaId area;
};
/// Is in this list.
struct OneOf {
  std::vector<topics::UserId> users;
};
/// Has the attribute (with this value, where one is given).
struct HasAttribute {
  std::string name;
  std::optional<std::string> equals;
};
using Condition = std::variant<InArea, OneOf, HasAttribute>;

/// Who takes part. A user qualifies if `any` is empty or one of it holds, all of `all` hold and none of
/// `none` holds.
struct Audience {
  std::vector<Condition> any;
  std::vector<Condition> all;
  std::vector<Condition> none;
  bool only_available = true;  // only those whose presence says available
  std::uint32_t max = 10'000;  // the first by user id
};

/// What starts a chat. Staff can always start one by hand.
/// The set time comes.
struct OnSchedule {
  TimeMs at_ms = 0;
};
/// The area fills to this many people.
struct OnOccupancy {
  topics::AreaId area;
  std::uint32_t reaches = 1;
  // So long after a chat of the plan it may fire again, full as the area is.
  std::optional<TimeMs> again_ms = {};
};
/// Somebody enters the area.
struct OnEnter {
  topics::AreaId area;
};
using Trigger = std::variant<OnSchedule, OnOccupancy, OnEnter>;

/// What ends it. The first wins. Staff can always end one by hand.
/// So long after the start.
struct AfterDuration {
  TimeMs duration_ms = 0;
};
/// At a set time.
struct AtTime {
  TimeMs at_ms = 0;
};
using End = std::variant<AfterDuration, AtTime>;

/// What staff define in advance. Data only; docs/protocol/plans.md is its file format.
struct Plan {
  topics::PlanId id;
  std::string name;
  bool enabled = true;
  Audience audience;
  std::vector<Trigger> starts;
  std::vector<End> ends;
};

}  // namespace convoke::core
