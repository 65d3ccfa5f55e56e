#include "backend/core/lots.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>

#include "backend/core/blocks.h"
#include "backend/core/chat_archive.h"

namespace convoke::core {
namespace {

/// Every bit of the result depends on every bit of `x` (the finalizer of MurmurHash3 by Austin Appleby, which
/// is in the public domain): without it users with similar names would draw similar lots.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdU;
  x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53U;
  return x ^ (x >> 33);
}

/// A candidate's lot. Equal numbers are next to impossible, but must not depend on the order of candidates.
struct Lot {
  std::uint64_t number;
  Candidate of;
  friend bool operator<(const Lot& a, const Lot& b) {
    return a.number != b.number ? a.number < b.number : *a.of.id < *b.of.id;
  }
  friend bool operator>(const Lot& a, const Lot& b) { return b < a; }
};

/// Each with their lot.
std::vector<Lot> draw_lots(const Candidates& users, const Lots& drawn) {
  std::vector<Lot> lots;
  lots.reserve(users.size());
  for (const Candidate& user : users) lots.push_back({drawn.of(*user.id), user});
  return lots;
}

/// Those with the smallest lots, `max` of them.
Candidates first_lots(const Candidates& users, std::size_t max, const Lots& drawn) {
  auto lots = draw_lots(users, drawn);
  std::nth_element(lots.begin(), lots.begin() + static_cast<std::ptrdiff_t>(max), lots.end());
  Candidates first;
  for (std::size_t i = 0; i < max; ++i) first.push_back(lots[i].of);
  return first;
}

/// The same, but of two of whom one has blocked the other only the one with the smaller lot, whoever of them
/// has blocked: nobody can keep another out by a block, nor is kept out for one.
Candidates first_lots_apart(const State& state, const Candidates& users, std::size_t max, const Lots& drawn) {
  auto lots = draw_lots(users, drawn);
  std::make_heap(lots.begin(), lots.end(), std::greater<>());
  Candidates first;
  std::set<UserId> out;
  for (auto end = lots.end(); end != lots.begin() && first.size() < max; --end) {
    std::pop_heap(lots.begin(), end, std::greater<>());
    const Candidate& next = std::prev(end)->of;
    if (out.contains(*next.id)) continue;
    first.push_back(next);
    const std::set<UserId>& others = blocked_with(state, *next.id);
    out.insert(others.begin(), others.end());
  }
  return first;
}

}  // namespace

Lots::Lots(std::string_view seed, const SiteId& of_site)
    : seed_(message_key(seed, "")), suffix_(of_site.empty() ? "" : "@" + of_site.str()) {}

std::uint64_t Lots::of(const UserId& user) const {
  const std::uint64_t key =
      suffix_.empty() ? message_key(user.str(), "") : message_key(user.str() + suffix_, "");
  return mixed(seed_ ^ key);
}

Candidates draw(const State& state, const Candidates& users, std::size_t max, const Lots& lots) {
  if (!state.blocked_pairs.empty() && keeps_apart(std::min(users.size(), max)))
    return first_lots_apart(state, users, max, lots);
  return users.size() <= max ? users : first_lots(users, max, lots);
}

}  // namespace convoke::core
