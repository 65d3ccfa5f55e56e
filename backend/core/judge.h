#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "backend/core/lots.h"
#include "backend/core/state.h"

/// Whether what an audience asks for is so.
namespace convoke::core {

/// Answers conditions about users, for one plan.
class Judge {
 public:
  Judge(const State& state, const Plan& plan, TimeMs now) : state_(state), now_(now) {
    if (const auto it = state.plans.find(plan.id); it != state.plans.end()) record_ = &it->second;
  }

  bool holds(const User& user, const Condition& condition) const {
    return std::visit([&](const auto& c) { return holds(user, c); }, condition);
  }
  /// For how many users the condition can hold; nothing if that takes asking everybody.
  std::optional<std::size_t> at_most(const Condition& condition) const {
    if (const auto* in = std::get_if<InArea>(&condition)) return inside(*in).size() + before(*in).size();
    if (const auto* list = std::get_if<OneOf>(&condition)) return list->users.size();
    if (const auto* of = std::get_if<IsMember>(&condition)) return members(*of).size();
    if (std::holds_alternative<IsRegistered>(condition)) return registrations().size();
    return std::nullopt;
  }
  /// Those users, each once, in no order.
  Candidates who_may(const Condition& condition) const {
    Candidates users;
    if (const auto* in = std::get_if<InArea>(&condition)) {
      for (const User* user : inside(*in)) users.push_back({&user->id, user});
      for (const auto& [user, left] : before(*in)) users.push_back(candidate(user));
    } else if (const auto* list = std::get_if<OneOf>(&condition)) {
      for (const UserId& user : list->users)
        if (users.empty() || *users.back().id != user) users.push_back(candidate(user));
    } else if (const auto* of = std::get_if<IsMember>(&condition)) {
      for (const auto& [user, member] : members(*of)) users.push_back(candidate(user));
    } else {
      for (const auto& [user, registration] : registrations()) users.push_back(candidate(user));
    }
    return users;
  }
  /// Whether it holds for all of those.
  static bool holds_for_all_who_may(const Condition& condition) {
    if (const auto* in = std::get_if<InArea>(&condition)) return !in->within_ms;
    if (const auto* registered = std::get_if<IsRegistered>(&condition)) return !registered->source;
    return true;
  }
  Candidates everybody() const {
    Candidates users;
    for (const auto& [id, user] : state_.users) users.push_back({&id, &user});
    return users;
  }

 private:
  bool holds(const User& user, const InArea& in) const {
    if (in.site) return false;  // that site knows
    if (user.areas.contains(in.area)) return true;
    const auto left = in.within_ms ? user.left.find(in.area) : user.left.end();
    return left != user.left.end() && now_ - left->second <= *in.within_ms;
  }
  bool holds(const User& user, const OneOf& list) const {
    return std::binary_search(list.users.begin(), list.users.end(), user.id);
  }
  bool holds(const User& user, const HasAttribute& has) const {
    const auto it = user.attributes.find(has.name);
    return it != user.attributes.end() && (!has.equals || *has.equals == it->second);
  }
  bool holds(const User& user, const IsRegistered& asked) const {
    const auto it = registrations().find(user.id);
    return it != registrations().end() &&
           std::any_of(it->second.begin(), it->second.end(), [&](const Registration& registration) {
             return !asked.source || *asked.source == registration.source;
           });
  }
  bool holds(const User& user, const IsMember& of) const { return members(of).contains(user.id); }

  Candidate candidate(const UserId& user) const { return {&user, state_.user(user)}; }
  const std::unordered_set<const User*>& inside(const InArea& in) const {
    static const std::unordered_set<const User*> kNobody;
    const auto it = in.site ? state_.occupants.end() : state_.occupants.find(in.area);
    return it == state_.occupants.end() ? kNobody : it->second;
  }
  /// Who may have been there before.
  const std::map<UserId, TimeMs>& before(const InArea& in) const {
    static const std::map<UserId, TimeMs> kNobody;
    const auto it = in.within_ms && !in.site ? state_.left.find(in.area) : state_.left.end();
    return it == state_.left.end() ? kNobody : it->second;
  }
  const std::map<UserId, Member>& members(const IsMember& of) const {
    static const std::map<UserId, Member> kNobody;
    const auto plan = state_.plans.find(of.plan);
    if (plan == state_.plans.end() || !plan->second.live) return kNobody;
    const Group& group = *state_.group(*plan->second.live);
    return group.state == GroupState::open ? group.members : kNobody;
  }
  const std::unordered_map<UserId, std::vector<Registration>>& registrations() const {
    static const std::unordered_map<UserId, std::vector<Registration>> kNobody;
    return record_ ? record_->registrations : kNobody;
  }

  const State& state_;
  const PlanRecord* record_ = nullptr;
  TimeMs now_;
};

/// "in hall-a", "has ticket".
std::string in_words(const Condition& condition);

/// Why the user qualifies, whatever their presence; empty if not.
std::string reason(const Judge& judge, const Audience& audience, const User& user);

}  // namespace convoke::core
