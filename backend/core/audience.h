#pragma once

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

/// Somebody who would have been chosen, but for their presence (kNotAvailable) or the lot (kLot).
struct PassedOver {
  UserId user;
  const char* why;
};
inline constexpr std::size_t kMaxPassedOver = 1000;  // are told, so that asking costs little
struct Passed {
  std::vector<PassedOver> users;
  bool all = true;  // all of them are told
};

/// Those who qualify for the plan now, in order of user id. Of more than the audience's maximum a lot decides
/// that `seed` draws: each has the same chance, and the same seed gives the same choice. It decides too which
/// one of a blocked pair takes part in a small chat. `any_presence`: whatever their presence.
/// `passed` gets those passed over, or some of many.
std::vector<Chosen> select_audience(const State& state, const Plan& plan, TimeMs now, std::string_view seed,
                                    bool any_presence = false, Passed* passed = nullptr);

/// One thing that the audience asks of a user, and whether it is so.
struct Finding {
  const char* part;       // "any", "all", "none", "presence"
  std::string condition;  // "in hall-a", "available"
  bool holds = false;
};
/// How one user stands to the plan's audience: all that it asks, and what comes of it.
struct Explanation {
  bool qualifies = false;
  std::string why;  // of one who qualifies, or would with another presence
  std::vector<Finding> findings;
};
Explanation explain(const State& state, const Plan& plan, const User& user, TimeMs now);
/// All that the audience asks, whoever it is asked of; of very many words the number of those that are left
/// out.
std::vector<AskedCondition> asked_of_all(const Plan& plan);

/// Whether one of these conditions of the plan holds for the user now.
bool any_holds(const State& state, const Plan& plan, const std::vector<Condition>& conditions,
               const User& user, TimeMs now);

/// Why the user qualifies now; empty if not.
std::string qualifies(const State& state, const Plan& plan, const User& user, TimeMs now, bool any_presence);

/// The times after leaving the area that plans ask for, ascending.
std::set<TimeMs> asked_after_leaving(const State& state, const AreaId& area);

}  // namespace convoke::core
