#include "tests/simulation/rest_checks.h"

#include <algorithm>
#include <limits>

#include "backend/core/blocks.h"
#include "backend/core/roster.h"
#include "backend/store/eraser.h"
#include "backend/store/records.h"
#include "mobile-sdk/src/convert.h"
#include "tests/simulation/violation.h"
#include "topics/topic.h"

namespace convoke::simulation {

using core::Group;
using core::GroupState;
using topics::GroupId;
using topics::UserId;

std::vector<messages::ArchivedMessage> archive_of(const store::Journal& journal, const GroupId& group) {
  core::HistoryQuery all;
  all.group = group;
  all.limit = std::numeric_limits<std::uint32_t>::max();
  return journal.history(all).value().messages;
}

namespace {

bool later(const sdk::Stamp& a, const messages::Stamp& b) {
  return std::pair(a.epoch, a.n) > std::pair(b.epoch, b.n);
}

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
        fail("the archive of " + id.str() + " at " + engine.state().site.str() + " names " + user +
             ", who was erased, in message " + m.message.id);
    }
}

}  // namespace convoke::simulation
