#include "backend/core/questions.h"

#include <algorithm>
#include <utility>

#include "backend/core/audience.h"
#include "backend/core/follow.h"
#include "backend/core/judge.h"
#include "backend/core/kept_questions.h"
#include "backend/core/lots.h"
#include "backend/core/peers.h"
#include "backend/core/presence.h"
#include "backend/core/sites.h"
#include "backend/core/watches.h"

namespace convoke::core {
namespace {

using Conditions = std::vector<Condition>;

/// Who says of a site's users whether the condition holds.
enum class Judged {
  here,   // home: it is a list, or a chat of home's
  there,  // their site
  never   // nobody: it holds for none of them
};
Judged judged(const Audience& audience, const SiteId& site, const Condition& condition) {
  if (std::holds_alternative<OneOf>(condition) || std::holds_alternative<IsMember>(condition))
    return Judged::here;
  if (const auto* in = std::get_if<InArea>(&condition))
    return in->site == site ? Judged::there : Judged::never;
  const bool named = std::find(audience.sites.begin(), audience.sites.end(), site) != audience.sites.end();
  return named ? Judged::there : Judged::never;
}

bool any_judged(const Audience& audience, const SiteId& site, const Conditions& conditions, Judged by) {
  return std::any_of(conditions.begin(), conditions.end(),
                     [&](const Condition& c) { return judged(audience, site, c) == by; });
}

/// Whether nothing of it, but perhaps of `any`, is that site's to judge.
bool by_name_only(const Audience& audience, const SiteId& site) {
  return !any_judged(audience, site, audience.all, Judged::there) &&
         !any_judged(audience, site, audience.none, Judged::there);
}

/// The condition in that site's terms; nothing if it is not for that site.
std::optional<messages::PeerCondition> as_there(const SiteId& site, const Condition& condition) {
  if (const auto* in = std::get_if<InArea>(&condition))
    return messages::PeerInArea{in->area.str(), in->within_ms};
  if (const auto* has = std::get_if<HasAttribute>(&condition))
    return messages::PeerHasAttribute{has->name, has->equals};
  if (const auto* registered = std::get_if<IsRegistered>(&condition))
    return messages::PeerRegistered{registered->source};
  const auto* list = std::get_if<OneOf>(&condition);
  if (!list) return std::nullopt;
  messages::PeerOneOf users;
  for (const UserId& user : list->users)
    if (site_of(user) == site) users.users.push_back(user.str());
  if (users.users.empty()) return std::nullopt;
  return users;
}

/// Those of these conditions that say something about the site's users.
std::vector<messages::PeerCondition> as_there(const Audience& audience, const SiteId& site,
                                              const Conditions& conditions) {
  std::vector<messages::PeerCondition> there;
  for (const Condition& c : conditions) {
    if (judged(audience, site, c) == Judged::never) continue;
    if (auto condition = as_there(site, c)) there.push_back(std::move(*condition));
  }
  return there;
}

bool is_list(const messages::PeerCondition& condition) {
  return std::holds_alternative<messages::PeerOneOf>(condition);
}

/// The condition as this site asks it of itself.
Condition as_here(const State& state, const messages::PeerCondition& condition) {
  if (const auto* in = std::get_if<messages::PeerInArea>(&condition))
    return InArea{AreaId::parse(in->area), in->within_ms};
  if (const auto* has = std::get_if<messages::PeerHasAttribute>(&condition))
    return HasAttribute{has->name, has->equals};
  if (const auto* registered = std::get_if<messages::PeerRegistered>(&condition))
    return IsRegistered{registered->source};
  OneOf list;
  for (const std::string& user : std::get<messages::PeerOneOf>(condition).users)
    list.users.push_back(core::as_here(state, user));
  std::sort(list.users.begin(), list.users.end());
  return list;
}

template <class F>
void for_each_condition(const messages::PeerSelect& item, F f) {
  for (const auto* part : {&item.any, &item.all, &item.none})
    for (const messages::PeerCondition& c : *part) f(c);
}

/// What the question needs that not every site may ask.
std::set<std::string> needs(const messages::PeerSelect& item) {
  std::set<std::string> words;
  for_each_condition(item, [&](const messages::PeerCondition& c) {
    if (std::holds_alternative<messages::PeerInArea>(c)) words.insert(kMayAreas);
    if (std::holds_alternative<messages::PeerHasAttribute>(c)) words.insert(kMayAttributes);
    if (std::holds_alternative<messages::PeerRegistered>(c)) words.insert(kMayRegistrations);
    if (is_list(c)) words.insert(kMayUsers);
  });
  if (item.any.empty() && item.all.empty()) words.insert(kMayEverybody);
  return words;
}

/// In the order of their lots: the home fills its room in the order in which it is told of them.
void sort_by_lot(const State& state, std::vector<Chosen>& chosen, const std::string& seed) {
  const Lots lots(seed, state.site);
  const auto lot = [&](const Chosen& c) { return lots.of(c.user); };
  std::sort(chosen.begin(), chosen.end(), [&](const Chosen& a, const Chosen& b) { return lot(a) < lot(b); });
}

/// Who meets the question. Of one that is kept, those of ours who are in the group do whatever their lot, and
/// nobody does where it is over here.
std::vector<Chosen> those_who_meet(const State& state, const SiteId& from, const messages::PeerSelect& item,
                                   TimeMs now) {
  const Group* group = state.group(GroupId::parse(item.group));
  const bool known = item.keep && group && group->home == from;
  if (known && group->state != GroupState::open) return {};
  const Plan plan = asked_plan(state, item);
  std::vector<Chosen> chosen = select_audience(state, plan, now, item.group);
  if (!known) return chosen;
  std::set<UserId> there;
  for (const Chosen& c : chosen) there.insert(c.user);
  for (const auto& [id, member] : group->members) {
    const User* user = is_remote(id) || there.contains(id) ? nullptr : state.user(id);
    std::string why = user ? qualifies(state, plan, *user, now, true) : "";
    if (!why.empty()) chosen.push_back({id, std::move(why)});
  }
  return chosen;
}

}  // namespace

Plan asked_plan(const State& state, const messages::PeerSelect& item) {
  Plan plan;
  plan.id = PlanId::parse(item.plan);
  const auto take = [&](const std::vector<messages::PeerCondition>& from, Conditions& to) {
    for (const messages::PeerCondition& c : from) to.push_back(as_here(state, c));
  };
  take(item.any, plan.audience.any);
  take(item.all, plan.audience.all);
  take(item.none, plan.audience.none);
  plan.audience.only_available = !item.any_presence;
  plan.audience.max = item.max;
  plan.audience.by_another = true;
  return plan;
}

std::string refusal(const State& state, const Peer& peer, const messages::PeerSelect& item) {
  std::string refused;
  for_each_condition(item, [&](const messages::PeerCondition& c) {
    if (std::holds_alternative<messages::PeerUnknownCondition>(c)) refused = "unknown-condition";
    if (const auto* list = std::get_if<messages::PeerOneOf>(&c))
      for (const std::string& user : list->users)
        if (is_remote(core::as_here(state, user))) refused = "foreign-user";
  });
  if (!refused.empty()) return refused;
  const std::set<std::string> words = needs(item);
  const bool may = std::includes(peer.may.begin(), peer.may.end(), words.begin(), words.end());
  return may ? "" : kNotAllowed;
}

std::set<SiteId> sites_asked(const Plan& plan) {
  std::set<SiteId> sites(plan.audience.sites.begin(), plan.audience.sites.end());
  for (const auto* conditions : {&plan.audience.any, &plan.audience.all})
    for (const Condition& c : *conditions) {
      if (const auto* in = std::get_if<InArea>(&c); in && in->site) sites.insert(in->site);
      if (const auto* list = std::get_if<OneOf>(&c))
        for (const UserId& user : list->users)
          if (is_remote(user)) sites.insert(site_of(user));
    }
  return sites;
}

std::set<UserId> listed_of(const State& state, const Plan& plan, const SiteId& site, TimeMs now) {
  std::set<UserId> listed;
  if (!by_name_only(plan.audience, site)) return listed;
  for (const auto* conditions : {&plan.audience.any, &plan.audience.all})
    for (const Condition& c : *conditions)
      if (const auto* list = std::get_if<OneOf>(&c))
        for (const UserId& user : list->users)
          if (site_of(user) == site) listed.insert(user);
  const Judge judge(state, plan, now);
  User unheard;
  std::erase_if(listed, [&](const UserId& user) {
    unheard.id = user;
    return reason(judge, plan.audience, unheard).empty();
  });
  return listed;
}

std::optional<messages::PeerSelect> selection_of(const Plan& plan, const SiteId& site) {
  const Audience& audience = plan.audience;
  if (any_judged(audience, site, audience.all, Judged::never)) return std::nullopt;
  messages::PeerSelect asked;
  asked.plan = plan.id.str();
  asked.any = as_there(audience, site, audience.any);
  asked.all = as_there(audience, site, audience.all);
  asked.none = as_there(audience, site, audience.none);
  asked.any_presence = !audience.only_available;
  asked.max = std::min(audience.max, messages::kMaxSelected);
  const auto lists_in = [](const Conditions& conditions) {
    return std::count_if(conditions.begin(), conditions.end(),
                         [](const Condition& c) { return std::holds_alternative<OneOf>(c); });
  };
  const auto lists_left = std::count_if(asked.all.begin(), asked.all.end(), is_list);
  if (lists_left < lists_in(audience.all)) return std::nullopt;  // a list without anybody of that site
  if (by_name_only(audience, site)) {
    std::erase_if(asked.any, is_list);  // they are asked for by name
    if (audience.any.empty() && lists_left > 0) return std::nullopt;
  }
  const bool named = std::find(audience.sites.begin(), audience.sites.end(), site) != audience.sites.end();
  if (!audience.any.empty() && asked.any.empty()) return std::nullopt;
  if (asked.any.empty() && asked.all.empty() && !named) return std::nullopt;
  return asked;
}

bool is_judged_there(const Plan& plan, const UserId& user, const Condition& condition) {
  return is_remote(user) && judged(plan.audience, site_of(user), condition) == Judged::there;
}

std::string why_selected(const State& state, const Plan& plan, const UserId& id, TimeMs now) {
  const Audience& audience = plan.audience;
  const SiteId site = site_of(id);
  const Judge judge(state, plan, now);
  User user;
  user.id = id;
  const auto may_hold = [&](const Condition& c) {
    const Judged by = judged(audience, site, c);
    return by == Judged::there || (by == Judged::here && judge.holds(user, c));
  };
  const auto kept_out = [&](const Condition& c) {
    return judged(audience, site, c) == Judged::here && judge.holds(user, c);
  };
  if (!std::all_of(audience.all.begin(), audience.all.end(), may_hold)) return {};
  if (std::any_of(audience.none.begin(), audience.none.end(), kept_out)) return {};
  std::string any, why;
  for (const Condition& c : audience.any)
    if (may_hold(c)) any += (any.empty() ? "" : " or ") + in_words(c);
  if (!audience.any.empty() && any.empty()) return {};
  for (const Condition& c : audience.all) why += ", " + in_words(c);
  why = any.empty() && !why.empty() ? why.substr(2) : any + why;
  if (why.empty()) why = "everyone";
  why += ", as " + site.str() + " says";
  return why.size() <= kMaxWhyBytes ? why : "selected by " + site.str();
}

bool allow_peer(State& state, const SiteId& site, std::set<std::string> may, Context& ctx) {
  const auto peer = state.peers.find(site);
  if (peer == state.peers.end()) return false;
  const std::set<std::string> before = std::exchange(peer->second.may, std::move(may));
  ctx.fx.peers.insert(site);
  allowances_changed(state, site, ctx);
  watches_allowed(state, site, before, ctx);
  return true;
}

void let_others(State& state, const UserId& id, bool allow, Context& ctx) {
  User& user = ensure_user(state, id, ctx);
  if (user.other_sites == allow) return;
  user.other_sites = allow;
  ctx.fx.users.insert(id);
  follow_user(state, id, ctx);
}

std::string take_select(State& state, const SiteId& from, const messages::PeerSelect& item, Context& ctx) {
  messages::PeerChosen answer{item.group, {}, true};
  answer.refused = refusal(state, state.peers.at(from), item);
  const bool keep = item.keep && (answer.refused.empty() || answer.refused == kNotAllowed);
  if (keep && !keep_question(state, from, item, ctx)) answer.refused = kTooMany;
  std::vector<Chosen> chosen;
  if (answer.refused.empty()) chosen = those_who_meet(state, from, item, ctx.now);
  sort_by_lot(state, chosen, item.group);
  std::size_t left = chosen.size();
  for (const Chosen& c : chosen) {
    const User& user = *state.user(c.user);
    answer.members.push_back({in_full(state, c.user), user.name, user.presence, topics::Standing::member});
    note_known_at(state, c.user, from, ctx);
    if (keep) note_told(state, from, question_id(item.group, false), c.user, ctx);
    answer.more = --left > 0;
    if (answer.more && answer.members.size() < messages::kMaxPeerMembers) continue;
    send(state, from, answer, ctx);
    answer.members.clear();
  }
  if (chosen.empty()) send(state, from, answer, ctx);
  return answer.refused;
}

}  // namespace convoke::core
