#include "backend/core/requests.h"

#include <algorithm>

#include "backend/core/blocks.h"
#include "backend/core/chat_archive.h"
#include "backend/core/delivery.h"
#include "backend/core/members.h"
#include "backend/core/questions.h"
#include "backend/core/registrations.h"
#include "backend/core/roster.h"
#include "topics/messages/limits.h"
#include "topics/topic.h"

namespace convoke::core {
namespace {

using Answer = decltype(messages::Response::result);

constexpr std::size_t kAvailablePerAnswer = 100;  // at most 35 kB
constexpr std::size_t kResumeBytes = 48'000;      // of starts and ends in one answer

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

/// Fills a resume answer up to what one message holds. The rest goes to the user's inbox as ordinary starts
/// and ends: a terminal takes them the same way, and keeps the groups that the answer does not name.
class Resumption {
 public:
  Resumption(const State& state, const UserId& user, Context& ctx) : state_(state), user_(user), ctx_(ctx) {}

  void add(messages::ChatStart start) { add(std::move(start), answer_.starts); }
  void add(messages::ChatEnd end) { add(std::move(end), answer_.ends); }
  messages::ResumeAnswer take(bool hidden) {
    answer_.hidden = hidden;
    return std::move(answer_);
  }

 private:
  template <class T>
  void add(T item, std::vector<T>& list) {
    std::string inbox = encode(messages::InboxMessage(item));
    if (list.size() < messages::kMaxHeldGroups && bytes_ + inbox.size() <= kResumeBytes) {
      bytes_ += inbox.size();
      list.push_back(std::move(item));
    } else {
      ctx_.publish({topics::inbox_topic(state_.site, user_), std::move(inbox), 1, false, false});
    }
  }

  const State& state_;
  const UserId& user_;
  Context& ctx_;
  messages::ResumeAnswer answer_;
  std::size_t bytes_ = 0;
};

Answer resume(State& state, const UserId& user, const messages::ResumeRequest& r, Context& ctx) {
  Resumption answer(state, user, ctx);
  for (const messages::HeldGroup& held : r.groups) {
    if (own_group(state, user, held.group))
      phone_holds(state, user, GroupId::parse(held.group), held.version, false, ctx);
    else
      answer.add(end_of(state, held.group, ctx.now));
  }
  if (const User* u = state.user(user))
    for (const GroupId& id : u->groups) answer.add(chat_start(state, *state.group(id)));
  return answer.take(tell_hidden(state, user, false, false, ctx));
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
  const std::set<UserId>& hidden = blocked_with(state, user);
  for (auto it = group->members.upper_bound(UserId::parse(r.after)); it != group->members.end(); ++it) {
    messages::Buddy buddy = shown_buddy(state, *group, it->first);
    if (buddy.presence != PresenceState::available || hidden.contains(it->first)) continue;
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

Answer report(State& state, const UserId& user, const messages::ReportRequest& r, Context& ctx) {
  const Group* group = own_group(state, user, r.group);
  if (!group) return not_member();
  const auto found = group->message_keys.find(message_key(r.from, r.message));
  if (found == group->message_keys.end())
    return messages::RequestError{"unknown-message", "message: expected the id of an archived message", {}};
  ctx.fx.reports.push_back(
      {group->id, user, r.from, r.message, r.reason, ctx.now, found->second, ctx.fx.archive.size()});
  ctx.event(ReportEvent{group->id, user.str(), r.from, r.message});
  return messages::EmptyAnswer{};
}

/// The member's times in the chat so far.
std::vector<Stay> stays_of(const Group& group, const UserId& user) {
  const auto before = group.stays.find(user);
  std::vector<Stay> stays = before == group.stays.end() ? std::vector<Stay>() : before->second;
  stays.push_back({group.members.at(user).from});
  return stays;
}

Answer registers(State& state, const UserId& user, const messages::RegisterRequest& r, Context& ctx) {
  const auto plan = state.plans.find(PlanId::parse(r.plan));
  if (r.withdraw) {
    if (plan != state.plans.end()) take_registration(state, plan->second, user, kBySelf, ctx);
    return messages::EmptyAnswer{};
  }
  if (plan == state.plans.end() || !may_register(plan->second.plan, ctx.now))
    return messages::RequestError{"not-open", "plan: expected one that takes registrations of users now", {}};
  if (!registered_by(plan->second, user, kBySelf))
    put_registration(state, plan->second, user, {kBySelf, "", ctx.now}, ctx);
  return messages::EmptyAnswer{};
}

Answer blocks(State& state, const UserId& user, const messages::BlockRequest& r, Context& ctx) {
  const UserId other = UserId::parse(r.user);
  if (other == user) return messages::RequestError{"bad-request", "user: expected another user", {}};
  if (r.undo)
    unblock(state, user, other, ctx);
  else if (!block(state, user, other, ctx))
    return messages::RequestError{"too-many", "user: expected at most 200 blocked users", {}};
  return messages::EmptyAnswer{};
}

Answer blocked(const State& state, const UserId& user) {
  messages::BlockedAnswer answer;
  if (const User* u = state.user(user))
    for (const UserId& other : u->blocked) answer.users.push_back(other.str());
  return answer;
}

void respond(const State& state, const Asker& asker, std::string id, Answer answer, Context& ctx) {
  messages::Response response{std::move(id), std::move(answer)};
  const bool echo = asker.correlation.size() <= messages::kMaxCorrelationBytes;
  ctx.publish({topics::response_topic(state.site, asker.user, asker.device), encode(response), 1, false,
               false, echo ? asker.correlation : ""});
}

}  // namespace

void terminal_request(State& state, const Asker& asker, const messages::Request& request, Context& ctx) {
  const UserId& user = asker.user;
  if (asker.correlation.size() > messages::kMaxCorrelationBytes)
    return respond(state, asker, request.id,
                   messages::RequestError{"bad-request", "correlation data: expected at most 256 bytes", {}},
                   ctx);
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
  if (auto* r = std::get_if<messages::ReportRequest>(&request.op))
    return respond(state, asker, request.id, report(state, user, *r, ctx), ctx);
  if (auto* r = std::get_if<messages::RegisterRequest>(&request.op))
    return respond(state, asker, request.id, registers(state, user, *r, ctx), ctx);
  if (auto* r = std::get_if<messages::BlockRequest>(&request.op))
    return respond(state, asker, request.id, blocks(state, user, *r, ctx), ctx);
  if (std::holds_alternative<messages::BlockedRequest>(request.op))
    return respond(state, asker, request.id, blocked(state, user), ctx);
  if (auto* r = std::get_if<messages::OtherSitesRequest>(&request.op)) {
    let_others(state, user, r->allow, ctx);
    return respond(state, asker, request.id, messages::EmptyAnswer{}, ctx);
  }
  const auto& history = std::get<messages::HistoryRequest>(request.op);
  const Group* group = own_group(state, user, history.group);
  if (!group) return respond(state, asker, request.id, not_member(), ctx);
  ctx.fx.history.push_back({topics::response_topic(state.site, user, asker.device), asker.correlation,
                            request.id, group->id, history.epoch, history.n, history.limit,
                            blocked_with(state, user), stays_of(*group, user)});
}

void respond_empty(const State& state, const Asker& asker, const std::string& id, Context& ctx) {
  respond(state, asker, id, messages::EmptyAnswer{}, ctx);
}

void refuse_request(const State& state, const Asker& asker, const std::string& id,
                    messages::RequestError error, Context& ctx) {
  respond(state, asker, id, std::move(error), ctx);
}

}  // namespace convoke::core
