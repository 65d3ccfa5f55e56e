#include "backend/core/roster.h"

#include <algorithm>

#include "backend/core/moderation.h"
#include "backend/core/sites.h"
#include "topics/messages/limits.h"
#include "topics/topic.h"

namespace convoke::core {
namespace {

constexpr TimeMs kChangesIntervalMs = 1000;
constexpr std::size_t kMaxNamedPages = 32;
constexpr std::size_t kPageFrameBytes = 128;  // everything of a page but its entries

/// The most bytes that this entry can take on the wire, whatever the presence: quotes and backslashes double.
std::size_t entry_bytes(const State& state, const UserId& id) {
  constexpr std::size_t kFrame = 64;  // keys, the longest presence and standing, an ending time, a comma
  const User* user = state.user(id);
  const std::string empty;
  const std::string& name = user ? user->name : empty;
  auto escaped = std::count_if(name.begin(), name.end(), [](char c) { return c == '"' || c == '\\'; });
  return kFrame + id.str().size() + name.size() + static_cast<std::size_t>(escaped);
}

bool has_room(const Page& page, std::size_t bytes) {
  return page.users.size() < messages::kPageBuddies &&
         kPageFrameBytes + page.bytes + bytes <= messages::kPageBytes;
}

void count_bytes(const State& state, Page& page) {
  page.bytes = 0;
  for (const UserId& u : page.users) page.bytes += entry_bytes(state, u);
}

/// The record says from now on that there is something to tell, so that a restart does not forget it.
void schedule_flush(State& state, Group& group, Context& ctx) {
  group.unsent = true;
  ctx.fx.groups.insert(group.id);
  state.timers.set_if_unset({TimerKind::roster_flush, group.id.str()},
                            std::max(ctx.now, group.flush_not_before.value_or(0)));
}

/// A change of name may have made the member's page too large: then it moves.
void keep_within_page(State& state, Group& group, const UserId& user, Context& ctx) {
  Page& page = group.pages[group.members[user].page];
  count_bytes(state, page);
  if (kPageFrameBytes + page.bytes <= messages::kPageBytes) return;
  std::erase(page.users, user);
  count_bytes(state, page);
  page.version = group.version + 1;
  roster_place(state, group, user);
  ctx.fx.members.insert({group.id, user});
}

messages::RosterChanges changes_of(const State& state, const Group& group) {
  messages::RosterChanges c;
  c.group = group.id.str();
  c.from = group.version - 1;
  c.version = group.version;
  c.members = static_cast<std::uint32_t>(group.members.size());
  c.available = group.available;
  c.ends_ms = group.ends_ms;
  if (group.pages.size() <= 1) {
    for (const UserId& u : group.touched) c.put.push_back(shown_buddy(state, group, u));
    for (const UserId& u : group.gone) c.gone.push_back(u.str());
    return c;
  }
  for (std::uint32_t p = 0; p < group.pages.size(); ++p)
    if (group.pages[p].version == group.version) c.pages_changed.push_back(p);
  if (c.pages_changed.size() > kMaxNamedPages) {
    c.pages_changed.clear();
    c.all = true;
  }
  return c;
}

void publish_head(const State& state, const Group& group, Context& ctx, bool durable) {
  ctx.publish(
      {topics::head_topic(state.site, group.id), encode(roster_head(state, group)), 1, true, durable});
}

void publish_page(const State& state, const Group& group, std::uint32_t page, Context& ctx, bool durable) {
  ctx.publish({topics::buddies_topic(state.site, group.id, page), encode(roster_page(state, group, page)), 1,
               true, durable});
}

}  // namespace

messages::Buddy buddy_of(const State& state, const Group& group, const UserId& id) {
  messages::Buddy b;
  b.user = id.str();
  if (const User* user = state.user(id)) {
    b.name = user->name;
    b.presence = user->presence;
  }
  if (auto it = group.members.find(id); it != group.members.end()) b.ends_ms = it->second.ends_ms;
  b.standing = standing_of(group, id);
  return b;
}

messages::Buddy shown_buddy(const State& state, const Group& group, const UserId& id) {
  messages::Buddy b = buddy_of(state, group, id);
  if (state.plan_of(group).chat.anonymous) b.name.clear();
  return b;
}

messages::RosterHead roster_head(const State&, const Group& group) {
  messages::RosterHead h;
  h.group = group.id.str();
  h.plan = group.plan.str();
  h.name = group.name;
  h.state = group.state;
  h.started_ms = group.started_ms;
  h.ends_ms = group.ends_ms;
  h.version = group.version;
  h.pages = static_cast<std::uint32_t>(group.pages.size());
  h.members = static_cast<std::uint32_t>(group.members.size());
  h.available = group.available;
  h.rules = group.rules;
  h.home = group.home.str();
  return h;
}

messages::RosterPage roster_page(const State& state, const Group& group, std::uint32_t page) {
  messages::RosterPage out;
  out.group = group.id.str();
  out.page = page;
  out.version = group.pages[page].version;
  for (const UserId& u : group.pages[page].users) out.buddies.push_back(shown_buddy(state, group, u));
  return out;
}

void roster_place(const State& state, Group& group, const UserId& user) {
  const std::size_t bytes = entry_bytes(state, user);
  if (group.pages.empty() || !has_room(group.pages.back(), bytes)) group.pages.emplace_back();
  Page& page = group.pages.back();
  page.users.push_back(user);
  page.bytes += bytes;
  page.version = group.version + 1;
  group.members[user].page = static_cast<std::uint32_t>(group.pages.size() - 1);
}

void roster_rebuild(const State& state, Group& group) {
  group.available = 0;
  for (const auto& [id, member] : group.members) {
    if (member.page >= group.pages.size()) group.pages.resize(member.page + 1);
    group.pages[member.page].users.push_back(id);
    group.pages[member.page].bytes += entry_bytes(state, id);
    const User* user = state.user(id);
    if (user && user->presence == PresenceState::available) ++group.available;
    if (is_remote(id)) ++group.sites[site_of(id)];
  }
}

void roster_recover(State& state, Group& group, TimeMs now) {
  if (!group.unsent) return;
  // Which pages it is about is not stored. The version is not stored before the next change of the group
  // either: until then another restart makes the same one, of the same list.
  ++group.version;
  for (Page& page : group.pages) page.version = group.version;
  // So that the next version has every page, and phones that read again get none of before beside its header.
  for (const auto& [user, member] : group.members) group.touched.insert(user);
  state.timers.set({TimerKind::roster_flush, group.id.str()}, now);
}

void roster_touch(State& state, Group& group, const UserId& user, Context& ctx) {
  group.touched.insert(user);
  group.gone.erase(user);
  schedule_flush(state, group, ctx);
}

void roster_renamed(State& state, Group& group, const UserId& user, Context& ctx) {
  keep_within_page(state, group, user, ctx);
  roster_touch(state, group, user, ctx);
}

void roster_take(State& state, Group& group, const UserId& user, Context& ctx) {
  Page& page = group.pages[group.members[user].page];
  std::erase(page.users, user);
  count_bytes(state, page);
  page.version = group.version + 1;
  group.touched.erase(user);
  group.gone.insert(user);
  schedule_flush(state, group, ctx);
}

void roster_touch_head(State& state, Group& group, Context& ctx) { schedule_flush(state, group, ctx); }

void roster_flush(State& state, Group& group, Context& ctx) {
  if (!group.unsent) return;
  ++group.version;
  for (const UserId& u : group.touched) group.pages[group.members[u].page].version = group.version;
  for (std::uint32_t p = 0; p < group.pages.size(); ++p)
    if (group.pages[p].version == group.version) publish_page(state, group, p, ctx, true);
  publish_head(state, group, ctx, true);
  ctx.publish({topics::changes_topic(state.site, group.id), encode(changes_of(state, group))});
  ctx.event(ChangeEvent{group.id, group.version, group.members.size(), group.available});
  group.touched.clear();
  group.gone.clear();
  group.unsent = false;
  group.flush_not_before = ctx.now + kChangesIntervalMs;
  ctx.fx.groups.insert(group.id);
}

void roster_publish_all(const State& state, const Group& group, Context& ctx, bool durable) {
  for (std::uint32_t p = 0; p < group.pages.size(); ++p) publish_page(state, group, p, ctx, durable);
  publish_head(state, group, ctx, durable);
}

void roster_clear(const State& state, const Group& group, Context& ctx) {
  ctx.publish({topics::head_topic(state.site, group.id), "", 1, true});
  for (std::uint32_t p = 0; p < group.pages.size(); ++p)
    ctx.publish({topics::buddies_topic(state.site, group.id, p), "", 1, true});
}

}  // namespace convoke::core
