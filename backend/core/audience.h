#pragma once

#include <string>
#include <utility>
#include <vector>

#include "backend/core/state.h"

namespace convoke::core {

/// A chosen user and why: "in hall-a", "listed", "has ticket".
struct Chosen {
  UserId user;
  std::string why;
};

/// Who takes part now, in order of user id, at most `audience.max`.
std::vector<Chosen> select_audience(const State& state, const Audience& audience);

}  // namespace convoke::core
