#include "backend/core/audience.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <set>

#include "backend/core/blocks.h"
#include "backend/core/chat_archive.h"

namespace convoke::core {
namespace {

using UserRefs = std::vector<const UserId*>;

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
  /// Adds those users.
  void add_to(UserRefs& users, const Condition& condition) const {
    if (const auto* in = std::get_if<InArea>(&condition)) {
      for (const UserId& user : inside(*in)) users.push_back(&user);
      for (const auto& [user, left] : before(*in)) users.push_back(&user);
    } else if (const auto* list = std::get_if<OneOf>(&condition)) {
      for (const UserId& user : list->users) users.push_back(&user);
    } else if (const auto* of = std::get_if<IsMember>(&condition)) {
      for (const auto& [user, member] : members(*of)) users.push_back(&user);
    } else {
      for (const auto& [user, registration] : registrations()) users.push_back(&user);
    }
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

  const std::set<UserId>& inside(const InArea& in) const {
    static const std::set<UserId> kNobody;
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

/// Whom to ask, in order: of the sets that all must be in the smallest, or else those of which one is enough,
/// or else everybody.
UserRefs candidates(const State& state, const Judge& judge, const Audience& audience) {
  UserRefs users;
  const Condition* smallest = nullptr;
  for (const Condition& c : audience.all)
    if (const auto n = judge.at_most(c); n && (!smallest || *n < *judge.at_most(*smallest))) smallest = &c;
  const bool any_known =
      !audience.any.empty() && std::all_of(audience.any.begin(), audience.any.end(),
                                           [&](const Condition& c) { return judge.at_most(c).has_value(); });
  if (smallest)
    judge.add_to(users, *smallest);
  else if (any_known)
    for (const Condition& c : audience.any) judge.add_to(users, c);
  else
    for (const auto& [id, user] : state.users) users.push_back(&id);
  const auto before = [](const UserId* a, const UserId* b) { return *a < *b; };
  const auto same = [](const UserId* a, const UserId* b) { return *a == *b; };
  std::sort(users.begin(), users.end(), before);
  users.erase(std::unique(users.begin(), users.end(), same), users.end());
  return users;
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

/// Every bit of the result depends on every bit of `x` (the finalizer of MurmurHash3 by Austin Appleby, which
/// is in the public domain): without it users with similar names would draw similar lots.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdU;
  x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53U;
  return x ^ (x >> 33);
}

/// Each with their lot, which the seed draws.
std::vector<std::pair<std::uint64_t, std::size_t>> draw_lots(const std::vector<Chosen>& chosen,
                                                             std::string_view seed) {
  std::vector<std::pair<std::uint64_t, std::size_t>> lots;
  for (std::size_t i = 0; i < chosen.size(); ++i)
    lots.emplace_back(mixed(message_key(seed, chosen[i].user.str())), i);
  return lots;
}

/// The places of those with the smallest lots, at most `max`.
std::vector<std::size_t> first_lots(const std::vector<Chosen>& chosen, std::size_t max,
                                    std::string_view seed) {
  auto lots = draw_lots(chosen, seed);
  std::nth_element(lots.begin(), lots.begin() + static_cast<std::ptrdiff_t>(max), lots.end());
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < max; ++i) places.push_back(lots[i].second);
  return places;
}

/// The same, but of two of whom one has blocked the other only the one with the smaller lot, whoever of them
/// has blocked: nobody can keep another out by a block, nor is kept out for one.
std::vector<std::size_t> first_lots_apart(const State& state, const std::vector<Chosen>& chosen,
                                          std::size_t max, std::string_view seed) {
  auto lots = draw_lots(chosen, seed);
  std::make_heap(lots.begin(), lots.end(), std::greater<>());
  std::vector<std::size_t> places;
  std::set<UserId> out;
  for (auto end = lots.end(); end != lots.begin() && places.size() < max; --end) {
    std::pop_heap(lots.begin(), end, std::greater<>());
    const std::size_t place = std::prev(end)->second;
    const UserId& user = chosen[place].user;
    if (out.contains(user)) continue;
    places.push_back(place);
    const std::set<UserId>& others = blocked_with(state, user);
    out.insert(others.begin(), others.end());
  }
  return places;
}

/// Keeps as many as there may be, and keeps blocked pairs apart in a small chat.
void draw(const State& state, std::vector<Chosen>& chosen, std::size_t max, std::string_view seed,
          std::vector<PassedOver>* passed) {
  const bool apart = !state.blocked_pairs.empty() && keeps_apart(std::min(chosen.size(), max));
  if (chosen.size() <= max && !apart) return;
  auto places = apart ? first_lots_apart(state, chosen, max, seed) : first_lots(chosen, max, seed);
  std::sort(places.begin(), places.end());
  std::vector<Chosen> kept;
  for (const std::size_t place : places) kept.push_back(chosen[place]);
  auto place = places.begin();
  for (std::size_t i = 0; passed && i < chosen.size() && passed->size() < kMaxPassedOver; ++i)
    if (place != places.end() && *place == i)
      ++place;
    else
      passed->push_back({chosen[i].user, kLot});
  chosen = std::move(kept);
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

constexpr std::size_t kMaxAbsentAsked = 10'000;  // whether they were passed over

std::vector<Chosen> select_audience(const State& state, const Plan& plan, TimeMs now, std::string_view seed,
                                    bool any_presence, std::vector<PassedOver>* passed) {
  const Audience& audience = plan.audience;
  const Judge judge(state, plan, now);
  std::vector<Chosen> chosen;
  std::size_t asked = 0;  // of those who are not available
  User unheard;           // of whom nobody has heard yet, though listed: offline, nowhere, without attributes
  for (const UserId* id : candidates(state, judge, audience)) {
    const User* user = state.user(*id);
    if (!user) {
      unheard.id = *id;
      user = &unheard;
    }
    const bool absent =
        audience.only_available && !any_presence && user->presence != PresenceState::available;
    if (absent && (!passed || passed->size() >= kMaxPassedOver || ++asked > kMaxAbsentAsked)) continue;
    std::string why = reason(judge, audience, *user);
    if (why.empty()) continue;
    if (absent)
      passed->push_back({*id, kNotAvailable});
    else
      chosen.push_back({*id, std::move(why)});
  }
  draw(state, chosen, audience.max, seed, passed);
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

TimeMs asked_after_leaving(const State& state, const AreaId& area) {
  TimeMs longest = 0;
  const auto look = [&](const std::vector<Condition>& conditions) {
    for (const Condition& c : conditions)
      if (const auto* in = std::get_if<InArea>(&c); in && in->area == area && in->within_ms)
        longest = std::max(longest, *in->within_ms);
  };
  for (const auto& [id, record] : state.plans)
    for (const auto* conditions :
         {&record.plan.audience.any, &record.plan.audience.all, &record.plan.audience.none})
      look(*conditions);
  return longest;
}

}  // namespace convoke::core
