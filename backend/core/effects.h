#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "backend/core/model.h"
#include "topics/messages/chat.h"
#include "topics/messages/feed.h"
#include "topics/messages/peer.h"

namespace convoke::core {

/// A message to the broker. `durable` ones are in the store's outbox until the broker has them.
struct Publish {
  std::string topic;
  std::string payload;
  int qos = 1;
  bool retain = false;
  bool durable = true;
  std::string correlation = {};  // MQTT 5 correlation data, may be empty
  bool ahead = false;            // may go out before the disk has it: it will be said again if it does not
};

/// A change of membership for the broker plugin, small enough for one message; always durable. It goes out
/// after the broker has taken everything before it, and everything after it waits until the plugin has
/// confirmed it.
struct FeedChange {
  std::vector<messages::FeedOp> ops;
  std::optional<GroupId> retires = {};  // told back through Organizer::retired when confirmed
};

using Outgoing = std::variant<Publish, FeedChange>;

/// What happened, for the live event stream. docs/protocol/http.md has the fields.
struct TransitionEvent {
  std::string user, area, transition, reason;
  std::optional<double> distance_m, acc_m;
  std::size_t inside = 0;  // people in the area after it
};
struct StartEvent {
  PlanId plan;
  GroupId group;
  std::string name;
  std::vector<std::string> reasons;
  std::size_t members = 0;
};
struct ScheduledEvent {
  PlanId plan;
  GroupId group;
  TimeMs opens_ms = 0;
  std::vector<std::string> reasons;
};
struct NoMembersEvent {
  PlanId plan;
  std::string reason;
};
struct HoldingEvent {
  GroupId group;
  std::uint64_t version = 0;
  std::size_t holding = 0, members = 0;
};
struct ChatEvent {
  GroupId group;
  std::uint64_t messages = 0;
};
struct ChangeEvent {
  GroupId group;
  std::uint64_t version = 0;
  std::size_t members = 0, available = 0;
};
struct EndEvent {
  GroupId group;
  PlanId plan;
  std::string reason;
};
struct ReportEvent {
  GroupId group;
  std::string reporter, from, message;
};
struct RetiredEvent {
  GroupId group;
};
using EventBody = std::variant<TransitionEvent, ScheduledEvent, StartEvent, NoMembersEvent, HoldingEvent,
                               ChatEvent, ChangeEvent, EndEvent, RetiredEvent, ReportEvent>;
struct Event {
  TimeMs time_ms = 0;
  EventBody body;
};

/// A chat message for the archive. One that changes another says where that should be. Only the store can
/// tell whether it is there, and it then changes it; otherwise this entry is passed over.
struct ArchiveEntry {
  GroupId group;
  messages::ArchivedMessage message;
  std::optional<ChatPlace> changes = {};
};

/// Somebody reports a message: what is archived there now is kept as evidence, once for each reporter.
struct ReportEntry {
  GroupId group;
  UserId reporter;
  std::string from, message, reason;  // whose message, its id, why
  TimeMs time_ms = 0;
  ChatPlace place;
  std::size_t after = 0;  // so many archive entries of this step came before
};

/// The answer that a request of staff over MQTT has had, and when (real time): it is carried out once.
struct StaffAnswer {
  std::int64_t at_ms = 0;
  std::string answer;
};

/// An item for another site's server, which is kept until it has it.
struct PeerOutgoing {
  SiteId site;
  std::uint64_t number = 0;
  std::string item;  // encoded
};

/// Where an archived message of a member stands in the order of the group's home.
struct PlaceEntry {
  GroupId group;
  ChatPlace place;
  UserId from;
  std::string message;
  messages::Stamp home;
};

/// A history request, which only the store can answer.
struct HistoryQuery {
  std::string response_topic, correlation, request_id;
  GroupId group;
  std::uint64_t epoch = 0, n = 0;
  std::uint32_t limit = 0;
  std::set<UserId> without = {};       // nothing that these said
  std::vector<Stay> stays = {Stay{}};  // in order; nothing that was said outside of them
};

/// Everything one step wants done. The caller writes the records named here and the durable outgoing messages
/// in one batch, and only then lets anything out (but what may go ahead), in order.
struct Effects {
  std::set<UserId> users;      // records that changed; their new value is in the state,
  std::set<UserId> positions;  // last positions that changed; these may be written later
  std::set<PlanId> plans;
  std::set<AreaId> areas;  // or they are gone from it
  std::set<GroupId> groups;
  std::set<std::pair<GroupId, UserId>> members, invited;
  std::map<std::pair<GroupId, UserId>, PastMember> past;  // who are members no more
  std::set<GroupId> forgotten;                            // all that belongs to them goes
  std::set<std::pair<PlanId, UserId>> registrations;
  std::set<std::string> identities, acts;
  std::set<std::pair<PlanId, std::string>> waiting;
  std::set<std::pair<std::string, std::string>> hints;
  std::set<UserId> erased;             // what only the store has of them is to go too
  std::set<UserId> revoked;            // their tokens of before now are void
  std::set<std::string> revocations;   // records that changed, by mark
  std::optional<TimeMs> graced_since;  // the presence grace after this broker start is over
  std::vector<ArchiveEntry> archive;
  std::vector<ReportEntry> reports;
  std::vector<PlaceEntry> places;                       // after the archive's entries
  std::set<std::pair<GroupId, std::uint64_t>> relayed;  // records that changed
  std::set<std::pair<SiteId, PlanId>> watches;          // records that changed
  std::set<SiteId> peers;                               // records that changed
  std::set<std::pair<SiteId, PlanId>> questions;        // records that changed, by site and question_id,
  std::set<std::pair<std::pair<SiteId, PlanId>, UserId>> told;  // and those of who meets them
  std::set<std::pair<GroupId, UserId>> met;                     // records that changed
  std::set<SiteId> peers_cleared;                               // what waited for them before this step goes
  std::map<SiteId, std::uint64_t> peers_took;                   // all up to this number: it waits no more
  std::set<SiteId> peers_heard;  // items came: they are to be told what was taken
  std::vector<PeerOutgoing> peer_items;
  std::map<SiteId, std::vector<messages::PeerSignal>>
      peer_signals;  // at most kMaxPeerSignals for each; kept nowhere
  // By what stands for the request; one without an answer is forgotten.
  std::map<std::string, std::optional<StaffAnswer>> staff_answers;
  std::set<GroupId> archived;  // groups whose archived-up-to marker moved
  std::vector<Outgoing> out;
  std::optional<std::size_t> blocks_at;  // in `out`, the feed change that takes more of this step's blocks
  std::vector<HistoryQuery> history;
  std::vector<Event> events;
};

/// What comes in with every step: the time, and fresh group ids (the core makes none itself; one is taken for
/// each group that starts; with none left nothing starts).
struct Context {
  TimeMs now = 0;
  std::deque<GroupId>& fresh_ids;
  Effects& fx;

  void event(EventBody body) { fx.events.push_back({now, std::move(body)}); }
  void publish(Publish p) { fx.out.emplace_back(std::move(p)); }
};

}  // namespace convoke::core
