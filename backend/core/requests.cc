#include "backend/core/requests.h"

#include <algorithm>

#include "backend/core/organizer.h"
#include "backend/core/roster.h"
#include "topics/topic.h"

namespace convoke::core {
namespace {

using Answer = decltype(messages::Response::result);

constexpr std::size_t kAvailablePerAnswer = 100;  // at most 35 kB

messages::RequestError not_member() {
  return {"not-member", "group: expected a live group that you are a member of", {}};
}

/// The live group of that id that the user is a member of, or null.
Group* own_group(State& state, const UserId& user, const std::string& id) {
  Group* group = state.live_group(GroupId::parse(id));
  return group && group->members.contains(user) ? group : nullptr;
}

/// Why a group that the terminal believes in is over for it.
messages::ChatEnd end_of(const State& state, const std::string& id, TimeMs now) {
  const Group* group = state.group(GroupId::parse(id));
  if (!group) return {id, "", "unknown-group", now};
  if (group->state == GroupState::open) return chat_end(*group, "removed", now);
  return chat_end(*group, group->end_reason, group->ended_ms);
}

Answer resume(State& state, const UserId& user, const messages::ResumeRequest& r, Context& ctx) {
  messages::ResumeAnswer answer;
  for (const messages::HeldGroup& held : r.groups) {
    if (own_group(state, user, held.group))
      phone_holds(state, user, GroupId::parse(held.group), held.version, false, ctx);
    else
      answer.ends.push_back(end_of(state, held.group, ctx.now));
  }
  if (const User* u = state.user(user))
    for (const GroupId& id : u->groups) answer.starts.push_back(chat_start(state, *state.group(id)));
  return answer;
}

Answer hold(State& state, const UserId& user, const messages::HoldRequest& r, Context& ctx) {
  for (const messages::HeldGroup& held : r.groups)
    phone_holds(state, user, GroupId::parse(held.group), held.version, held.ended, ctx);
  return messages::EmptyAnswer{};
}

Answer page(State& state, const UserId& user, const messages::PageRequest& r) {
  const Group* group = own_group(state, user, r.group);
  if (!group) return not_member();
  if (r.page >= group->pages.size())
    return messages::RequestError{"unknown-page", "page: expected less than the header's pages", {}};
  return roster_page(state, *group, r.page);
}

Answer available(State& state, const UserId& user, const messages::AvailableRequest& r) {
  const Group* group = own_group(state, user, r.group);
  if (!group) return not_member();
  messages::AvailableAnswer answer;
  for (auto it = group->members.upper_bound(UserId::parse(r.after)); it != group->members.end(); ++it) {
    messages::Buddy buddy = buddy_of(state, *group, it->first);
    if (buddy.presence != PresenceState::available) continue;
    if (answer.buddies.size() == kAvailablePerAnswer) {
      answer.more = true;
      break;
    }
    answer.buddies.push_back(std::move(buddy));
  }
  return answer;
}

Answer leave(State& state, const UserId& user, const messages::LeaveRequest& r, Context& ctx) {
  Group* group = own_group(state, user, r.group);
  if (group) remove_member(state, *group, user, "left", ctx);
  return messages::EmptyAnswer{};
}

void respond(const State& state, const Asker& asker, std::string id, Answer answer, Context& ctx) {
  messages::Response response{std::move(id), std::move(answer)};
  ctx.publish({topics::response_topic(state.site, asker.user, asker.device), encode(response), 1, false,
               false, asker.correlation});
}

}  // namespace

void terminal_request(State& state, const Asker& asker, const messages::Request& request, Context& ctx) {
  const UserId& user = asker.user;
  if (auto* r = std::get_if<messages::ResumeRequest>(&request.op))
    return respond(state, asker, request.id, resume(state, user, *r, ctx), ctx);
  if (auto* r = std::get_if<messages::HoldRequest>(&request.op))
    return respond(state, asker, request.id, hold(state, user, *r, ctx), ctx);
  if (auto* r = std::get_if<messages::PageRequest>(&request.op))
    return respond(state, asker, request.id, page(state, user, *r), ctx);
  if (auto* r = std::get_if<messages::AvailableRequest>(&request.op))
    return respond(state, asker, request.id, available(state, user, *r), ctx);
  if (auto* r = std::get_if<messages::LeaveRequest>(&request.op))
    return respond(state, asker, request.id, leave(state, user, *r, ctx), ctx);
  const auto& history = std::get<messages::HistoryRequest>(request.op);
  if (!own_group(state, user, history.group)) return respond(state, asker, request.id, not_member(), ctx);
  ctx.fx.history.push_back({topics::response_topic(state.site, user, asker.device), asker.correlation,
                            request.id, GroupId::parse(history.group), history.epoch, history.n,
                            history.limit});
}

void refuse_request(const State& state, const Asker& asker, const std::string& id,
                    messages::RequestError error, Context& ctx) {
  respond(state, asker, id, std::move(error), ctx);
}

}  // namespace convoke::core
