#include "backend/core/audience.h"

#include <algorithm>
#include <optional>
#include <set>

#include "backend/core/blocks.h"
#include "backend/core/explanation.h"
#include "backend/core/judge.h"
#include "backend/core/lots.h"
#include "backend/core/sites.h"

namespace convoke::core {
namespace {

/// Where candidates come from: those for whom a condition may hold, or everybody.
struct Source {
  const Condition* condition = nullptr;
  bool of_any = false;  // of those of which one is enough: each user comes by the first that holds
};

/// Of the sets that all must be in the smallest, or else those of which one is enough, or else everybody.
std::vector<Source> sources(const Judge& judge, const Audience& audience) {
  const Condition* smallest = nullptr;
  // Of equal ones an area, whose users are at hand.
  const auto size = [&](const Condition& c) {
    return std::pair(*judge.at_most(c), !std::holds_alternative<InArea>(c));
  };
  for (const Condition& c : audience.all)
    if (judge.at_most(c) && (!smallest || size(c) < size(*smallest))) smallest = &c;
  if (smallest) return {{smallest}};
  const auto known = [&](const Condition& c) { return judge.at_most(c).has_value(); };
  if (audience.any.empty() || !std::all_of(audience.any.begin(), audience.any.end(), known)) return {{}};
  std::vector<Source> each;
  for (const Condition& c : audience.any) each.push_back({&c, true});
  return each;
}

/// Whether a user who comes from there qualifies, whatever their presence.
bool meets(const Judge& judge, const Audience& audience, const User& user, const Source& source) {
  const auto user_holds = [&](const Condition& c) {
    return (&c == source.condition && Judge::holds_for_all_who_may(c)) || judge.holds(user, c);
  };
  if (!std::all_of(audience.all.begin(), audience.all.end(), user_holds)) return false;
  if (std::any_of(audience.none.begin(), audience.none.end(), user_holds)) return false;
  if (audience.any.empty()) return true;
  const auto first = std::find_if(audience.any.begin(), audience.any.end(), user_holds);
  return first != audience.any.end() && (!source.of_any || &*first == source.condition);
}

/// What is not in the processor's cache is on its way while those before are asked.
void prefetch(const Candidates& users, std::size_t place) {
  if (place >= users.size() || !users[place].user) return;
  __builtin_prefetch(&users[place].user->presence);
  __builtin_prefetch(users[place].user);
}

bool lets_others(const User* user) { return user && user->other_sites; }

constexpr std::size_t kMaxAsked = 10'000;  // of those who are not chosen, why

/// Somebody to be asked, and where they come from.
struct Asked {
  Candidate of;
  const Source* source;
};

bool meets(const Judge& judge, const Audience& audience, const Asked& asked) {
  if (asked.of.user) return meets(judge, audience, *asked.of.user, *asked.source);
  User unheard;  // offline, nowhere, without attributes
  unheard.id = *asked.of.id;
  return meets(judge, audience, unheard, *asked.source);
}

/// Those who were looked at and do not qualify; nobody where asking all why would take long.
struct Rest {
  Candidates absent;  // qualify but for their presence
  Candidates missed;  // do not meet what is asked; or do, as one who comes from another source too
  bool all = true;
};

/// Those whose presence is as it should be, from all sources. `rest` gets the others.
std::vector<Asked> those_to_ask(const Judge& judge, const Audience& audience,
                                const std::vector<Source>& sources, bool any_presence, Rest* rest) {
  constexpr std::size_t kAhead = 16;
  std::vector<Asked> found;
  std::size_t asked = 0;
  for (const Source& source : sources) {
    const Candidates users = source.condition ? judge.who_may(*source.condition) : judge.everybody();
    for (std::size_t i = 0; i < users.size(); ++i) {
      prefetch(users, i + kAhead);
      const bool here = users[i].user && users[i].user->presence == PresenceState::available;
      if (any_presence || here) {
        // Users of other sites are chosen by their site.
        if (!is_remote(*users[i].id) && (!audience.by_another || lets_others(users[i].user)))
          found.push_back({users[i], &source});
      } else if (rest && !is_remote(*users[i].id) && ++asked <= kMaxAsked) {
        (meets(judge, audience, {users[i], &source}) ? rest->absent : rest->missed).push_back(users[i]);
      }
    }
  }
  if (rest && asked > kMaxAsked) *rest = {{}, {}, false};
  return found;
}

/// Of those who qualify, each once, in no order: all, or where there are many at least the `enough` with the
/// smallest lots. The lots are drawn first, because asking costs more. `rest` gets the others that were
/// asked.
Candidates those_who_qualify(const Judge& judge, const Audience& audience, const std::vector<Asked>& to_ask,
                             std::size_t enough, const Lots& lots, Rest* rest) {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> order;  // lots, and places in `to_ask`
  order.reserve(to_ask.size());
  for (std::uint32_t i = 0; i < to_ask.size(); ++i)
    order.emplace_back(to_ask.size() > enough ? lots.of(*to_ask[i].of.id) : 0, i);
  Candidates found;
  for (auto next = order.begin(); next != order.end() && found.size() < enough;) {
    const auto left = static_cast<std::size_t>(order.end() - next);
    const auto end = next + static_cast<std::ptrdiff_t>(std::min(left, enough));
    std::nth_element(next, end, order.end());
    for (; next != end; ++next) {
      const Asked& asked = to_ask[next->second];
      if (meets(judge, audience, asked))
        found.push_back(asked.of);
      else if (rest && rest->missed.size() <= kMaxAsked)
        rest->missed.push_back(asked.of);
    }
  }
  return found;
}

bool by_id(const Candidate& a, const Candidate& b) { return *a.id < *b.id; }

/// Adds them in order of user id, as many as there is room for.
void pass_over(Passed& passed, Candidates users, const char* why) {
  const std::size_t room = std::min(users.size(), kMaxPassedOver - passed.users.size());
  if (room < users.size()) passed.all = false;
  const auto end = users.begin() + static_cast<std::ptrdiff_t>(room);
  std::partial_sort(users.begin(), end, users.end(), by_id);
  for (auto it = users.begin(); it != end; ++it) passed.users.push_back({*it->id, why});
}

/// Those of `all` that are not in `chosen`, which is in order of user id.
Candidates others(const Candidates& all, const Candidates& chosen) {
  Candidates rest;
  for (const Candidate& one : all)
    if (!std::binary_search(chosen.begin(), chosen.end(), one, by_id)) rest.push_back(one);
  return rest;
}

/// Whether one has blocked, or is blocked by, somebody in `chosen`.
bool kept_apart(const State& state, const Candidate& one, const Candidates& chosen) {
  const std::set<UserId>& blocked = blocked_with(state, *one.id);
  return std::any_of(blocked.begin(), blocked.end(), [&](const UserId& other) {
    return std::binary_search(chosen.begin(), chosen.end(), Candidate{&other, nullptr}, by_id);
  });
}

/// Those who qualify and are not chosen, which is in order of user id.
void pass_over_others(const State& state, Passed& passed, const Candidates& all, const Candidates& chosen) {
  const bool apart = keeps_apart(chosen.size());
  Candidates blocked, lost;
  for (const Candidate& one : others(all, chosen))
    (apart && kept_apart(state, one, chosen) ? blocked : lost).push_back(one);
  pass_over(passed, std::move(blocked), kKeptApart);
  pass_over(passed, std::move(lost), kLot);
}

/// Of those who do not meet what is asked, each once and in order of user id, what they do not; and of all
/// who were not looked at.
void tell_missed(Passed& passed, const Judge& judge, const Plan& plan, const std::vector<Source>& from,
                 Candidates missed, bool any_presence) {
  const Audience& audience = plan.audience;
  const std::vector<AskedCondition> asked = asked_of_all(plan);
  const Source& first = from.front();
  if (first.of_any) passed.others_unmet = place_of(asked, 0);
  if (first.condition && !first.of_any)
    passed.others_unmet = place_of(
        asked, audience.any.size() + static_cast<std::size_t>(first.condition - audience.all.data()));
  if (missed.size() > kMaxAsked) return void(passed.all_missed = false);
  std::sort(missed.begin(), missed.end(), by_id);
  const auto same = [](const Candidate& a, const Candidate& b) { return *a.id == *b.id; };
  missed.erase(std::unique(missed.begin(), missed.end(), same), missed.end());
  User unheard;
  for (const Candidate& one : missed) {
    if (!one.user) unheard.id = *one.id;
    auto places = unmet(judge, audience, asked, one.user ? *one.user : unheard, any_presence);
    if (places.empty()) continue;  // they come from another source
    if (passed.missed.size() == kMaxMissed) return void(passed.all_missed = false);
    passed.missed.push_back({*one.id, std::move(places)});
  }
}

}  // namespace

std::string qualifies(const State& state, const Plan& plan, const User& user, TimeMs now, bool any_presence) {
  const Audience& audience = plan.audience;
  if (audience.by_another && !lets_others(&user)) return {};
  if (audience.only_available && !any_presence && user.presence != PresenceState::available) return {};
  return reason(Judge(state, plan, now), audience, user);
}

bool any_holds(const State& state, const Plan& plan, const std::vector<Condition>& conditions,
               const User& user, TimeMs now) {
  const Judge judge(state, plan, now);
  return std::any_of(conditions.begin(), conditions.end(),
                     [&](const Condition& c) { return judge.holds(user, c); });
}

std::vector<Chosen> select_audience(const State& state, const Plan& plan, TimeMs now, std::string_view seed,
                                    bool any_presence, Passed* passed) {
  const Audience& audience = plan.audience;
  const Judge judge(state, plan, now);
  Rest rest;
  const std::vector<Source> from = sources(judge, audience);
  const std::vector<Asked> to_ask =
      those_to_ask(judge, audience, from, any_presence || !audience.only_available, passed ? &rest : nullptr);
  // Where blocked pairs are kept apart, any number of those with small lots may be out.
  const bool all_count = !state.blocked_pairs.empty() && keeps_apart(audience.max);
  const std::size_t enough = all_count ? to_ask.size() : audience.max + (passed ? kMaxPassedOver : 0);
  const Lots lots(seed, audience.by_another ? state.site : SiteId());
  const Candidates all = those_who_qualify(judge, audience, to_ask, enough, lots, passed ? &rest : nullptr);
  Candidates users = draw(state, all, audience.max, lots);
  std::sort(users.begin(), users.end(), by_id);
  if (passed) {
    passed->all = passed->all_missed = rest.all && (all.size() < enough || enough == to_ask.size());
    pass_over(*passed, std::move(rest.absent), kNotAvailable);
    if (users.size() < all.size()) pass_over_others(state, *passed, all, users);
    tell_missed(*passed, judge, plan, from, std::move(rest.missed), any_presence);
  }
  std::vector<Chosen> chosen;
  User unheard;
  for (const Candidate& c : users) {
    if (!c.user) unheard.id = *c.id;
    chosen.push_back({*c.id, reason(judge, audience, c.user ? *c.user : unheard)});
  }
  return chosen;
}

std::set<TimeMs> asked_after_leaving(const State& state, const AreaId& area) {
  std::set<TimeMs> asked;
  const auto look = [&](const Audience& audience) {
    for (const auto* conditions : {&audience.any, &audience.all, &audience.none})
      for (const Condition& c : *conditions)
        if (const auto* in = std::get_if<InArea>(&c); in && !in->site && in->area == area && in->within_ms)
          asked.insert(*in->within_ms);
  };
  for (const PlanId& id : state.plan_index.of(Concern::left_area, area.str())) {
    const PlanRecord& record = state.plans.at(id);
    look(record.plan.audience);
    if (record.running) look(record.running->audience);
  }
  for (const auto& [site, of] : state.kept)
    for (const PlanId& id : of.index.of(Concern::left_area, area.str())) look(of.all.at(id).plan.audience);
  return asked;
}

}  // namespace convoke::core
