#include "backend/core/kept_questions.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "backend/core/audience.h"
#include "backend/core/follow.h"
#include "backend/core/organizer.h"
#include "backend/core/peers.h"
#include "backend/core/questions.h"
#include "backend/core/sites.h"

namespace convoke::core {
namespace {

constexpr const char* kNamed = ".named";

KeptQuestion* find(State& state, const SiteId& from, const PlanId& id) {
  const auto of = state.kept.find(from);
  if (of == state.kept.end()) return nullptr;
  const auto question = of->second.all.find(id);
  return question == of->second.all.end() ? nullptr : &question->second;
}

void note_untold(State& state, const SiteId& from, const PlanId& id, const UserId& user, Context& ctx) {
  KeptQuestions& of = state.kept.at(from);
  of.all.at(id).told.erase(user);
  const auto told = of.told_of.find(user);
  told->second.erase(id);
  if (told->second.empty()) of.told_of.erase(told);
  ctx.fx.told.insert({{from, id}, user});
}

void forget_told(State& state, const SiteId& from, const PlanId& id, Context& ctx) {
  for (const UserId& user : std::set<UserId>(state.kept.at(from).all.at(id).told))
    note_untold(state, from, id, user, ctx);
}

void erase_question(State& state, const SiteId& from, const PlanId& id, Context& ctx) {
  if (!find(state, from, id)) return;
  forget_told(state, from, id, ctx);
  KeptQuestions& of = state.kept.at(from);
  of.index.erase(id);
  of.all.erase(id);
  ctx.fx.questions.insert({from, id});
  if (of.all.empty()) state.kept.erase(from);
}

bool asks_for_time(const Plan& plan) {
  const auto in = [](const std::vector<Condition>& conditions) {
    return std::any_of(conditions.begin(), conditions.end(), [](const Condition& c) {
      const auto* area = std::get_if<InArea>(&c);
      return area && area->within_ms;
    });
  };
  return in(plan.audience.any) || in(plan.audience.all) || in(plan.audience.none);
}

/// Works out what follows from what is asked.
void work_out(State& state, const SiteId& from, const PlanId& id) {
  KeptQuestions& of = state.kept.at(from);
  KeptQuestion& question = of.all.at(id);
  question.plan = asked_plan(state, question.asked);
  question.plan.audience.by_another = !is_by_name(id);
  question.refused = !refusal(state, state.peers.at(from), question.asked).empty();
  if (question.refused)
    of.index.erase(id);  // nothing that happens concerns it
  else
    of.index.put_audience(id, question.plan);
  note_registered_with(state, question.plan.id);
}

KeptQuestion* make(State& state, const SiteId& from, const PlanId& id) {
  KeptQuestions& of = state.kept[from];
  if (!of.all.contains(id) && of.all.size() >= kMaxKept) return nullptr;
  return &of.all[id];
}

/// The mirror of a question's group, where there is or was one.
const Group* mirror_of(const State& state, const SiteId& from, const KeptQuestion& question) {
  const Group* group = state.group(GroupId::parse(question.asked.group));
  return group && group->home == from ? group : nullptr;
}

/// Presence draws in, but does not send away.
void judge(State& state, const SiteId& from, const PlanId& id, const User& user, Context& ctx) {
  const KeptQuestion& question = *find(state, from, id);
  const Group* mirror = mirror_of(state, from, question);
  if (question.refused || (mirror && mirror->state != GroupState::open)) return;  // over here for all of ours
  const bool told = question.told.contains(user.id);
  const bool meets = !qualifies(state, question.plan, user, ctx.now, told).empty();
  if (meets == told) return;
  const std::string full = in_full(state, user.id);
  if (told) {
    note_untold(state, from, id, user.id, ctx);
    return send(state, from, messages::PeerUnchosen{question.asked.group, {full}}, ctx);
  }
  // As many as there may be, and as are kept of those who find no room.
  if (question.told.size() >= std::size_t{question.asked.max} + kMaxTurnedAway) return;
  messages::PeerChosen chosen{
      question.asked.group, {{full, user.name, user.presence, topics::Standing::member}}, !is_by_name(id)};
  chosen.later = true;
  note_told(state, from, id, user.id, ctx);
  note_known_at(state, user.id, from, ctx);
  send(state, from, chosen, ctx);
}

/// Of a question by name, those who are there.
void answer_named(State& state, const SiteId& from, const PlanId& id, Context& ctx) {
  const Plan plan = find(state, from, id)->plan;
  for (const Chosen& c : select_audience(state, plan, ctx.now, ""))
    if (const User* user = state.user(c.user)) judge(state, from, id, *user, ctx);
}

std::size_t names_in(const messages::PeerSelect& asked) {
  std::size_t names = 0;
  for (const messages::PeerCondition& condition : asked.any)
    if (const auto* list = std::get_if<messages::PeerOneOf>(&condition)) names += list->users.size();
  return names;
}

/// The name goes from all lists.
bool take_name(std::vector<messages::PeerCondition>& conditions, const std::string& full) {
  bool taken = false;
  for (messages::PeerCondition& condition : conditions) {
    auto* list = std::get_if<messages::PeerOneOf>(&condition);
    taken = (list && std::erase(list->users, full) > 0) || taken;
  }
  return taken;
}

}  // namespace

PlanId question_id(const std::string& group, bool by_name) {
  return PlanId::parse(by_name ? group + kNamed : group);
}

bool is_by_name(const PlanId& question) { return question.str().ends_with(kNamed); }

bool keep_question(State& state, const SiteId& from, const messages::PeerSelect& asked, Context& ctx) {
  const PlanId id = question_id(asked.group, false);
  KeptQuestion* question = make(state, from, id);
  if (!question) return false;
  forget_told(state, from, id, ctx);
  question->asked = asked;
  work_out(state, from, id);
  if (!question->refused && asks_for_time(question->plan)) arm_all_forgetting(state, ctx.now);
  ctx.fx.questions.insert({from, id});
  return true;
}

bool keep_named(State& state, const SiteId& from, const messages::PeerAsk& asked, Context& ctx) {
  const PlanId id = question_id(asked.group, true);
  KeptQuestion* question = make(state, from, id);
  if (!question) return false;
  messages::PeerSelect& all = question->asked;
  const auto same = [&](const messages::PeerCondition& c) {
    const auto* list = std::get_if<messages::PeerOneOf>(&c);
    return list && list->users == asked.users;
  };
  if (std::any_of(all.any.begin(), all.any.end(), same)) return true;
  std::size_t names = asked.users.size();
  for (const auto& [other, kept] : state.kept.at(from).all)
    if (is_by_name(other)) names += names_in(kept.asked);
  if (all.any.size() >= messages::kMaxPeerConditions || names > kMaxKeptNames) {
    if (all.any.empty()) erase_question(state, from, id, ctx);
    return false;
  }
  all.group = asked.group;
  all.plan = asked.plan;
  all.any.push_back(messages::PeerOneOf{asked.users});
  all.any_presence = asked.any_presence;
  all.max = messages::kMaxSelected;
  all.keep = true;
  work_out(state, from, id);
  ctx.fx.questions.insert({from, id});
  return true;
}

void load_question(State& state, const SiteId& from, const PlanId& id, messages::PeerSelect asked) {
  if (!state.peers.contains(from)) return;
  state.kept[from].all[id].asked = std::move(asked);
  work_out(state, from, id);
}

void load_told(State& state, const SiteId& from, const PlanId& id, const UserId& user) {
  KeptQuestion* question = find(state, from, id);
  if (!question) return;
  question->told.insert(user);
  state.kept.at(from).told_of[user].insert(id);
}

void note_told(State& state, const SiteId& from, const PlanId& id, const UserId& user, Context& ctx) {
  KeptQuestion* question = find(state, from, id);
  if (!question || !question->told.insert(user).second) return;
  state.kept.at(from).told_of[user].insert(id);
  ctx.fx.told.insert({{from, id}, user});
}

void tell_askers(State& state, const UserId& id, Context& ctx) {
  const User* user = state.user(id);
  if (!user || is_remote(id) || state.erased_ms.contains(id)) return;
  for (const auto& [site, of] : state.kept) {
    std::set<PlanId> concerned;
    add_concerned(state, of.index, *user, concerned);
    if (const auto told = of.told_of.find(id); told != of.told_of.end())
      concerned.insert(told->second.begin(), told->second.end());
    for (const PlanId& question : concerned) judge(state, site, question, *user, ctx);
  }
}

void allowances_changed(State& state, const SiteId& from, Context& ctx) {
  const auto of = state.kept.find(from);
  if (of == state.kept.end()) return;
  std::vector<PlanId> changed;
  bool asks_times = false;
  for (const auto& [id, question] : of->second.all) {
    const bool refused = !refusal(state, state.peers.at(from), question.asked).empty();
    if (question.refused == refused) continue;
    changed.push_back(id);
    asks_times |= asks_for_time(question.plan);
  }
  for (const PlanId& id : changed) work_out(state, from, id);
  if (asks_times) arm_all_forgetting(state, ctx.now);
  for (const PlanId& id : changed)
    if (is_by_name(id))
      answer_named(state, from, id, ctx);
    else
      take_select(state, from, messages::PeerSelect(find(state, from, id)->asked), ctx);
}

void forget_in_questions(State& state, const UserId& user, Context& ctx) {
  const std::string full = in_full(state, user);
  for (auto& [site, of] : state.kept) {
    if (const auto told = of.told_of.find(user); told != of.told_of.end())
      for (const PlanId& id : std::set<PlanId>(told->second)) note_untold(state, site, id, user, ctx);
    for (auto& [id, question] : of.all) {
      messages::PeerSelect& asked = question.asked;
      // Each of them, whether the one before had the name or not.
      const bool any = take_name(asked.any, full), all = take_name(asked.all, full);
      if (!take_name(asked.none, full) && !any && !all) continue;
      work_out(state, site, id);
      ctx.fx.questions.insert({site, id});
    }
  }
}

void drop_questions(State& state, const SiteId& from, Context& ctx) {
  const auto of = state.kept.find(from);
  if (of == state.kept.end()) return;
  std::vector<PlanId> ids;
  for (const auto& [id, question] : of->second.all) ids.push_back(id);
  for (const PlanId& id : ids) erase_question(state, from, id, ctx);
}

bool may_grow(const State& state, const Group& mirror) {
  const auto of = state.kept.find(mirror.home);
  return of != state.kept.end() && (of->second.all.contains(question_id(mirror.id.str(), false)) ||
                                    of->second.all.contains(question_id(mirror.id.str(), true)));
}

bool any_keeps(const State& state, Concern concern, const std::string& id) {
  return std::any_of(state.kept.begin(), state.kept.end(),
                     [&](const auto& of) { return of.second.index.any(concern, id); });
}

std::string take_drop(State& state, const SiteId& from, const messages::PeerDrop& item, Context& ctx) {
  for (const bool by_name : {false, true}) erase_question(state, from, question_id(item.group, by_name), ctx);
  Group* mirror = state.live_group(GroupId::parse(item.group));
  if (mirror && mirror->home == from && members_here(*mirror) == 0) end_group(state, *mirror, "empty", ctx);
  return {};
}

}  // namespace convoke::core
