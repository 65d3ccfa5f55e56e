#include "topics/topic.h"

#include <charconv>

#include "topics/levels.h"
#include "topics/topic_view.h"

namespace convoke::topics {
namespace {

using View = std::optional<TopicView>;

View done(TopicView topic, Kind kind) {
  topic.kind = kind;
  return topic;
}

/// One or more levels of free text: none empty, no wildcard, no NUL.
bool is_rest(std::string_view rest) {
  if (rest.empty() || rest.find_first_of(std::string_view("+#\0", 3)) != std::string_view::npos) return false;
  for (Levels levels(rest); !levels.done();) {
    if (levels.next().empty()) return false;
  }
  return true;
}

std::optional<std::uint32_t> parse_page(std::string_view text) {
  if (text.empty() || text.size() > 4 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::uint32_t page = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), page);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return page;
}

View parse_user_topic(TopicView topic, Levels levels) {  // u/{user}/…
  topic.user = levels.next();
  if (!is_user_id(topic.user)) return std::nullopt;
  const std::string_view second = levels.next();
  if (levels.done()) return second == "in" ? done(topic, Kind::inbox) : std::nullopt;
  topic.device = second;
  if (!is_plain_id(topic.device)) return std::nullopt;
  const std::string_view leaf = levels.next();
  if (!levels.done()) return std::nullopt;
  if (leaf == "pos") return done(topic, Kind::position);
  if (leaf == "presence") return done(topic, Kind::presence);
  if (leaf == "req") return done(topic, Kind::request);
  if (leaf == "res") return done(topic, Kind::response);
  return std::nullopt;
}

View parse_group_topic(TopicView topic, Levels levels) {  // g/{group}/…
  topic.group = levels.next();
  if (!is_group_id(topic.group)) return std::nullopt;
  const std::string_view what = levels.next();
  if (levels.done()) {
    if (what == "head") return done(topic, Kind::group_head);
    if (what == "changes") return done(topic, Kind::group_changes);
    if (what == "ack") return done(topic, Kind::group_ack);
    if (what == "notice") return done(topic, Kind::group_notice);
    return std::nullopt;
  }
  const std::string_view leaf = levels.next();
  if (!levels.done()) return std::nullopt;
  if (what == "buddies") {
    const auto page = parse_page(leaf);
    if (!page) return std::nullopt;
    topic.page = *page;
    return done(topic, Kind::group_buddies);
  }
  if (!is_user_id(leaf)) return std::nullopt;
  topic.user = leaf;
  if (what == "chat") return done(topic, Kind::group_chat);
  if (what == "signal") return done(topic, Kind::group_signal);
  return std::nullopt;
}

View parse_area_topic(TopicView topic, Levels levels) {  // area/{area}/…
  topic.area = levels.next();
  const std::string_view leaf = levels.next();
  if (!levels.done() || !is_plain_id(topic.area)) return std::nullopt;
  if (leaf == "events") return done(topic, Kind::area_events);
  if (leaf == "occupancy") return done(topic, Kind::area_occupancy);
  return std::nullopt;
}

View parse_staff_topic(TopicView topic, Levels levels) {  // staff/{user}/{device}/…
  topic.user = levels.next();
  topic.device = levels.next();
  const std::string_view leaf = levels.next();
  if (!levels.done() || !is_user_id(topic.user) || !is_plain_id(topic.device)) return std::nullopt;
  if (leaf == "req") return done(topic, Kind::staff_request);
  if (leaf == "res") return done(topic, Kind::staff_response);
  if (leaf == "event") return done(topic, Kind::staff_event);
  return std::nullopt;
}

View parse_server_topic(TopicView topic, Levels levels) {  // server/{server}/…
  topic.server = levels.next();
  const std::string_view leaf = levels.next();
  if (!levels.done() || !is_plain_id(topic.server)) return std::nullopt;
  if (leaf == "status") return done(topic, Kind::server_status);
  if (leaf == "marker") return done(topic, Kind::server_marker);
  return std::nullopt;
}

View parse_peer_topic(TopicView topic, Levels levels) {  // peer/{sender site}/{rest}
  topic.sender_site = levels.next();
  topic.rest = levels.remainder();
  if (!is_plain_id(topic.sender_site) || !is_rest(topic.rest)) return std::nullopt;
  return done(topic, Kind::peer);
}

View parse_site_topic(Levels levels) {  // cv1/{site}/…
  TopicView topic;
  topic.site = levels.next();
  if (!is_plain_id(topic.site)) return std::nullopt;
  const std::string_view branch = levels.next();
  if (branch == "g") return parse_group_topic(topic, levels);
  if (branch == "u") return parse_user_topic(topic, levels);
  if (branch == "area") return parse_area_topic(topic, levels);
  if (branch == "staff") return parse_staff_topic(topic, levels);
  if (branch == "server") return parse_server_topic(topic, levels);
  if (branch == "peer") return parse_peer_topic(topic, levels);
  return std::nullopt;
}

View parse_owntracks(Levels levels) {  // owntracks/{user}/{device}[/{rest}]
  TopicView topic;
  topic.user = levels.next();
  topic.device = levels.next();
  if (!is_user_id(topic.user) || !is_plain_id(topic.device)) return std::nullopt;
  if (!levels.done()) {
    topic.rest = levels.remainder();
    if (!is_rest(topic.rest)) return std::nullopt;
  }
  return done(topic, Kind::owntracks);
}

std::string user_device_topic(const SiteId& site, std::string_view branch, const UserId& user,
                              const DeviceId& device, std::string_view leaf) {
  return "cv1/" + site.str() + std::string(branch) + user.str() + '/' + device.str() + std::string(leaf);
}

std::string group_topic(const SiteId& site, const GroupId& group, std::string_view leaf) {
  return "cv1/" + site.str() + "/g/" + group.str() + std::string(leaf);
}

std::string server_topic(const SiteId& site, const ServerId& server, std::string_view leaf) {
  return "cv1/" + site.str() + "/server/" + server.str() + std::string(leaf);
}

}  // namespace

