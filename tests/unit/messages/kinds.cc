#include "tests/unit/messages/kinds.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <stdexcept>

#include "topics/messages/area_event.h"
#include "topics/messages/chat.h"
#include "topics/messages/feed.h"
#include "topics/messages/inbox.h"
#include "topics/messages/peer.h"
#include "topics/messages/position.h"
#include "topics/messages/presence.h"
#include "topics/messages/request.h"
#include "topics/messages/roster.h"
#include "topics/messages/staff.h"

namespace convoke::messages::testing {
namespace {

namespace json = boost::json;

constexpr std::int64_t kTime = 1767225600000;

template <auto Decode>
Result<std::string> recode(std::string_view payload) {
  const auto decoded = Decode(payload);
  if (!decoded) return decoded.error();
  return Result<std::string>(boost::system::in_place_value, encode(*decoded));
}

RosterHead full_head() {
  return {.group = kGroup,
          .plan = "hall-a",
          .name = "Hall A",
          .state = GroupState::open,
          .started_ms = kTime,
          .ends_ms = kTime + 1,
          .version = 7,
          .pages = 1,
          .members = 42,
          .available = 40,
          .rules = {.announcement_only = true, .slow_ms = 10'000, .per_minute = 20},
          .home = "arena"};
}

Buddy full_buddy() {
  return {.user = "anna",
          .name = "Ånna",
          .presence = PresenceState::away,
          .ends_ms = kTime,
          .standing = topics::Standing::muted};
}

RosterPage full_page() { return {.group = kGroup, .version = 7, .page = 3, .buddies = {full_buddy()}}; }

RosterChanges full_changes() {
  return {.group = kGroup,
          .from = 6,
          .version = 7,
          .members = 42,
          .available = 40,
          .ends_ms = kTime,
          .put = {full_buddy()},
          .gone = {"ben@other"},
          .pages_changed = {0, 17},
          .all = true};
}

ChatEnd full_end() { return {.group = kGroup, .plan = "hall-a", .reason = "duration", .ended_ms = kTime}; }

SafeRegion full_safe_region() {
  return {.time_ms = kTime,
          .max_age_s = 600,
          .ring = {{525'146'000, 132'334'000}, {525'146'000, 132'363'500}, {525'164'000, 132'363'500}}};
}

ChatMessage full_chat() {
  return {.id = "m-1",
          .type = "text",
          .text = "See you\nat the bar 🍸",
          .reply_to = "m-0",
          .of = "m-9",
          .author = {},
          .home = Stamp{"demo", 1, 7, kTime}};
}

Notice full_notice() {
  Notice notice{"eve", full_chat()};
  notice.message.author = "anna";
  return notice;
}

ArchivedMessage full_archived() {
  ChatMessage message = full_chat();
  message.author = "anna";
  return {.from = "anna",
          .message = std::move(message),
          .stamp = {.site = "demo", .epoch = 1, .n = 7, .time_ms = kTime},
          .edited = Stamp{"demo", 1, 8, kTime},
          .deleted = Stamp{"demo", 1, 9, kTime},
          .deleted_by = "eve"};
}

AreaEvent full_area_event() {
  return {.time_ms = kTime,
          .user = "anna",
          .area = "hall-a",
          .transition = "enter",
          .reason = "position",
          .distance_m = -3.2,
          .accuracy_m = 8,
          .rule = "balanced",
          .fixes = {kTime, kTime - 1000}};
}

std::vector<std::string> full_requests() {
  const std::vector<HeldGroup> held = {{.group = kGroup, .version = 7, .ended = true}};
  return {encode(Request{"1", ResumeRequest{held}}),
          encode(Request{"2", HoldRequest{held}}),
          encode(Request{"3", PageRequest{kGroup, 4}}),
          encode(Request{"4", AvailableRequest{kGroup, "mia"}}),
          encode(Request{"5", HistoryRequest{kGroup, 1, 41, 50}}),
          encode(Request{"6", LeaveRequest{kGroup}}),
          encode(Request{"7", ReportRequest{kGroup, "ben", "m-1", "insult"}}),
          encode(Request{"8", RegisterRequest{"meetup", false}}),
          encode(Request{"9", RegisterRequest{"meetup", true}}),
          encode(Request{"10", BlockRequest{"ben@other", false}}),
          encode(Request{"11", BlockRequest{"ben", true}}),
          encode(Request{"12", BlockedRequest{}}),
          encode(Request{"13", EraseRequest{}}),
          encode(Request{"14", OtherSitesRequest{true}})};
}

std::vector<std::string> full_responses() {
  return {
      encode(Response{"1", ResumeAnswer{.starts = {{full_head()}}, .ends = {full_end()}, .hidden = true}}),
      encode(Response{"2", EmptyAnswer{}}),
      encode(Response{"3", full_page()}),
      encode(Response{"4", AvailableAnswer{.buddies = {full_buddy()}, .more = true}}),
      encode(
          Response{"5", HistoryAnswer{.messages = {full_archived()}, .more = true, .after = {{kTime, 7}}}}),
      encode(Response{"6", RequestError{"rate-limited", "too many", 1000}}),
      encode(Response{"7", BlockedAnswer{{"ben@other"}}})};
}

Feed full_feed() {
  return {
      .seq = 7,
      .ops = {FeedBegin{}, FeedReady{}, FeedAdd{kGroup, {"anna", "ben@other"}}, FeedRemove{kGroup, {"ben"}},
              FeedRetire{kGroup}, FeedBlock{"anna", "ben"}, FeedUnblock{"anna", "ben"},
              FeedRevoke{"anna", kTime}, FeedCounters{},
              FeedStanding{kGroup, topics::Standing::muted, {"anna"}}, FeedRules{kGroup, {true, 10'000, 20}},
              FeedRevoked{std::string(64, 'a'), kTime}, FeedSignIns{17}, FeedPeer{"arena", "{}"}}};
}

PeerBatch full_peer_batch() {
  const PeerMember member{"anna@demo", "Ånna", PresenceState::away, topics::Standing::muted, kTime};
  const topics::ChatRules rules{true, 10'000, 20};
  const Stamp place{"demo", 1, 7, kTime};
  PeerBatch batch{2, 17, 3, 41, {}, kPeerVersion, kPeerVersion + 1, {kGroupRanges}};
  batch.items = {PeerGroups{{kGroup}, std::string(32, '0'), std::string(32, 'f')},
                 PeerAsk{kGroup, "hall-a", "Hall A", {"ben@arena"}, true, true},
                 PeerOpen{kGroup, "hall-a", "Hall A", kTime, kTime + 1, true, rules, {member}, true},
                 PeerPut{kGroup, {member}, true},
                 PeerGone{kGroup, {"ben@arena"}, "removed"},
                 PeerHead{kGroup, kTime, rules},
                 PeerEnd{kGroup, "duration"},
                 PeerPlace{kGroup, "ben@arena", "m-1", place},
                 PeerNotice{kGroup, full_notice()},
                 PeerChosen{kGroup, {member}, true, true, "not-allowed", true},
                 PeerLeft{kGroup, "ben@arena", "left"},
                 PeerClosed{kGroup},
                 PeerSaid{kGroup, "ben@arena", full_chat()},
                 PeerPresence{{{"ben@arena", PresenceState::busy, "Ben"}}},
                 PeerErase{"ben@arena"},
                 PeerBlocks{"ben@arena", {"anna@hall"}},
                 PeerWatch{"hall-a",
                           {{PeerWatched::Is::at_least, "floor", 50},
                            {PeerWatched::Is::at_most, "floor", 2},
                            {PeerWatched::Is::enter, "floor"},
                            {PeerWatched::Is::available, "ben@arena"}}},
                 PeerHolds{"hall-a", {{{PeerWatched::Is::enter, "floor"}, true, "not-allowed"}}, kTime},
                 PeerSelect{kGroup,
                            "hall-a",
                            {PeerInArea{"floor", 600'000}, PeerOneOf{{"ben@arena"}}},
                            {PeerHasAttribute{"ticket", "vip"}},
                            {PeerRegistered{"staff"}},
                            true,
                            500,
                            true},
                 PeerUnchosen{kGroup, {"ben@arena"}},
                 PeerDrop{kGroup}};
  batch.signals = {{kGroup, "ben@arena"},
                   {kGroup, "ben@arena", Signal::Type::delivered, 1, 41},
                   {kGroup, "ben@arena", Signal::Type::read, 1, 41}};
  return batch;
}

std::vector<std::string> full_feed_responses() {
  FeedResponse done{
      .seq = 7, .error = {}, .epoch = 1, .ready = true, .counters = {{"denied_publish", 3}}, .sign_ins = {}};
  done.sign_ins = {{17, "anna", kTime, "+4930110", "anna@home.example"}};
  FeedResponse failed = done;
  failed.error = "ops[0].users: bad";
  return {encode(done), encode(failed)};
}

std::vector<Kind> make_kinds() {
  const Fix fix{.time_ms = kTime,
                .lat = 39.99,
                .lon = 116.32,
                .acc_m = 8,
                .alt_m = 51.5,
                .speed_mps = 1.25,
                .floor = 2};
  return {
      {"position-report", recode<decode_position_report>, {encode(PositionReport{{fix}})}},
      {"presence", recode<decode_presence>, {encode(Presence{PresenceState::available, 1767225600000})}},
      {"roster-head", recode<decode_roster_head>, {encode(full_head())}},
      {"roster-page", recode<decode_roster_page>, {encode(full_page())}},
      {"roster-changes", recode<decode_roster_changes>, {encode(full_changes())}},
      {"inbox",
       recode<decode_inbox>,
       {encode(InboxMessage{ChatStart{full_head()}}), encode(InboxMessage{full_end()}),
        encode(InboxMessage{full_safe_region()}), encode(InboxMessage{ReportPosition{}}),
        encode(InboxMessage{Hidden{{"ben@other"}, true}}), encode(InboxMessage{RetryAfter{kGroup, 4200}})}},
      {"chat-message", recode<decode_chat_message>, {encode(full_chat())}},
      {"notice", recode<decode_notice>, {encode(full_notice())}},
      {"archived-message", recode<decode_archived_message>, {encode(full_archived())}},
      {"archived-up-to",
       recode<decode_archived_up_to>,
       {encode(ArchivedUpTo{1, 41, {{3, 3}, {17, 18}}, {{1, 41, 2, 7}}})}},
      {"signal",
       recode<decode_signal>,
       {encode(Signal{}), encode(Signal{Signal::Type::delivered, 1, 41, 2, 7}),
        encode(Signal{Signal::Type::read, 1, 41, 2, 7})}},
      {"request", recode<decode_request>, full_requests()},
      {"response", recode<decode_response>, full_responses()},
      {"area-event", recode<decode_area_event>, {encode(full_area_event())}},
      {"occupancy", recode<decode_occupancy>, {encode(Occupancy{"hall-a", 17, kTime})}},
      {"server-status", recode<decode_server_status>, {encode(ServerStatus{true, "0.1.0", kTime})}},
      {"staff-request",
       recode<decode_staff_request>,
       {encode(StaffRequest{"1", Method::post, "/v1/groups", R"({"plan":"hall-a"})"})}},
      {"staff-response",
       recode<decode_staff_response>,
       {encode(StaffResponse{"1", 201, R"({"group":"0123456789abcdef0123456789abcdef","members":42})"})}},
      {"feed", recode<decode_feed>, {encode(full_feed())}},
      {"feed-response", recode<decode_feed_response>, full_feed_responses()},
      {"peer-batch", recode<decode_peer_batch>, {encode(full_peer_batch())}},
  };
}

/// "fixes[0].lat" as a JSON pointer (RFC 6901).
std::string pointer(const std::string& path) {
  std::string text = "/";
  for (const char c : path) {
    if (c != ']') text += (c == '.' || c == '[') ? '/' : c;
  }
  return text;
}

}  // namespace

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = make_kinds();
  return all;
}

const Kind& kind(std::string_view name) {
  for (const Kind& one : kinds()) {
    if (one.name == name) return one;
  }
  throw std::runtime_error("no payload kind " + std::string(name));
}

std::string with(const std::string& payload, const std::string& path, const std::string& text) {
  static const std::string kMark = "@@here@@";
  json::value value = json::parse(payload);
  const std::string place = pointer(path);
  const std::size_t slash = place.rfind('/');
  if (text.empty()) {
    value.at_pointer(place.substr(0, slash)).as_object().erase(place.substr(slash + 1));
    return json::serialize(value);
  }
  json::value& parent = value.at_pointer(place.substr(0, slash));
  if (auto* object = parent.if_object()) {
    (*object)[place.substr(slash + 1)] = kMark;
  } else {
    value.at_pointer(place) = kMark;
  }
  std::string changed = json::serialize(value);
  return changed.replace(changed.find(quoted(kMark)), kMark.size() + 2, text);
}

void expect_refusals(std::string_view kind_name, std::size_t full, const std::vector<Refusal>& refusals) {
  const Kind& tested = kind(kind_name);
  for (const Refusal& refusal : refusals) {
    const std::string bad = with(tested.full[full], refusal.path, refusal.json);
    SCOPED_TRACE(refusal.path + " = " + refusal.json.substr(0, 80));
    const auto result = tested.recode(bad);
    if (!result.has_error()) {
      ADD_FAILURE() << "accepted: " << bad.substr(0, 400);
      continue;
    }
    EXPECT_EQ(result.error().field, refusal.path);
    EXPECT_NE(result.error().expected.find(refusal.expected), std::string::npos) << result.error().expected;
  }
}

}  // namespace convoke::messages::testing
