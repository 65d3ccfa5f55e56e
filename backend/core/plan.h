#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "topics/ids.h"
#include "topics/membership.h"

namespace convoke::core {

/// Unix time in milliseconds, UTC. The core never reads a clock: every `now` comes in with the input.
using TimeMs = std::int64_t;

/// The end of the year 9999: the last time that every format here can write. Set times lie before it.
inline constexpr TimeMs kMaxTimeMs = 253'402'300'799'999;

/// One fact about a user that an audience asks for.
/// Is in this area now, or was within this time.
struct InArea {
  topics::AreaId area;
  std::optional<TimeMs> within_ms = {};
  topics::SiteId site = {};  // whose area it is; empty: this site's. Another's holds for its users only
};
/// Is in this list.
struct OneOf {
  std::vector<topics::UserId> users;  // in order
};
/// Has the attribute (with this value, where one is given).
struct HasAttribute {
  std::string name;
  std::optional<std::string> equals;
};
/// Is registered with the plan, by this source where one is given ("staff", "self", …).
struct IsRegistered {
  std::optional<std::string> source;
};
/// Is in the open group of that plan.
struct IsMember {
  topics::PlanId plan;
};
using Condition = std::variant<InArea, OneOf, HasAttribute, IsRegistered, IsMember>;

/// Who takes part. A user qualifies if `any` is empty or one of it holds, all of `all` hold and none of
/// `none` holds.
struct Audience {
  std::vector<Condition> any;
  std::vector<Condition> all;
  std::vector<Condition> none;
  bool only_available = true;  // only those whose presence says available
  std::uint32_t max = 10'000;  // of more, each has the same chance; a group's id draws the lot
  // Late arrivals join, and who does not qualify any more leaves after this long; absent: as chosen at the
  // start.
  std::optional<TimeMs> follow_ms = {};
  std::vector<topics::SiteId> sites = {};  // users of these are looked for too, in order
  bool by_another = false;                 // another site asks: only those who let other sites draw them in
};

/// What registers a user with a plan from outside. A call to this number.
struct ByCall {
  std::string number;  // E.164: "+4930123456"
  std::optional<std::string> attested =
      {};  // by the caller's operator (STIR/SHAKEN) as "A", or "B" or better, …
};
/// A mail to this address.
struct ByMail {
  std::string address;      // lower case
  bool unverified = false;  // also where nobody vouches for the sender
};
/// A ticket bought in this shop.
struct ByTicket {
  std::string shop;                         // name of its hook
  std::optional<std::string> product = {};  // absent: whatever it is for
};
using Registrar = std::variant<ByCall, ByMail, ByTicket>;

/// Who may register with a plan, and when.
struct Registering {
  bool self = false;                        // terminals may ask for it
  std::optional<TimeMs> from_ms, until_ms;  // counts for the registrars too: when the act was done
  std::vector<Registrar> by;
};

/// What starts a chat. Staff can always start one by hand.
/// The set time comes.
struct OnSchedule {
  TimeMs at_ms = 0;
};
/// A set time that repeats comes; checked by checked_recurrence().
struct OnRecurrence {
  std::string rule;                 // RFC 5545 RRULE: "FREQ=WEEKLY;BYDAY=FR"
  std::string from;                 // the first, local: "2026-06-05T19:30:00"
  std::string zone;                 // whose clocks: "Europe/Berlin"
  std::vector<std::string> except;  // local dates on which it does not count
};
/// The area fills to this many people.
struct OnOccupancy {
  topics::AreaId area;
  std::uint32_t reaches = 1;
  // So long after a chat of the plan it may fire again, full as the area is.
  std::optional<TimeMs> again_ms = {};
  topics::SiteId site = {};  // whose area it is; empty: this site's. The same below
};
/// The area, where there were more, empties to this many people.
struct OnEmptying {
  topics::AreaId area;
  std::uint32_t falls_to = 0;
  topics::SiteId site = {};
};
/// Somebody enters the area.
struct OnEnter {
  topics::AreaId area;
  topics::SiteId site = {};
};
/// The user becomes available, or is so already when the plan becomes active.
struct OnAvailable {
  topics::UserId user;
};
inline constexpr std::size_t kMaxEventBytes = 100;  // of each text that names an event from outside

/// An event from outside, as CloudEvents describes it, of this type, and from this source and about this
/// subject where they are given.
struct OnEvent {
  std::string type;
  std::optional<std::string> source, subject;
};
/// This user sends a mail: from an address that is proven to be theirs, and vouched for.
struct OnMail {
  topics::UserId user;
  std::optional<std::string> to, subject;  // to this address; with this in its subject
};
/// A mail has this header field, with just this value.
struct HasHeader {
  std::string name;  // lower case; one that core/mail_header.h lets plans ask for
  std::string equals;
};
/// A mailing comes in, which went to the terminals' owners too.
struct OnMailing {
  std::string domain;                        // that vouches for it (DKIM), lower case
  std::optional<std::string> list, subject;  // its List-Id; with this in its subject
  std::optional<HasHeader> header = {};
};
using Trigger = std::variant<OnSchedule, OnRecurrence, OnOccupancy, OnEmptying, OnEnter, OnAvailable, OnEvent,
                             OnMail, OnMailing>;

/// What ends it. The first wins. Staff can always end one by hand.
/// So long after the start.
struct AfterDuration {
  TimeMs duration_ms = 0;
};
/// At a set time.
struct AtTime {
  TimeMs at_ms = 0;
};
/// The user became inaccessible during the chat, and was so for this long.
struct WhenUnavailable {
  topics::UserId user;
  TimeMs grace_ms = 0;
};
/// No message for so long since the last, or since the opening.
struct WhenIdle {
  TimeMs after_ms = 0;
};
/// The last one leaves the area.
struct WhenEmpty {
  topics::AreaId area;
  topics::SiteId site = {};
};
using End = std::variant<AfterDuration, AtTime, WhenUnavailable, WhenIdle, WhenEmpty>;

/// When what was decided by an event takes place ("prescribed timing", R-1 and R-2).
struct AtOnce {};
struct Delayed {
  TimeMs by_ms = 0;
};
/// At a set time; at once if that has passed.
struct SetTime {
  TimeMs at_ms = 0;
};
/// One member after the other, evenly.
struct Spread {
  TimeMs over_ms = 0;
};
/// Each member as soon as they next become available, within a limit.
struct NextAvailable {
  TimeMs within_ms = 0;
};
using StartTiming = std::variant<AtOnce, Delayed, SetTime, Spread, NextAvailable>;
using EndTiming = std::variant<AtOnce, Delayed, SetTime, Spread>;

inline constexpr TimeMs kDefaultKeepMs = 30LL * 24 * 3'600'000;

/// How the chat begins; staff change it while it runs. A user of whom one of `staff` holds speaks as staff,
/// one of whom one of `muted` holds only listens; of whom both hold speaks as staff.
struct ChatDefaults {
  topics::ChatRules rules;
  bool anonymous = false;  // members are not told one another's names; staff do not change it
  std::vector<Condition> staff, muted;
};

/// What staff define in advance. Data only; docs/protocol/plans.md is its file format.
struct Plan {
  topics::PlanId id;
  std::string name;
  bool enabled = true;
  Audience audience;
  Registering registering;
  std::vector<Trigger> starts;
  StartTiming start_timing;
  std::vector<End> ends;
  EndTiming end_timing;
  TimeMs keep_ms = kDefaultKeepMs;  // archive, reports and details of a chat, after its end
  ChatDefaults chat;
  std::vector<TimeMs> warn_ms;  // so long before the end a system message tells the members of it
};

/// What stands for the plan of a group of another site, where the real one is: nothing that this site
/// decides.
inline const Plan& foreign_plan(bool anonymous) {
  static const Plan kNamed, kAnonymous = [] {
    Plan plan;
    plan.chat.anonymous = true;
    return plan;
  }();
  return anonymous ? kAnonymous : kNamed;
}

}  // namespace convoke::core
