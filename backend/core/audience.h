#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/core/state.h"

/// Who takes part in a plan's chat, and why.
namespace convoke::core {

/// A chosen user and why: "in hall-a", "listed", "has ticket".
struct Chosen {
  UserId user;
  std::string why;
};

/// Somebody who would have been chosen, but for their presence (kNotAvailable), the lot (kLot) or a block
/// (kKeptApart).
struct PassedOver {
  UserId user;
  const char* why;
};
/// Somebody who was looked at and does not meet these of what is asked, as places in `asked_of_all`.
struct Missed {
  UserId user;
  std::vector<std::uint16_t> unmet;
};
inline constexpr std::size_t kMaxPassedOver = 1000;  // are told, so that asking costs little,
inline constexpr std::size_t kMaxMissed = 2000;      // and of these
struct Passed {
  std::vector<PassedOver> users;
  bool all = true;  // all of them are told
  std::vector<Missed> missed;
  bool all_missed = true;
  std::optional<std::uint16_t> others_unmet;  // by all who were not looked at; nothing: everybody was
};

/// Those who qualify for the plan now, in order of user id. Of more than the audience's maximum a lot decides
/// that `seed` draws: each has the same chance, and the same seed gives the same choice. It decides too which
/// one of a blocked pair takes part in a small chat. `any_presence`: whatever their presence.
/// `passed` gets those passed over, or some of many.
std::vector<Chosen> select_audience(const State& state, const Plan& plan, TimeMs now, std::string_view seed,
                                    bool any_presence = false, Passed* passed = nullptr);

/// Whether one of these conditions of the plan holds for the user now.
bool any_holds(const State& state, const Plan& plan, const std::vector<Condition>& conditions,
               const User& user, TimeMs now);

/// Why the user qualifies now; empty if not.
std::string qualifies(const State& state, const Plan& plan, const User& user, TimeMs now, bool any_presence);

/// The times after leaving the area that plans, or other sites, ask for, ascending.
std::set<TimeMs> asked_after_leaving(const State& state, const AreaId& area);

}  // namespace convoke::core
