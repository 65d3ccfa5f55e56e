#include "backend/app/why_answers.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "backend/core/explanation.h"
#include "topics/rfc3339.h"

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
  if (!group.unselected.empty()) {
    json::object sites;
    for (const auto& [site, why] : group.unselected) sites[site.str()] = why;
    o["unselected"] = std::move(sites);
  }
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

json::object of_past(const Group& group, const core::UserId& user, const core::PastMember& was) {
  const bool was_in = was.joined_ms != 0;
  json::object o{{"user", user.str()}, {"standing", was_in ? "left" : "passed-over"}};
  if (was_in) o["why"] = was.why;
  if (was_in) o["joined_ms"] = was.joined_ms;
  o[was_in ? "left_ms" : "t"] = was.left_ms;
  o["ended"] = was.reason;
  if (!was.unmet.empty()) o["unmet"] = conditions_at(group.selected, was.unmet);
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

/// "in hall; has ticket", of one part.
std::string listed(const core::Selection& selected, std::string_view part) {
  std::string words;
  for (const core::AskedCondition& asked : selected.asked)
    if (asked.part == part) words += (words.empty() ? "" : "; ") + asked.condition;
  return words;
}

/// What one must have done of who is in no record, at some time: whoever met the audience is in one.
std::string not_met(const core::Selection& selected) {
  std::string words;
  const auto add = [&](const std::string& how, const std::string& conditions) {
    if (!conditions.empty()) words += (words.empty() ? "" : ", or ") + how + conditions;
  };
  const std::string all = listed(selected, "all");
  add("met none of: ", listed(selected, "any"));
  add(all.find("; ") == std::string::npos ? "did not meet: " : "did not meet all of: ", all);
  add("met one of those left out: ", listed(selected, "none"));
  add("did not meet others that are not kept, so many: ", listed(selected, "more"));
  if (selected.follows) add("was not ", listed(selected, "presence"));
  if (!selected.all_passed_over)
    words +=
        std::string(words.empty() ? "" : ", or ") + "was passed over: of many who qualify only some are kept";
  return words.empty() ? "did not qualify" : words;
}

std::string never_met(const core::Selection& selected) {
  return not_met(selected) + (selected.follows ? ", neither when it opened nor later" : "");
}

/// Whether everybody is in a record who was looked at when it opened: then all others missed the same.
bool is_known_what_others_missed(const core::Selection& selected) {
  return selected.all_passed_over && selected.all_missed && selected.others_unmet &&
         *selected.others_unmet < selected.asked.size() &&
         selected.asked[*selected.others_unmet].part != "more";
}

/// What those missed.
std::string missed_by_others(const core::Selection& selected) {
  const core::AskedCondition& missed = selected.asked[*selected.others_unmet];
  const std::string words =
      missed.part == "any" ? "met none of: " + listed(selected, "any") : "did not meet: " + missed.condition;
  return selected.follows ? words + ", when it opened; later " + not_met(selected) : words;
}

/// Why a user of whom there is no record is not in the group.
std::string why_not(const core::State& state, const Group& group, const core::UserId& id) {
  if (group.home) return "chosen by " + group.home.str() + ", which knows why";
  const core::TimeMs at = group.selected.at_ms;
  if (at == 0 && group.state == GroupState::scheduled) return "nobody has been chosen yet";
  if (at == 0) return "opened by an earlier server, which did not keep it";
  const core::User* user = state.user(id);
  if (!user) return "not known to this server: never heard of, or erased";
  if (user->known_ms > at)
    return "not known when it was decided: first heard of " + topics::format_rfc3339(user->known_ms) +
           ", or erased since" + (group.selected.follows ? "; after that " + never_met(group.selected) : "");
  return is_known_what_others_missed(group.selected) ? missed_by_others(group.selected)
                                                     : never_met(group.selected);
}

/// Adds what was asked of everybody.
void add_selection(json::object& o, const core::Selection& selected) {
  if (selected.at_ms == 0) return;
  json::array asked;
  for (const core::AskedCondition& c : selected.asked)
    asked.push_back({{"part", c.part}, {"condition", c.condition}});
  o["t"] = selected.at_ms;
  o["asked"] = std::move(asked);
}

/// A user of whom there is no record in the group.
json::object of_other(const core::State& state, const Group& group, const core::UserId& id,
                      core::TimeMs now) {
  json::object o{{"user", id.str()}, {"standing", group.banned.contains(id) ? "banned" : "none"}};
  if (const auto it = group.invited.find(id); it != group.invited.end()) {
    o["standing"] = "invited";
    o["why"] = it->second.why;
  } else if (!group.banned.contains(id)) {
    o["ended"] = why_not(state, group, id);
    add_selection(o, group.selected);
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
                    : *was                                           ? of_past(group, user, **was)
                                                                     : of_other(state, group, user, now);
  o.insert(of.begin(), of.end());
  return {200, json::serialize(o)};
}

}  // namespace

boost::json::array conditions_at(const core::Selection& selected, const std::vector<std::uint16_t>& places) {
  json::array found;
  const auto add = [&](const core::AskedCondition& c) {
    found.push_back({{"part", c.part}, {"condition", c.condition}});
  };
  for (const std::uint16_t place : places) {
    if (place >= selected.asked.size()) continue;
    const core::AskedCondition& asked = selected.asked[place];
    if (asked.part != "any") add(asked);
    for (const core::AskedCondition& one : selected.asked)
      if (asked.part == "any" && one.part == "any") add(one);
  }
  return found;
}

ApiResponse group_why(const core::State& state, const store::Journal& journal, const ShowGroupWhy& asked,
                      core::TimeMs now) {
  const Group* group = state.group(asked.id);
  if (!group) return api_error(404, "not-found", "no such group");
  if (asked.user) return one_user(state, journal, *group, *asked.user, now);
  const auto past = journal.past_members(group->id, asked.after, kUsersPage + 1);
  if (!past) return unreadable();
  Users users;
  for (const auto& [user, was] : *past) users[user.str()] = of_past(*group, user, was);
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
