#include "backend/core/explanation.h"

#include <algorithm>

#include "backend/core/questions.h"
#include "backend/core/sites.h"

namespace convoke::core {
namespace {

constexpr const char* kPresence = "presence";
constexpr const char* kMore = "more";

}  // namespace

Explanation explain(const State& state, const Plan& plan, const User& user, TimeMs now) {
  const Audience& audience = plan.audience;
  const Judge judge(state, plan, now);
  Explanation e;
  const auto add = [&](const char* part, const std::vector<Condition>& conditions) {
    for (const Condition& c : conditions) {
      e.findings.push_back({part, in_words(c), judge.holds(user, c)});
      if (is_judged_there(plan, user.id, c))
        e.findings.back().condition += " (only " + site_of(user.id).str() + " knows)";
    }
  };
  add("any", audience.any);
  add("all", audience.all);
  add("none", audience.none);
  const bool available = user.presence == PresenceState::available;
  if (audience.only_available) e.findings.push_back({kPresence, "available", available});
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
  if (plan.audience.only_available) asked.push_back({kPresence, "available"});
  if (left_out > 0) asked.push_back({kMore, std::to_string(left_out)});
  return asked;
}

std::uint16_t place_of(const std::vector<AskedCondition>& asked, std::size_t number) {
  const auto kept = std::count_if(asked.begin(), asked.end(), [](const AskedCondition& a) {
    return a.part != kPresence && a.part != kMore;
  });
  const bool left_out = number >= static_cast<std::size_t>(kept);
  return static_cast<std::uint16_t>(left_out ? asked.size() - 1 : number);
}

std::vector<std::uint16_t> unmet(const Judge& judge, const Audience& audience,
                                 const std::vector<AskedCondition>& asked, const User& user,
                                 bool any_presence) {
  std::vector<std::uint16_t> places;
  std::size_t number = 0;
  const auto note = [&](std::size_t of) {
    if (const std::uint16_t at = place_of(asked, of); places.empty() || places.back() != at)
      places.push_back(at);
  };
  const auto user_holds = [&](const Condition& c) { return judge.holds(user, c); };
  if (!audience.any.empty() && std::none_of(audience.any.begin(), audience.any.end(), user_holds)) note(0);
  number += audience.any.size();
  for (const Condition& c : audience.all) {
    if (!user_holds(c)) note(number);
    ++number;
  }
  for (const Condition& c : audience.none) {
    if (user_holds(c)) note(number);
    ++number;
  }
  const bool there = any_presence || !audience.only_available || user.presence == PresenceState::available;
  const auto presence =
      std::find_if(asked.begin(), asked.end(), [](const AskedCondition& a) { return a.part == kPresence; });
  if (!places.empty() && !there) places.push_back(static_cast<std::uint16_t>(presence - asked.begin()));
  return places;
}

}  // namespace convoke::core
