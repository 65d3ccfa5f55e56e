#include "tests/simulation/checks.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "backend/core/blocks.h"
#include "backend/core/roster.h"
#include "backend/core/triggers.h"
#include "backend/store/eraser.h"
#include "backend/store/records.h"
#include "geo/geojson.h"
#include "mobile-sdk/src/convert.h"
#include "tests/simulation/violation.h"
#include "topics/topic.h"

namespace convoke::simulation {
namespace {

using core::Group;
using core::GroupState;
using topics::GroupId;
using topics::UserId;

/// The latest moment at which a chat that opened then closes, worked out from the plan's text alone.
core::TimeMs latest_close(const core::Plan& plan, core::TimeMs opened_ms) {
  core::TimeMs end = core::kMaxTimeMs;
  for (const core::End& e : plan.ends) {
    if (const auto* after = std::get_if<core::AfterDuration>(&e))
      end = std::min(end, opened_ms + after->duration_ms);
    if (const auto* at = std::get_if<core::AtTime>(&e)) end = std::min(end, at->at_ms);
  }
  if (const auto* d = std::get_if<core::Delayed>(&plan.end_timing)) return end + d->by_ms;
  if (const auto* s = std::get_if<core::Spread>(&plan.end_timing)) return end + s->over_ms;
  if (const auto* t = std::get_if<core::SetTime>(&plan.end_timing)) return std::max(end, t->at_ms);
  return end;
}

bool later(const sdk::Stamp& a, const messages::Stamp& b) {
  return std::pair(a.epoch, a.n) > std::pair(b.epoch, b.n);
}

[[noreturn]] void fail(const std::string& what) { throw Violation(what); }

}  // namespace

// ---- After each step --------------------------------------------------------------------------------------

void StepChecks::released(const core::State& state, const core::Effects& fx, core::TimeMs now) {
  note_users(state, fx, now);
  for (const GroupId& id : fx.groups)
    if (const Group* group = state.group(id))
      check_group(state, *group);
    else
      check_gone(state, id.str());
  for (const auto& [id, user] : fx.members) {
    const Group* group = state.group(id);
    const auto member = group ? group->members.find(user) : std::map<UserId, core::Member>::const_iterator();
    seen_[id.str()].members.insert(user.str());  // perhaps for a moment only
    const bool is_member = group && member != group->members.end();
    note_member(id.str(), user.str(), is_member, now);
    if (!is_member) continue;
    if (member->second.why.empty()) fail(user.str() + " is in " + id.str() + " without a reason");
  }
  for (const core::Event& event : fx.events)
    if (const auto* retired = std::get_if<core::RetiredEvent>(&event.body))
      seen_[retired->group.str()].closed = true;
}

void StepChecks::note_member(const std::string& group, const std::string& user, bool is_member,
                             core::TimeMs now) {
  const auto out = out_until_ms_.find({group, user});
  if (!is_member)
    out_until_ms_[{group, user}] = core::kMaxTimeMs;
  else if (out != out_until_ms_.end() && out->second == core::kMaxTimeMs)
    out->second = now;
}

void StepChecks::note_users(const core::State& state, const core::Effects& fx, core::TimeMs now) {
  for (const UserId& user : fx.positions) placeless_.erase(user.str());
  for (const UserId& user : fx.erased) erased(user.str(), now);
  for (const auto& pairs : {std::cref(apart_), std::cref(state.blocked_pairs)})
    for (const auto& [user, others] : pairs.get())
      for (const UserId& other : others) apart(user.str(), other.str(), now);
  apart_ = state.blocked_pairs;
}

/// Nothing but an id is kept of a group, and only of one that was retired.
void StepChecks::check_gone(const core::State& state, const std::string& id) {
  if (!state.tombstones.contains(GroupId::parse(id))) fail("group " + id + " is lost");
  open_.erase(GroupId::parse(id));
  seen_[id].state = GroupState::retired;
  seen_[id].closed = true;
}

void StepChecks::check_group(const core::State& state, const Group& group) {
  const std::string& id = group.id.str();
  const bool is_new = !seen_.contains(id);
  Seen& seen = seen_[id];
  if (!is_new && group.state < seen.state)
    fail("group " + id + " went back from " + std::string(to_string(seen.state)) + " to " +
         std::string(to_string(group.state)));
  if (group.reasons.empty()) fail("group " + id + " has no reason");
  if (group.state == GroupState::open) {
    if (!seen.closes_ms && !group.home && state.plans.contains(group.plan))
      seen.closes_ms = latest_close(state.plan_of(group), group.started_ms);
    if (group.members.empty() && group.invited.empty()) fail("group " + id + " is open and has nobody");
    open_.insert(group.id);
  } else {
    open_.erase(group.id);
  }
  seen.state = group.state;
}

void StepChecks::turned(const core::State& state, core::TimeMs now,
                        const std::map<std::string, core::TimeMs>& extended) {
  for (const GroupId& id : open_) {
    const Group* group = state.group(id);
    if (!group) fail("group " + id.str() + " is gone");
    if (group->ends_ms && *group->ends_ms <= now) fail("group " + id.str() + " is open past its ending time");
    const auto more = extended.find(id.str());
    const core::TimeMs latest = std::max(seen_[id.str()].closes_ms.value_or(core::kMaxTimeMs),
                                         more == extended.end() ? 0 : more->second);
    if (latest <= now) fail("group " + id.str() + " is open past the end that its plan gives it");
    for (const auto& [user, member] : group->members)
      if (member.ends_ms && *member.ends_ms <= now)
        fail(user.str() + " is in " + id.str() + " past their own ending time");
  }
}

void StepChecks::lost(const std::string& name, const std::optional<messages::Stamp>& stamp) {
  const auto topic = topics::parse_topic(name);
  if (stamp && topic && topic->kind == topics::Kind::group_chat)
    lost_.insert({topic->group.str(), topic->user.str(), stamp->epoch, stamp->n});
}

bool StepChecks::was_cut_short(const std::string& group, const std::string& user,
                               const sdk::Stamp& place) const {
  if (!lost_.contains({group, user, place.epoch, place.n})) return false;
  const auto killed = killed_ms_.find(user);
  const auto out = out_until_ms_.find({group, user});
  return (killed != killed_ms_.end() && killed->second >= place.time_ms) ||
         (out != out_until_ms_.end() && out->second >= place.time_ms);
}

void StepChecks::loaded(const core::State& state, core::TimeMs now) {
  for (const auto& [id, seen] : seen_) {
    const Group* group = state.group(GroupId::parse(id));
    if (!group && !state.tombstones.contains(GroupId::parse(id))) fail("group " + id + " is lost");
    if (group && group->state < seen.state) fail("group " + id + " went back at a start");
  }
  for (const GroupId& id : state.tombstones) check_gone(state, id.str());
  // What was written in the moment of death was never told.
  for (const auto& [id, group] : state.groups) {
    check_group(state, group);
    Seen& seen = seen_[id.str()];
    for (const std::string& user : seen.members)
      note_member(id.str(), user, group.members.contains(UserId::parse(user)), now);
    for (const auto& [user, member] : group.members) seen.members.insert(user.str());
    seen.closed = group.state == GroupState::retired;
  }
}

namespace {

std::string user_of(const std::string& client) {
  const auto first = client.find(':') + 1;
  return client.substr(first, client.find(':', first) - first);
}

}  // namespace

void StepChecks::handing_out_between(const core::State& state, const std::string& client,
                                     const Message& message) const {
  const auto chat = message.topic.find("/chat/");
  if (chat == std::string::npos || client.ends_with(":server")) return;
  const UserId from = UserId::parse(message.topic.substr(chat + 6)), to = UserId::parse(user_of(client));
  if (core::blocked_with(state, to).contains(from))
    fail(to.str() + " hears " + from.str() + ", though one has blocked the other");
}

void StepChecks::handing_out(const std::string& client, const Message& message) const {
  if (!message.topic.starts_with(groups_) || client.ends_with(":server")) return;
  const std::string user = user_of(client);
  const auto seen = seen_.find(message.topic.substr(groups_.size(), 32));
  if (seen == seen_.end() || !seen->second.members.contains(user))
    fail(user + " gets " + message.topic + ", but was never a member");
  if (seen->second.closed) fail(user + " gets " + message.topic + " after the end was confirmed");
}

// ---- Memory and disk --------------------------------------------------------------------------------------

namespace {

void same(const std::string& what, const std::string& memory, const std::string& disk) {
  if (memory != disk) fail(what + " differs: " + memory + " here, " + disk + " there");
}

void same_group(const Group& memory, const Group& disk) {
  const std::string name = "group " + memory.id.str();
  same(name, store::encode_group(memory), store::encode_group(disk));
  const auto names = [](const auto& map) {
    std::string text;
    for (const auto& [user, value] : map) text += user.str() + " ";
    return text;
  };
  same("the members of " + name, names(memory.members), names(disk.members));
  for (const auto& [user, member] : memory.members)
    same("member " + user.str() + " of " + name, store::encode_member(member),
         store::encode_member(disk.members.at(user)));
  same("the invited of " + name, names(memory.invited), names(disk.invited));
  for (const auto& [user, invitation] : memory.invited)
    same("invitation of " + user.str() + " to " + name, store::encode_invitation(invitation),
         store::encode_invitation(disk.invited.at(user)));
  same("the number of messages of other sites that wait in " + name, std::to_string(memory.relayed.size()),
       std::to_string(disk.relayed.size()));
  for (const auto& [key, relayed] : memory.relayed) {
    if (!disk.relayed.contains(key)) fail("a message of another site in " + name + " is not on the disk");
    same("a message of another site in " + name, store::encode_relayed(relayed),
         store::encode_relayed(disk.relayed.at(key)));
  }
}

void same_peers(const core::State& memory, const core::State& disk) {
  same("the number of other sites", std::to_string(memory.peers.size()), std::to_string(disk.peers.size()));
  for (const auto& [site, peer] : memory.peers) {
    const auto other = disk.peers.find(site);
    same("site " + site.str(), store::encode_peer(peer),
         other == disk.peers.end() ? "" : store::encode_peer(other->second));
  }
}

void same_records(const core::Engine& memory, const core::Engine& disk) {
  const core::State &m = memory.state(), &d = disk.state();
  same("the number of users", std::to_string(m.users.size()), std::to_string(d.users.size()));
  for (const auto& [id, user] : m.users) {
    if (!d.user(id)) fail("user " + id.str() + " is not on the disk");
    same("user " + id.str(), store::encode_user(user), store::encode_user(*d.user(id)));
  }
  same("the number of plans", std::to_string(m.plans.size()), std::to_string(d.plans.size()));
  for (const auto& [id, record] : m.plans) {
    const auto other = d.plans.find(id);
    if (other == d.plans.end()) fail("plan " + id.str() + " is not on the disk");
    same("plan " + id.str(), store::encode_plan(record), store::encode_plan(other->second));
    same("the registrations of plan " + id.str(), std::to_string(record.registrations.size()),
         std::to_string(other->second.registrations.size()));
    for (const auto& [user, all] : record.registrations) {
      const auto found = other->second.registrations.find(user);
      same("the registration of " + user.str() + " with " + id.str(), store::encode_registrations(all),
           found == other->second.registrations.end() ? "" : store::encode_registrations(found->second));
    }
  }
  same("the number of groups", std::to_string(m.groups.size()), std::to_string(d.groups.size()));
  same_peers(m, d);
  if (m.tombstones != d.tombstones) fail("the tombstones differ between memory and disk");
  for (const auto& [id, group] : m.groups) {
    if (!d.group(id)) fail("group " + id.str() + " is not on the disk");
    same_group(group, *d.group(id));
  }
  memory.tracker().index().for_each([&](const geo::Area& area) {
    const geo::Area* other = disk.tracker().index().find(area.id);
    same("area " + area.id, geo::to_geojson({area}), other ? geo::to_geojson({*other}) : "");
  });
}

/// The timers that a start sets anew from the records are those that are set.
void same_timers(const core::State& memory, const core::State& disk) {
  using core::TimerKind;
  const auto check = [&](TimerKind kind, const std::string& id) {
    const auto text = [](const std::optional<core::TimeMs>& at) { return at ? std::to_string(*at) : "none"; };
    same("timer " + std::to_string(static_cast<int>(kind)) + " of " + id, text(memory.timers.due({kind, id})),
         text(disk.timers.due({kind, id})));
  };
  for (const auto& [id, plan] : memory.plans) {
    check(TimerKind::plan_schedule, id.str());
    check(TimerKind::plan_again, id.str());
  }
  // After a start these come at once, for what was over meanwhile.
  for (const auto& [id, user] : memory.users) {
    const core::TimerKey key{TimerKind::forget_areas, id.str()};
    const auto here = memory.timers.due(key), there = disk.timers.due(key);
    if (here.has_value() != there.has_value() || here < there)
      fail("the timer for the areas that " + id.str() + " has left would come too late");
  }
  for (const auto& [id, group] : memory.groups) {
    for (const TimerKind kind :
         {TimerKind::group_open, TimerKind::group_end, TimerKind::group_warn, TimerKind::group_forget})
      check(kind, id.str());
    // These look for themselves whether it is time: they may come too early, never too late.
    for (const TimerKind kind : {TimerKind::group_watch, TimerKind::invitations}) {
      const auto here = memory.timers.due({kind, id.str()}), there = disk.timers.due({kind, id.str()});
      if (there && (!here || here > there)) fail("a timer of group " + id.str() + " would come too late");
    }
    if (group.state != GroupState::open) continue;
    for (const auto& [user, member] : group.members) {
      check(TimerKind::member_end, id.str() + "/" + user.str());
      check(TimerKind::member_leave, id.str() + "/" + user.str());
    }
  }
}

std::set<UserId> ids_inside(const core::State& state, const topics::AreaId& area) {
  std::set<UserId> ids;
  if (const auto it = state.occupants.find(area); it != state.occupants.end())
    for (const core::User* user : it->second) ids.insert(user->id);
  return ids;
}

/// But of those whose erasure goes on: what only the store has of them goes a little later.
void same_stays(const core::State& memory, const core::State& disk, const std::set<UserId>& erasing) {
  for (const auto& [id, group] : memory.groups) {
    if (group.state != GroupState::open) continue;
    const auto text = [&](const std::map<UserId, std::vector<core::Stay>>& stays) {
      std::string lines;
      for (const auto& [user, all] : stays)
        if (!erasing.contains(user))
          lines += user.str() + " " + store::encode_past_member({"", 0, 0, "", all}) + " ";
      return lines;
    };
    same("the former stays in " + id.str(), text(group.stays), text(disk.group(id)->stays));
  }
}

void same_derived(const core::State& memory, const core::State& disk) {
  same("the number of start keys", std::to_string(memory.start_keys.size()),
       std::to_string(disk.start_keys.size()));
  if (memory.start_keys != disk.start_keys) fail("the start keys differ between memory and disk");
  for (const auto& [area, users] : memory.occupants)
    if (ids_inside(memory, area) != ids_inside(disk, area))
      fail("who is in " + area.str() + " differs between memory and disk");
  for (const auto& [id, user] : memory.users) {
    const core::User& other = *disk.user(id);
    if (user.groups != other.groups) fail("the groups of " + id.str() + " differ between memory and disk");
    if (user.invited != other.invited)
      fail("the invitations of " + id.str() + " differ between memory and disk");
    if (user.presence != other.presence)
      fail("the presence of " + id.str() + " differs between memory and disk");
  }
  for (const auto& [id, record] : memory.plans)
    if (record.live != disk.plans.at(id).live) fail("the live group of plan " + id.str() + " differs");
  for (const auto& [id, group] : memory.groups)
    if (group.state == GroupState::open && group.available != disk.group(id)->available)
      fail("how many are available in " + id.str() + " differs between memory and disk");
}

}  // namespace

void check_memory_against_disk(const core::Engine& engine, store::Store& disk, core::TimeMs now) {
  core::Engine twin(engine.state().site, geo::Rule::plain());
  store::Journal journal(disk);
  journal.load(twin, now);
  same_records(engine, twin);
  twin.loaded(now);
  same_derived(engine.state(), twin.state());
  std::set<UserId> erasing;
  disk.scan(store::Family::erasures, {}, {}, [&](auto key, auto) {
    erasing.insert(UserId::parse(key));
    return true;
  });
  same_stays(engine.state(), twin.state(), erasing);
  same_timers(engine.state(), twin.state());
}

void check_forgotten(const core::State& state, const store::Store& disk) {
  using store::Family;
  for (const GroupId& id : state.tombstones)
    for (const Family family : {Family::members, Family::past, Family::invitations, Family::chat})
      disk.scan(family, id.str(), {}, [](auto key, auto) -> bool {
        fail("of a group that is kept no longer the disk holds " + std::string(key));
      });
}

void check_start_keys(const core::State& state) {
  std::map<std::pair<std::string, std::string>, std::string> groups;
  for (const auto& [id, group] : state.groups)
    for (const std::string& key : group.start_keys) {
      const auto [first, is_new] = groups.emplace(std::pair(group.plan.str(), key), id.str());
      if (!is_new)
        fail("start " + key + " of plan " + group.plan.str() + " started " + first->second + " and " +
             id.str());
    }
}

// ---- When all is quiet ------------------------------------------------------------------------------------

std::vector<messages::ArchivedMessage> archive_of(const store::Journal& journal, const GroupId& group) {
  core::HistoryQuery all;
  all.group = group;
  all.limit = std::numeric_limits<std::uint32_t>::max();
  return journal.history(all).value().messages;
}

namespace {

void check_roster(const core::State& state, const Group& group, const Phone& phone) {
  const std::string where = "at " + phone.user() + ", group " + group.id.str() + ": ";
  const auto held = phone.session().group(group.id.str());
  if (!held->settled || held->version != group.version)
    fail(where + "the list is at version " + std::to_string(held->version) +
         (held->settled ? "" : ", not settled") + ", the server's at " + std::to_string(group.version));
  if (held->members != group.members.size() || held->available != group.available)
    fail(where + "the header counts other members than the server");
  if (held->ends_ms != group.ends_ms) fail(where + "the header shows another ending time");
  if (held->announcement_only != group.rules.announcement_only || held->slow_ms != group.rules.slow_ms ||
      held->per_minute != group.rules.per_minute)
    fail(where + "the header shows other rules");
  if (group.members.at(UserId::parse(phone.user())).held_version != group.version)
    fail(where + "the server does not know that the list is held");
  std::vector<messages::Buddy> truth;
  if (held->pages_held < held->pages) return;  // nobody has asked for the rest
  const std::set<UserId>& hidden = core::blocked_with(state, UserId::parse(phone.user()));
  for (const auto& [user, member] : group.members)
    if (!hidden.contains(user)) truth.push_back(core::buddy_of(state, group, user));
  if (phone.session().buddies(group.id.str()) != sdk::from_wire(truth))
    fail(where + "the list shows other buddies than the server knows");
}

/// Whether it was said while the user was a member.
bool is_of_a_stay(const Group& group, const UserId& user, const messages::Stamp& stamp) {
  const core::ChatPlace place{stamp.epoch, stamp.n};
  if (place > group.members.at(user).from) return true;
  const auto before = group.stays.find(user);
  return before != group.stays.end() &&
         std::any_of(before->second.begin(), before->second.end(),
                     [&](const core::Stay& stay) { return stay.from < place && place <= stay.to; });
}

void check_transcript(const StepChecks& checks, const store::Journal& journal, const Group& in,
                      const Phone& phone) {
  const GroupId& group = in.id;
  const Chat& chat = phone.chats().at(group.str());
  for (const messages::ArchivedMessage& m : archive_of(journal, group)) {
    if (!is_of_a_stay(in, UserId::parse(phone.user()), m.stamp)) continue;
    if (m.from == store::kErasedUser) continue;
    if (m.message.changes_another() || checks.were_apart_since(phone.user(), m.from, m.stamp.time_ms))
      continue;
    const std::string where =
        "at " + phone.user() + ", group " + group.str() + ": message " + m.message.id + " of " + m.from + " ";
    const auto shown = chat.messages.find({m.from, m.message.id});
    if (shown == chat.messages.end() || (!shown->second.told && !shown->second.unsure))
      fail(where + "is missing");
    if (shown->second.unsure) continue;
    const bool newer = shown->second.changed && (!m.edited || later(*shown->second.changed, *m.edited));
    if (newer && !m.deleted && checks.was_cut_short(group.str(), m.from, *shown->second.changed)) continue;
    if (shown->second.deleted != m.deleted.has_value())
      fail(where + "is shown, or deleted, against the archive");
    if (!m.deleted && shown->second.text != m.message.text)
      fail(where + "reads " + shown->second.text + ", archived is " + m.message.text);
  }
}

}  // namespace

void check_phone(const StepChecks& checks, const core::Engine& engine, const store::Journal& journal,
                 const Phone& phone) {
  const core::State& state = engine.state();
  const core::User* user = state.user(UserId::parse(phone.user()));
  if (!user) fail("the server does not know " + phone.user());
  if (static_cast<int>(user->presence) != static_cast<int>(phone.presence()))
    fail("the presence of " + phone.user() + " is another than their phone says");
  std::string shown, known;
  for (const sdk::Group& group : phone.session().groups()) shown += group.id + " ";
  for (const GroupId& id : user->groups) known += id.str() + " ";
  if (shown != known)
    fail("the phone of " + phone.user() + " shows the chats " + shown + "but the server knows " + known);
  for (const GroupId& id : user->groups) {
    if (!phone.chats().contains(id.str()))
      fail("the app of " + phone.user() + " was not told of " + id.str());
    check_roster(state, *state.group(id), phone);
    check_transcript(checks, journal, *state.group(id), phone);
  }
  for (const auto& [id, chat] : phone.chats())
    if (!user->groups.contains(GroupId::parse(id)))
      fail("the app of " + phone.user() + " was not told that " + id + " is over");
}

void check_retained(const core::State& state, const Broker& broker) {
  std::map<std::string, std::string> truth, kept;
  for (const auto& [id, group] : state.groups) {
    if (group.state != GroupState::open) continue;
    truth[topics::head_topic(state.site, id)] = encode(core::roster_head(state, group));
    for (std::uint32_t page = 0; page < group.pages.size(); ++page)
      truth[topics::buddies_topic(state.site, id, page)] = encode(core::roster_page(state, group, page));
  }
  for (const auto& [topic, message] : broker.retained())
    if (topic.starts_with("cv1/" + state.site.str() + "/g/")) kept[topic] = message->payload;
  for (const auto& [topic, payload] : truth)
    if (!kept.contains(topic)) fail("the broker does not keep " + topic);
  for (const auto& [topic, payload] : kept)
    if (const auto found = truth.find(topic); found == truth.end() || found->second != payload)
      fail("the broker keeps " + topic + ": " + payload + ", but the truth is " +
           (found == truth.end() ? "that there is none" : found->second));
}

void check_plugin(const core::State& state, const egress::BrokerSession& session) {
  std::uint64_t groups = 0, members = 0;
  for (const auto& [id, group] : state.groups) {
    if (group.state != GroupState::open || group.members.empty()) continue;
    ++groups;
    members += group.members.size();
  }
  const auto& told = session.counters();
  same("the number of groups in the plugin", std::to_string(groups), std::to_string(told.at("groups")));
  same("the number of members in the plugin", std::to_string(members),
       std::to_string(told.at("memberships")));
}

void check_archive(const StepChecks& checks, const core::Engine& engine, const store::Journal& journal) {
  std::map<std::string, std::map<std::pair<std::string, std::string>, int>> counted;
  for (const auto& [id, group] : engine.state().groups)
    for (const auto& m : archive_of(journal, id)) ++counted[id.str()][{m.from, m.message.id}];
  for (const auto& [group, messages] : counted)
    for (const auto& [message, count] : messages)
      if (count > 1)
        fail("message " + message.second + " of " + message.first + " is archived twice in " + group);
  for (const auto& [message, said_ms] : checks.archived()) {
    const auto& [group, user, id] = message;
    const bool kept = !engine.state().tombstones.contains(GroupId::parse(group));
    if (kept && !checks.was_erased_since(user, said_ms) && !counted[group].contains({user, id}))
      fail("message " + id + " of " + user + " in " + group + " was said to be archived, and is not");
  }
}

void check_erased(const std::string& user, core::TimeMs at_ms, const core::Engine& engine,
                  const store::Journal& journal) {
  for (const auto& [id, group] : engine.state().groups)
    for (const auto& m : archive_of(journal, id)) {
      const bool named = m.from == user || m.message.author == user || m.deleted_by == user;
      if (named && m.stamp.time_ms < at_ms)
        fail("the archive of " + id.str() + " names " + user + ", who was erased");
    }
}

}  // namespace convoke::simulation