std::optional<TopicView> view_topic(std::string_view name) {
  if (name.size() > kMaxTopicBytes) return std::nullopt;
  Levels levels(name);
  const std::string_view root = levels.next();
  if (root == "cv1") return parse_site_topic(levels);
  if (root == "owntracks") return parse_owntracks(levels);
  if (name == kFeedTopic) return done({}, Kind::feed);
  if (name == kFeedResponseTopic) return done({}, Kind::feed_response);
  if (root == "$SYS" && is_rest(levels.remainder())) {
    TopicView topic;
    topic.rest = levels.remainder();
    return done(topic, Kind::broker_stats);
  }
  return std::nullopt;
}

std::optional<Topic> parse_topic(std::string_view name) {
  const auto view = view_topic(name);
  if (!view) return std::nullopt;
  Topic topic;
  topic.kind = view->kind;
  topic.site = SiteId::parse(view->site);
  topic.user = UserId::parse(view->user);
  topic.device = DeviceId::parse(view->device);
  topic.group = GroupId::parse(view->group);
  topic.page = view->page;
  topic.area = AreaId::parse(view->area);
  topic.server = ServerId::parse(view->server);
  topic.sender_site = SiteId::parse(view->sender_site);
  topic.rest = view->rest;
  return topic;
}

std::string format_topic(const Topic& t) {
  switch (t.kind) {
    case Kind::position:
      return position_topic(t.site, t.user, t.device);
    case Kind::presence:
      return presence_topic(t.site, t.user, t.device);
    case Kind::request:
      return request_topic(t.site, t.user, t.device);
    case Kind::response:
      return response_topic(t.site, t.user, t.device);
    case Kind::inbox:
      return inbox_topic(t.site, t.user);
    case Kind::group_head:
      return head_topic(t.site, t.group);
    case Kind::group_buddies:
      return buddies_topic(t.site, t.group, t.page);
    case Kind::group_changes:
      return changes_topic(t.site, t.group);
    case Kind::group_chat:
      return chat_topic(t.site, t.group, t.user);
    case Kind::group_ack:
      return ack_topic(t.site, t.group);
    case Kind::group_signal:
      return signal_topic(t.site, t.group, t.user);
    case Kind::group_notice:
      return notice_topic(t.site, t.group);
    case Kind::area_events:
      return area_events_topic(t.site, t.area);
    case Kind::area_occupancy:
      return area_occupancy_topic(t.site, t.area);
    case Kind::staff_request:
      return staff_request_topic(t.site, t.user, t.device);
    case Kind::staff_response:
      return staff_response_topic(t.site, t.user, t.device);
    case Kind::staff_event:
      return staff_event_topic(t.site, t.user, t.device);
    case Kind::server_status:
      return server_status_topic(t.site, t.server);
    case Kind::server_marker:
      return server_marker_topic(t.site, t.server);
    case Kind::peer:
      return "cv1/" + t.site.str() + "/peer/" + t.sender_site.str() + '/' + t.rest;
    case Kind::owntracks:
      return "owntracks/" + t.user.str() + '/' + t.device.str() + (t.rest.empty() ? "" : '/' + t.rest);
    case Kind::feed:
      return std::string(kFeedTopic);
    case Kind::feed_response:
      return std::string(kFeedResponseTopic);
    case Kind::broker_stats:
      return "$SYS/" + t.rest;
  }
  return {};
}

