#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backend/core/state.h"

/// Whom a lot takes where more qualify than there may be. A seed draws each user's lot, so that the same seed
/// gives the same choice, and nobody can better their chance.
namespace convoke::core {

/// Somebody to be asked.
struct Candidate {
  const UserId* id;
  const User* user;  // null: nobody has heard of them yet, though they are listed
};
using Candidates = std::vector<Candidate>;

/// Each user's lot. `of_site`: this site's users have the lots that they have at another site, which knows
/// them as its.
class Lots {
 public:
  explicit Lots(std::string_view seed, const SiteId& of_site = {});
  std::uint64_t of(const UserId& user) const;

 private:
  std::uint64_t seed_;
  std::string suffix_;
};

/// Keeps as many as there may be, those with the smallest lots, and keeps blocked pairs apart in a small
/// chat.
Candidates draw(const State& state, const Candidates& users, std::size_t max, const Lots& lots);

}  // namespace convoke::core
