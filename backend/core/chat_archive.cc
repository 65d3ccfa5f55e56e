#include "backend/core/chat_archive.h"

#include <algorithm>

#include "backend/core/relay.h"
#include "backend/core/sites.h"
#include "topics/messages/limits.h"
#include "topics/topic.h"

namespace convoke::core {
namespace {

constexpr TimeMs kChatEventMs = 1000;
constexpr std::size_t kMaxMissing = 64;

/// A marker has room for few ranges. Two that become one say of what lies between them that it is missing
/// too: that costs a repeat, while forgetting one would lose a message.
void merge_oldest(ArchiveProgress& a) {
  while (a.missing.size() > kMaxMissing) {
    a.missing[0].second = a.missing[1].second;
    a.missing.erase(a.missing.begin() + 1);
  }
}

void take_from_missing(ArchiveProgress& a, std::uint64_t n) {
  for (auto it = a.missing.begin(); it != a.missing.end(); ++it) {
    if (n < it->first || n > it->second) continue;
    const auto [first, last] = *it;
    it = a.missing.erase(it);
    if (n < last) it = a.missing.insert(it, {n + 1, last});
    if (first < n) a.missing.insert(it, {first, n - 1});
    return merge_oldest(a);
  }
}

/// Moves the marker over stamp (epoch, n). What lies between was stamped but did not come: it is missing.
void advance(ArchiveProgress& a, const messages::Stamp& stamp) {
  if (stamp.epoch < a.epoch) return;
  if (stamp.epoch > a.epoch) a = {stamp.epoch, 0, {}};
  if (stamp.n <= a.upto) return take_from_missing(a, stamp.n);
  if (stamp.n > a.upto + 1) a.missing.emplace_back(a.upto + 1, stamp.n - 1);
  merge_oldest(a);
  a.upto = stamp.n;
}

bool possible(const messages::Stamp& stamp) {
  return stamp.epoch <= messages::kMaxInteger && stamp.n >= 1 && stamp.n <= messages::kMaxInteger &&
         stamp.time_ms >= 0 && stamp.time_ms <= kMaxTimeMs;
}

/// A change of a message that was never archived is none.
void archive_change(Group& group, messages::ArchivedMessage change, Context& ctx) {
  const std::string& author = change.message.author.value_or(change.from);
  const auto changed = group.message_keys.find(message_key(author, change.message.of.value_or("")));
  if (changed == group.message_keys.end()) return;
  ctx.fx.archive.push_back({group.id, std::move(change), changed->second});
}

/// Each (sender, message id) once; false: it was before.
bool archive(State& state, Group& group, messages::ArchivedMessage message, Context& ctx) {
  const ChatPlace place{message.stamp.epoch, message.stamp.n};
  if (!group.message_keys.emplace(message_key(message.from, message.message.id), place).second) return false;
  // What the server says by itself breaks no silence.
  if (message.message.type != messages::kSystem)
    group.last_message_ms = std::max(group.last_message_ms, std::min(message.stamp.time_ms, ctx.now));
  if (message.message.changes_another()) {
    archive_change(group, std::move(message), ctx);
    return true;
  }
  ++group.messages;
  ctx.fx.archive.push_back({group.id, std::move(message)});
  state.timers.set_if_unset({TimerKind::chat_event, group.id.str()}, ctx.now + kChatEventMs);
  return true;
}

/// The group that a message with this stamp counts for, or null.
Group* stamped_group(State& state, const GroupId& id, const messages::Stamp& stamp) {
  return stamp.site == state.site.str() && possible(stamp) ? state.live_group(id) : nullptr;
}

}  // namespace

std::uint64_t message_key(std::string_view from, std::string_view id) {
  std::uint64_t h = 0xcbf29ce484222325u;
  auto mix = [&h](unsigned char c) { h = (h ^ c) * 0x100000001b3u; };
  for (char c : from) mix(static_cast<unsigned char>(c));
  mix(0);
  for (char c : id) mix(static_cast<unsigned char>(c));
  return h;
}

messages::ArchivedUpTo archived_up_to(const Group& group) {
  return {group.archive.epoch, group.archive.upto, group.archive.missing};
}

void chat_message(State& state, const GroupId& id, const UserId& from, const messages::ChatMessage& message,
                  const messages::Stamp& stamp, Context& ctx) {
  Group* group = stamped_group(state, id, stamp);
  if (!group) return;
  messages::ArchivedMessage said{from.str(), message, stamp};
  if (!is_remote(from)) said.message.home.reset();  // that is for servers to say
  // The plugin has judged it, before it was told of the leaving.
  const bool was_member = group->members.contains(from) || group->stays.contains(from);
  if (was_member && archive(state, *group, said, ctx)) message_archived(state, *group, said, ctx);
  chat_seen(state, id, stamp, ctx);
}

void notice_message(State& state, const GroupId& id, const messages::Notice& notice,
                    const messages::Stamp& stamp, Context& ctx) {
  Group* group = stamped_group(state, id, stamp);
  if (!group) return;
  const auto said = std::find_if(group->unarchived.begin(), group->unarchived.end(),
                                 [&](const auto& n) { return n.message.id == notice.message.id; });
  if (said != group->unarchived.end()) {
    const messages::Notice back = *said;
    group->unarchived.erase(said);
    if (archive(state, *group, {back.from, back.message, stamp}, ctx))
      notice_archived(state, *group, back, stamp, ctx);
  }
  chat_seen(state, id, stamp, ctx);
}

void chat_seen(State& state, const GroupId& id, const messages::Stamp& stamp, Context& ctx) {
  Group* group = stamped_group(state, id, stamp);
  if (!group) return;
  advance(group->archive, stamp);
  ctx.fx.groups.insert(id);
  ctx.fx.archived.insert(id);
}

}  // namespace convoke::core
