#pragma once

#include <string>
#include <string_view>

#include "backend/core/state.h"

/// Users of other sites. Their ids are `user@site`; between servers every id is written so.
namespace convoke::core {

inline bool is_remote(const UserId& user) { return user.str().find('@') != std::string::npos; }

/// Of a user of another site; empty: of this one.
inline SiteId site_of(const UserId& user) {
  const auto at = user.str().find('@');
  return at == std::string::npos ? SiteId() : SiteId::parse(std::string_view(user.str()).substr(at + 1));
}

/// As other sites know the user.
inline std::string in_full(const State& state, const UserId& user) {
  return is_remote(user) ? user.str() : user.str() + "@" + state.site.str();
}

/// As this site knows the user.
inline UserId as_here(const State& state, std::string_view full) {
  const auto at = full.find('@');
  const bool own = at != std::string_view::npos && full.substr(at + 1) == state.site.str();
  return UserId::parse(own ? full.substr(0, at) : full);
}

/// The area of such a condition, start or end as plans write it: "floor", "floor@arena".
template <class Of>
std::string area_of(const Of& of) {
  return of.area.str() + (of.site ? "@" + of.site.str() : "");
}

/// How many members are of this site.
inline std::size_t members_here(const Group& group) {
  std::size_t n = group.members.size();
  for (const auto& [site, count] : group.sites) n -= count;
  return n;
}

/// Calls `f(site)` for each other site with a part in the group: those of members, and its home.
template <class F>
void for_each_site(const Group& group, F f) {
  if (group.home && !group.sites.contains(group.home)) f(group.home);
  for (const auto& [site, count] : group.sites) f(site);
}

}  // namespace convoke::core
