#include "backend/app/why_answers.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "backend/core/audience.h"

namespace convoke::app {
namespace {

namespace json = boost::json;
using core::Group;
using core::GroupState;

constexpr std::size_t kUsersPage = 1000;

bool is_over(const Group& group) {
  return group.state == GroupState::ending || group.state == GroupState::retired;
}

json::object head(const Group& group) {
  json::object o{{"group", group.id.str()},
                 {"plan", group.plan.str()},
                 {"state", to_string(group.state)},
                 {"started_ms", group.started_ms},
                 {"reasons", json::value_from(group.reasons)}};
  if (!is_over(group)) return o;
  o["ended_ms"] = group.ended_ms;
  o["end_reason"] = group.end_reason;
  return o;
}

json::object of_member(const Group& group, const core::UserId& user, const core::Member& member) {
  return {{"user", user.str()},
          {"standing", "member"},
          {"why", member.why},
          {"joined_ms", member.joined_ms ? member.joined_ms : group.started_ms}};
}

json::object of_past(const core::UserId& user, const core::PastMember& was) {
  const bool was_in = was.joined_ms != 0;
  json::object o{{"user", user.str()}, {"standing", was_in ? "left" : "passed-over"}};
  if (was_in) o["why"] = was.why;
  if (was_in) o["joined_ms"] = was.joined_ms;
  o[was_in ? "left_ms" : "t"] = was.left_ms;
  o["ended"] = was.reason;
  return o;
}

using Users = std::map<std::string, json::object>;

/// Those who are in now, behind `after`, one more than are told.
void add_present(Users& users, const Group& group, const std::string& after) {
  if (is_over(group)) return;
  auto it = group.members.upper_bound(core::UserId::parse(after));
  for (std::size_t n = 0; n <= kUsersPage && it != group.members.end(); ++n, ++it)
    users[it->first.str()] = of_member(group, it->first, it->second);
}

/// A user of whom there is no record in the group.
json::object of_other(const core::State& state, const Group& group, const core::UserId& id,
                      core::TimeMs now) {
  json::object o{{"user", id.str()}, {"standing", group.banned.contains(id) ? "banned" : "none"}};
  if (const auto it = group.invited.find(id); it != group.invited.end()) {
    o["standing"] = "invited";
    o["why"] = it->second.why;
  }
  if (is_over(group)) return o;
  core::User unheard;
  unheard.id = id;
  const core::User* user = state.user(id);
  const auto now_is = core::explain(state, state.plan_of(group), user ? *user : unheard, now);
  json::array findings;
  for (const core::Finding& f : now_is.findings)
    findings.push_back({{"part", f.part}, {"condition", f.condition}, {"holds", f.holds}});
  o["qualifies"] = now_is.qualifies;
  o["findings"] = std::move(findings);
  return o;
}

ApiResponse unreadable() { return api_error(503, "unavailable", "the store cannot be read"); }

ApiResponse one_user(const core::State& state, const store::Journal& journal, const Group& group,
                     const core::UserId& user, core::TimeMs now) {
  json::object o = head(group);
  const auto member = group.members.find(user);
  const auto was = journal.past_member(group.id, user);
  if (!was) return unreadable();
  json::object of = !is_over(group) && member != group.members.end() ? of_member(group, user, member->second)
                    : *was                                           ? of_past(user, **was)
                                                                     : of_other(state, group, user, now);
  o.insert(of.begin(), of.end());
  return {200, json::serialize(o)};
}

}  // namespace

ApiResponse group_why(const core::State& state, const store::Journal& journal, const ShowGroupWhy& asked,
                      core::TimeMs now) {
  const Group* group = state.group(asked.id);
  if (!group) return api_error(404, "not-found", "no such group");
  if (asked.user) return one_user(state, journal, *group, *asked.user, now);
  const auto past = journal.past_members(group->id, asked.after, kUsersPage + 1);
  if (!past) return unreadable();
  Users users;
  for (const auto& [user, was] : *past) users[user.str()] = of_past(user, was);
  add_present(users, *group, asked.after);
  json::array page;
  for (auto& [user, told] : users) {
    if (page.size() == kUsersPage) break;
    page.push_back(std::move(told));
  }
  json::object o = head(*group);
  o["more"] = users.size() > page.size();
  o["users"] = std::move(page);
  return {200, json::serialize(o)};
}

}  // namespace convoke::app
