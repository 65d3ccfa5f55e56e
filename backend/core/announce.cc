#include "backend/core/announce.h"

#include "backend/core/chat_archive.h"
#include "backend/core/relay.h"
#include "topics/topic.h"

namespace convoke::core {
namespace {

constexpr TimeMs kRepeatMs = 20'000;  // each repeat costs every member

void say(const State& state, const Group& group, const messages::Notice& notice, bool durable, Context& ctx) {
  ctx.publish({topics::notice_topic(state.site, group.id), encode(notice), 1, false, durable});
}

/// Under the group's next id.
std::string say_new(State& state, Group& group, messages::Notice notice, Context& ctx) {
  notice.message.id = std::string(messages::kServerIdPrefix) + std::to_string(group.notices + 1);
  std::string id = notice.message.id;
  if (!say_once(state, group, notice, ctx)) return {};
  ++group.notices;
  return id;
}

}  // namespace

std::string announce(State& state, Group& group, std::string_view type, std::string text, std::string by,
                     Context& ctx) {
  messages::Notice notice{std::move(by), {}};
  notice.message.type = type;
  notice.message.text = std::move(text);
  return say_new(state, group, std::move(notice), ctx);
}

std::string delete_message(State& state, Group& group, const UserId& author, const std::string& id,
                           const std::string& by, Context& ctx) {
  messages::Notice notice{by, {}};
  notice.message.type = messages::kDelete;
  notice.message.text = messages::kDeletedText;
  notice.message.of = id;
  notice.message.author = author.str();
  return say_new(state, group, std::move(notice), ctx);
}

bool say_once(State& state, Group& group, const messages::Notice& notice, Context& ctx) {
  if (group.unarchived.size() >= kMaxUnarchived) return false;
  say(state, group, notice, true, ctx);
  group.unarchived.push_back(notice);
  ctx.fx.groups.insert(group.id);
  arm_notices(state, group, ctx.now);
  return true;
}

bool has_message(const Group& group, const UserId& author, const std::string& id) {
  return group.message_keys.contains(message_key(author.str(), id));
}

void repeat_notices(State& state, const Group& group, Context& ctx) {
  for (const messages::Notice& notice : group.unarchived) say(state, group, notice, false, ctx);
  repeat_relayed(state, group, ctx);
  arm_notices(state, group, ctx.now);
}

void arm_notices(State& state, const Group& group, TimeMs now) {
  if (!group.unarchived.empty() || !group.relayed.empty())
    state.timers.set_if_unset({TimerKind::notice_repeat, group.id.str()}, now + kRepeatMs);
}

}  // namespace convoke::core
