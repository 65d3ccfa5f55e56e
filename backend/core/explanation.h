#pragma once

#include <string>
#include <vector>

#include "backend/core/judge.h"
#include "backend/core/state.h"

/// An audience in words, for staff: what it asks, and what of that a user does not meet.
namespace convoke::core {

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

/// All that the audience asks, whoever it is asked of: `any`, `all`, `none`, presence; of very many words the
/// number of those that are left out behind them.
std::vector<AskedCondition> asked_of_all(const Plan& plan);

/// The place in `asked` of the audience's condition of that number, which counts `any`, `all` and `none` on;
/// of one that is left out, of their number.
std::uint16_t place_of(const std::vector<AskedCondition>& asked, std::size_t number);

/// What the user does not meet of the audience, as places in what is asked: of `any` the first stands for
/// all, of which none is met. Empty for one who meets all, but perhaps for their presence, which comes last
/// where it counts.
std::vector<std::uint16_t> unmet(const Judge& judge, const Audience& audience,
                                 const std::vector<AskedCondition>& asked, const User& user,
                                 bool any_presence);

}  // namespace convoke::core
