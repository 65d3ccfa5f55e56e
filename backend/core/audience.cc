#include "backend/core/audience.h"

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_set>

#include "backend/core/blocks.h"
#include "backend/core/lots.h"
#include "backend/core/sites.h"

namespace convoke::core {
namespace {

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
    const auto it = state_.occupants.find(in.area);
    return it == state_.occupants.end() ? kNobody : it->second;
  }
  /// Who may have been there before.
  const std::map<UserId, TimeMs>& before(const InArea& in) const {
    static const std::map<UserId, TimeMs> kNobody;
    const auto it = in.within_ms ? state_.left.find(in.area) : state_.left.end();
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

std::string in_words(const Condition& condition) {
  if (const auto* in = std::get_if<InArea>(&condition))
    return "in " + in->area.str() +
           (in->within_ms ? " within " + std::to_string(*in->within_ms / 1000) + " s" : "");
  if (std::holds_alternative<OneOf>(condition)) return "listed";
  if (const auto* of = std::get_if<IsMember>(&condition)) return "in the chat of " + of->plan.str();
  if (const auto* registered = std::get_if<IsRegistered>(&condition))
    return "registered" + (registered->source ? " by " + *registered->source : "");
  const auto& has = std::get<HasAttribute>(condition);
  return has.equals ? "has " + has.name + " = " + *has.equals : "has " + has.name;
}

/// Shortens valid UTF-8 to at most `bytes`, between characters.
void cut(std::string& text, std::size_t bytes) {
  if (text.size() <= bytes) return;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  text.resize(bytes);
}

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

constexpr std::size_t kMaxAbsentAsked = 10'000;  // whether they were passed over

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

/// Who would qualify but for their presence.
struct Absent {
  Candidates users;  // nobody where asking all would take long:
  bool all = true;
};

/// Those whose presence is as it should be, from all sources. `absent` gets the others.
std::vector<Asked> those_to_ask(const Judge& judge, const Audience& audience,
                                const std::vector<Source>& sources, bool any_presence, Absent* absent) {
  constexpr std::size_t kAhead = 16;
  std::vector<Asked> found;
  std::size_t asked = 0;
  for (const Source& source : sources) {
    const Candidates users = source.condition ? judge.who_may(*source.condition) : judge.everybody();
    for (std::size_t i = 0; i < users.size(); ++i) {
      prefetch(users, i + kAhead);
      const bool here = users[i].user && users[i].user->presence == PresenceState::available;
      if (any_presence || here) {
        if (!is_remote(*users[i].id)) found.push_back({users[i], &source});  // those are chosen by their site
      } else if (absent && !is_remote(*users[i].id) && ++asked <= kMaxAbsentAsked &&
                 meets(judge, audience, {users[i], &source}))
        absent->users.push_back(users[i]);
    }
  }
  if (absent && asked > kMaxAbsentAsked) *absent = {{}, false};
  return found;
}

/// Why the user qualifies, whatever their presence; empty if not.
std::string reason(const Judge& judge, const Audience& audience, const User& user) {
  const auto user_holds = [&](const Condition& c) { return judge.holds(user, c); };
  if (!std::all_of(audience.all.begin(), audience.all.end(), user_holds)) return {};
  if (std::any_of(audience.none.begin(), audience.none.end(), user_holds)) return {};
  const auto first = std::find_if(audience.any.begin(), audience.any.end(), user_holds);
  if (!audience.any.empty() && first == audience.any.end()) return {};
  std::string why;
  const auto add = [&](const Condition& c) { why += (why.empty() ? "" : ", ") + in_words(c); };
  if (first != audience.any.end()) add(*first);
  for (const Condition& c : audience.all) add(c);
  cut(why, kMaxWhyBytes);
  return why.empty() ? "everyone" : why;
}

/// Of those who qualify, each once, in no order: all, or where there are many at least the `enough` with the
/// smallest lots. The lots are drawn first, because asking costs more.
Candidates those_who_qualify(const Judge& judge, const Audience& audience, const std::vector<Asked>& to_ask,
                             std::size_t enough, std::string_view seed) {
  const Lots lots(seed);
  std::vector<std::pair<std::uint64_t, std::uint32_t>> order;  // lots, and places in `to_ask`
  order.reserve(to_ask.size());
  for (std::uint32_t i = 0; i < to_ask.size(); ++i)
    order.emplace_back(to_ask.size() > enough ? lots.of(*to_ask[i].of.id) : 0, i);
  Candidates found;
  for (auto next = order.begin(); next != order.end() && found.size() < enough;) {
    const auto rest = static_cast<std::size_t>(order.end() - next);
    const auto end = next + static_cast<std::ptrdiff_t>(std::min(rest, enough));
    std::nth_element(next, end, order.end());
    for (; next != end; ++next)
      if (meets(judge, audience, to_ask[next->second])) found.push_back(to_ask[next->second].of);
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

}  // namespace

std::string qualifies(const State& state, const Plan& plan, const User& user, TimeMs now, bool any_presence) {
  const Audience& audience = plan.audience;
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
  Absent absent;
  const std::vector<Source> from = sources(judge, audience);
  const std::vector<Asked> to_ask = those_to_ask(
      judge, audience, from, any_presence || !audience.only_available, passed ? &absent : nullptr);
  // Where blocked pairs are kept apart, any number of those with small lots may be out.
  const bool all_count = !state.blocked_pairs.empty() && keeps_apart(audience.max);
  const std::size_t enough = all_count ? to_ask.size() : audience.max + (passed ? kMaxPassedOver : 0);
  const Candidates all = those_who_qualify(judge, audience, to_ask, enough, seed);
  Candidates users = draw(state, all, audience.max, seed);
  std::sort(users.begin(), users.end(), by_id);
  if (passed) {
    passed->all = absent.all && (all.size() < enough || enough == to_ask.size());
    pass_over(*passed, std::move(absent.users), kNotAvailable);
    if (users.size() < all.size()) pass_over(*passed, others(all, users), kLot);
  }
  std::vector<Chosen> chosen;
  User unheard;
  for (const Candidate& c : users) {
    if (!c.user) unheard.id = *c.id;
    chosen.push_back({*c.id, reason(judge, audience, c.user ? *c.user : unheard)});
  }
  return chosen;
}

Explanation explain(const State& state, const Plan& plan, const User& user, TimeMs now) {
  const Audience& audience = plan.audience;
  const Judge judge(state, plan, now);
  Explanation e;
  const auto add = [&](const char* part, const std::vector<Condition>& conditions) {
    for (const Condition& c : conditions) e.findings.push_back({part, in_words(c), judge.holds(user, c)});
  };
  add("any", audience.any);
  add("all", audience.all);
  add("none", audience.none);
  const bool available = user.presence == PresenceState::available;
  if (audience.only_available) e.findings.push_back({"presence", "available", available});
  e.why = reason(judge, audience, user);
  e.qualifies = !e.why.empty() && (available || !audience.only_available);
  return e;
}

std::vector<AskedCondition> asked_of_all(const Plan& plan) {
  std::vector<AskedCondition> asked;
  std::size_t bytes = 0, left_out = 0;
  const auto add = [&](const char* part, const std::vector<Condition>& conditions) {
    for (const Condition& c : conditions) {
      std::string words = in_words(c);
      bytes += words.size();
      if (bytes > kMaxWhyBytes)
        ++left_out;
      else
        asked.push_back({part, std::move(words)});
    }
  };
  add("any", plan.audience.any);
  add("all", plan.audience.all);
  add("none", plan.audience.none);
  if (plan.audience.only_available) asked.push_back({"presence", "available"});
  if (left_out > 0) asked.push_back({"more", std::to_string(left_out)});
  return asked;
}

std::set<TimeMs> asked_after_leaving(const State& state, const AreaId& area) {
  std::set<TimeMs> asked;
  const auto look = [&](const Audience& audience) {
    for (const auto* conditions : {&audience.any, &audience.all, &audience.none})
      for (const Condition& c : *conditions)
        if (const auto* in = std::get_if<InArea>(&c); in && in->area == area && in->within_ms)
          asked.insert(*in->within_ms);
  };
  for (const PlanId& id : state.plan_index.of(Concern::left_area, area.str())) {
    const PlanRecord& record = state.plans.at(id);
    look(record.plan.audience);
    if (record.running) look(record.running->audience);
  }
  return asked;
}

}  // namespace convoke::core
