#include "topics/policy.h"

#include <string>

#include "topics/filter.h"
#include "topics/levels.h"
#include "topics/topic_view.h"

namespace convoke::topics {
namespace {

using enum Decision;

Decision allow_if(bool condition, Decision otherwise) { return condition ? allow : otherwise; }

bool is_own(const Principal& who, const TopicView& t) {
  return t.user == who.subject && t.device == who.device.str();
}

Decision if_own(const Principal& who, const TopicView& t) { return allow_if(is_own(who, t), deny_not_own); }

/// May be published retained (and cleared with an empty retained payload). OwnTracks apps retain their
/// positions unless told otherwise, and we take them unmodified: the broker plugin drops the flag on the way.
bool retain_allowed(Kind kind) {
  return kind == Kind::presence || kind == Kind::group_head || kind == Kind::group_buddies ||
         kind == Kind::area_occupancy || kind == Kind::server_status || kind == Kind::owntracks;
}

Decision terminal_publishes(const Principal& who, const TopicView& t, const Membership& membership) {
  switch (t.kind) {
    case Kind::position:
    case Kind::presence:
    case Kind::request:
      return if_own(who, t);
    case Kind::owntracks:
      return t.rest == "cmd" ? deny_role : if_own(who, t);
    case Kind::group_chat:
      if (!membership.is_member(t.group, who.subject)) return deny_not_member;
      if (t.user != who.subject) return deny_not_own;
      return allow_if(membership.may_speak(t.group, who.subject), deny_muted);
    case Kind::group_signal:
      if (!membership.is_member(t.group, who.subject)) return deny_not_member;
      return allow_if(t.user == who.subject, deny_not_own);
    default:
      return deny_role;
  }
}

Decision server_publishes(const Principal& who, const TopicView& t) {
  switch (t.kind) {
    // For users of other sites, whose servers pass on what they say. The server knows whether they may: the
    // last of it comes when they have left already.
    case Kind::group_chat:
    case Kind::group_signal:
      return allow_if(is_of_another_site(t.user), deny_role);
    case Kind::presence:  // to clear that of a user who is gone
    case Kind::inbox:
    case Kind::response:
    case Kind::group_head:
    case Kind::group_buddies:
    case Kind::group_changes:
    case Kind::group_ack:
    case Kind::group_notice:
    case Kind::area_events:
    case Kind::area_occupancy:
    case Kind::staff_response:
    case Kind::feed:
      return allow;
    case Kind::server_status:
    case Kind::server_marker:
      return allow_if(t.server == who.subject, deny_not_own);
    case Kind::owntracks:
      return allow_if(t.rest == "cmd", deny_role);
    default:
      return deny_role;
  }
}

Decision may_publish(const Principal& who, const TopicView& t, const Membership& membership) {
  switch (who.role) {
    case Role::terminal:
      return terminal_publishes(who, t, membership);
    case Role::server:
      return server_publishes(who, t);
    case Role::staff:
    case Role::operator_:
      return t.kind == Kind::staff_request || t.kind == Kind::staff_event ? if_own(who, t) : deny_role;
    case Role::gateway:
      return t.kind == Kind::staff_event ? if_own(who, t) : deny_role;
    case Role::peer:
      if (t.kind != Kind::peer) return deny_role;
      return allow_if(t.sender_site == who.subject, deny_not_own);
    case Role::viewer:
      return deny_role;
  }
  return deny_role;
}

Decision terminal_receives(const Principal& who, const TopicView& t, const Membership& membership) {
  switch (t.kind) {
    case Kind::response:
      return if_own(who, t);
    case Kind::inbox:
      return allow_if(t.user == who.subject, deny_not_own);
    case Kind::owntracks:
      return t.rest == "cmd" ? if_own(who, t) : deny_role;
    case Kind::group_head:
    case Kind::group_buddies:
    case Kind::group_changes:
    case Kind::group_chat:
    case Kind::group_ack:
    case Kind::group_signal:
    case Kind::group_notice:
      return allow_if(membership.is_member(t.group, who.subject), deny_not_member);
    default:
      return deny_role;
  }
}

Decision staff_receives(const Principal& who, const TopicView& t) {
  switch (t.kind) {
    case Kind::staff_response:
      return if_own(who, t);
    case Kind::area_events:
    case Kind::area_occupancy:
    case Kind::server_status:
    case Kind::group_head:
      return allow;
    case Kind::broker_stats:
      return allow_if(who.role == Role::operator_, deny_role);
    default:
      return deny_role;
  }
}

Decision viewer_receives(const TopicView& t) {
  switch (t.kind) {
    case Kind::area_events:
    case Kind::area_occupancy:
    case Kind::server_status:
      return allow;
    default:
      return deny_role;
  }
}

Decision server_receives(const Principal& who, const TopicView& t) {
  switch (t.kind) {
    case Kind::position:
    case Kind::presence:
    case Kind::request:
    case Kind::group_chat:
    case Kind::group_notice:
    case Kind::group_signal:
    case Kind::staff_request:
    case Kind::staff_event:
    case Kind::peer:
    case Kind::owntracks:
    case Kind::broker_stats:
    case Kind::feed_response:
      return allow;
    case Kind::server_marker:
      return allow_if(t.server == who.subject, deny_not_own);
    default:
      return deny_role;
  }
}

/// Blocked pairs aside: a subscription is decided without them, each delivery with them.
Decision may_receive(const Principal& who, const TopicView& t, const Membership& membership) {
  switch (who.role) {
    case Role::terminal:
      return terminal_receives(who, t, membership);
    case Role::staff:
    case Role::operator_:
      return staff_receives(who, t);
    case Role::viewer:
      return viewer_receives(t);
    case Role::server:
      return server_receives(who, t);
    case Role::gateway:
      return t.kind == Kind::staff_response ? if_own(who, t) : deny_role;
    case Role::peer:
      return deny_role;
  }
  return deny_role;
}

bool speaks_of_a_user(Kind kind) { return kind == Kind::group_chat || kind == Kind::group_signal; }

/// A filter with a wildcard, by a terminal: only inside one group that the user is in.
Decision terminal_subscribes(const Principal& who, std::string_view branch, Levels levels,
                             const Membership& membership) {
  if (branch != "g") return deny_not_own;
  const std::string_view group = levels.next();
  return allow_if(membership.is_member(group, who.subject), deny_not_member);
}

/// A filter with a wildcard, by everyone else: inside one of the filters of the role.
bool is_open_to_role(const Principal& who, std::string_view filter) {
  const std::string site = "cv1/" + who.site.str();
  const auto within = [&](std::string_view outer) { return contains(site + std::string(outer), filter); };
  switch (who.role) {
    case Role::server:
      return within("/u/+/+/pos") || within("/u/+/+/presence") || within("/u/+/+/req") ||
             within("/g/+/chat/+") || within("/g/+/notice") || within("/g/+/signal/+") ||
             within("/staff/+/+/req") || within("/staff/+/+/event") || within("/peer/#") ||
             contains("owntracks/+/+/#", filter) || contains("$SYS/#", filter);
    case Role::operator_:
      if (contains("$SYS/#", filter)) return true;
      [[fallthrough]];
    case Role::staff:
      if (within("/g/+/head")) return true;
      [[fallthrough]];
    case Role::viewer:
      return within("/area/#") || within("/server/+/status");
    case Role::terminal:
    case Role::peer:
    case Role::gateway:
      return false;
  }
  return false;
}

Decision decide_wildcard_filter(const Principal& who, std::string_view filter, const Membership& membership) {
  Levels levels(filter);
  const std::string_view root = levels.next();
  const std::string_view site = levels.next();
  if (root == "cv1" && site != "+" && site != "#" && site != who.site.str()) return deny_foreign_site;
  if (who.role == Role::terminal) {
    if (root != "cv1" || site != who.site.str()) return deny_not_own;
    const std::string_view branch = levels.next();
    return terminal_subscribes(who, branch, levels, membership);
  }
  return allow_if(is_open_to_role(who, filter), deny_role);
}

}  // namespace

bool is_of_another_site(std::string_view user) { return user.find('@') != std::string_view::npos; }

std::string_view to_string(Decision decision) {
  switch (decision) {
    case allow:
      return "allow";
    case deny_unknown_topic:
      return "unknown_topic";
    case deny_foreign_site:
      return "foreign_site";
    case deny_role:
      return "role";
    case deny_not_own:
      return "not_own";
    case deny_not_member:
      return "not_member";
    case deny_blocked:
      return "blocked";
    case deny_muted:
      return "muted";
    case deny_retain:
      return "retain";
  }
  return "unknown";
}

Decision decide(const Principal& who, Access access, std::string_view topic, bool retain,
                const Membership& membership) {
  const bool wildcard = access == Access::subscribe && topic.find_first_of("+#") != std::string_view::npos;
  if (wildcard) {
    return is_valid_filter(topic) ? decide_wildcard_filter(who, topic, membership) : deny_unknown_topic;
  }
  const auto view = view_topic(topic);
  return view ? decide(who, access, *view, retain, membership) : deny_unknown_topic;
}

Decision decide(const Principal& who, Access access, const TopicView& t, bool retain,
                const Membership& membership) {
  if (!t.site.empty() && t.site != who.site.str()) return deny_foreign_site;
  if (access == Access::publish) {
    const Decision decision = may_publish(who, t, membership);
    return decision == allow && retain && !retain_allowed(t.kind) ? deny_retain : decision;
  }
  const Decision decision = may_receive(who, t, membership);
  const bool withheld = decision == allow && access == Access::receive && who.role == Role::terminal &&
                        speaks_of_a_user(t.kind) && membership.is_blocked(t.user, who.subject);
  return withheld ? deny_blocked : decision;
}

}  // namespace convoke::topics