std::string position_topic(const SiteId& s, const UserId& u, const DeviceId& d) {
  return user_device_topic(s, "/u/", u, d, "/pos");
}
std::string presence_topic(const SiteId& s, const UserId& u, const DeviceId& d) {
  return user_device_topic(s, "/u/", u, d, "/presence");
}
std::string request_topic(const SiteId& s, const UserId& u, const DeviceId& d) {
  return user_device_topic(s, "/u/", u, d, "/req");
}
std::string response_topic(const SiteId& s, const UserId& u, const DeviceId& d) {
  return user_device_topic(s, "/u/", u, d, "/res");
}
std::string inbox_topic(const SiteId& s, const UserId& u) {
  return "cv1/" + s.str() + "/u/" + u.str() + "/in";
}
std::string head_topic(const SiteId& s, const GroupId& g) { return group_topic(s, g, "/head"); }
std::string buddies_topic(const SiteId& s, const GroupId& g, std::uint32_t page) {
  return group_topic(s, g, "/buddies/" + std::to_string(page));
}
std::string changes_topic(const SiteId& s, const GroupId& g) { return group_topic(s, g, "/changes"); }
std::string chat_topic(const SiteId& s, const GroupId& g, const UserId& u) {
  return group_topic(s, g, "/chat/" + u.str());
}
std::string ack_topic(const SiteId& s, const GroupId& g) { return group_topic(s, g, "/ack"); }
std::string signal_topic(const SiteId& s, const GroupId& g, const UserId& u) {
  return group_topic(s, g, "/signal/" + u.str());
}
std::string notice_topic(const SiteId& s, const GroupId& g) { return group_topic(s, g, "/notice"); }
std::string area_events_topic(const SiteId& s, const AreaId& a) {
  return "cv1/" + s.str() + "/area/" + a.str() + "/events";
}
std::string area_occupancy_topic(const SiteId& s, const AreaId& a) {
  return "cv1/" + s.str() + "/area/" + a.str() + "/occupancy";
}
std::string staff_request_topic(const SiteId& s, const UserId& u, const DeviceId& d) {
  return user_device_topic(s, "/staff/", u, d, "/req");
}
std::string staff_response_topic(const SiteId& s, const UserId& u, const DeviceId& d) {
  return user_device_topic(s, "/staff/", u, d, "/res");
}
std::string staff_event_topic(const SiteId& s, const UserId& u, const DeviceId& d) {
  return user_device_topic(s, "/staff/", u, d, "/event");
}
std::string server_status_topic(const SiteId& s, const ServerId& id) {
  return server_topic(s, id, "/status");
}
std::string server_marker_topic(const SiteId& s, const ServerId& id) {
  return server_topic(s, id, "/marker");
}

}  // namespace convoke::topics
