#include "backend/core/audience.h"

#include <algorithm>
#include <set>

namespace convoke::core {
namespace {

bool holds(const User& user, const Condition& condition) {
  if (auto* in = std::get_if<InArea>(&condition)) return user.areas.contains(in->area);
  if (auto* list = std::get_if<OneOf>(&condition))
    return std::find(list->users.begin(), list->users.end(), user.id) != list->users.end();
  const auto& has = std::get<HasAttribute>(condition);
  auto it = user.attributes.find(has.name);
  return it != user.attributes.end() && (!has.equals || *has.equals == it->second);
}

std::string explain(const Condition& condition) {
  if (auto* in = std::get_if<InArea>(&condition)) return "in " + in->area.str();
  if (std::holds_alternative<OneOf>(condition)) return "listed";
  const auto& has = std::get<HasAttribute>(condition);
  return has.equals ? "has " + has.name + " = " + *has.equals : "has " + has.name;
}

/// Shortens valid UTF-8 to at most `bytes`, between characters.
void cut(std::string& text, std::size_t bytes) {
  if (text.size() <= bytes) return;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  text.resize(bytes);
}

/// The users for whom `condition` can hold, where that set is known without looking at everybody.
bool add_candidates(const State& state, const Condition& condition, std::set<UserId>& out) {
  if (auto* in = std::get_if<InArea>(&condition)) {
    auto it = state.occupants.find(in->area);
    if (it != state.occupants.end()) out.insert(it->second.begin(), it->second.end());
    return true;
  }
  if (auto* list = std::get_if<OneOf>(&condition)) {
    out.insert(list->users.begin(), list->users.end());
    return true;
  }
  return false;
}

std::set<UserId> candidates(const State& state, const Audience& audience) {
  std::set<UserId> out;
  for (const Condition& c : audience.all)
    if (add_candidates(state, c, out)) return out;
  bool known = !audience.any.empty();
  for (const Condition& c : audience.any) known = known && add_candidates(state, c, out);
  if (known) return out;
  for (const auto& [id, user] : state.users) out.insert(id);
  return out;
}

/// Why this user qualifies; empty if not.
std::string qualifies(const User& user, const Audience& audience) {
  if (audience.only_available && user.presence != PresenceState::available) return {};
  auto user_holds = [&](const Condition& c) { return holds(user, c); };
  if (!std::all_of(audience.all.begin(), audience.all.end(), user_holds)) return {};
  if (std::any_of(audience.none.begin(), audience.none.end(), user_holds)) return {};
  auto first = std::find_if(audience.any.begin(), audience.any.end(), user_holds);
  if (!audience.any.empty() && first == audience.any.end()) return {};
  std::string why;
  auto add = [&](const Condition& c) { why += (why.empty() ? "" : ", ") + explain(c); };
  if (first != audience.any.end()) add(*first);
  for (const Condition& c : audience.all) add(c);
  cut(why, kMaxWhyBytes);
  return why.empty() ? "everyone" : why;
}

}  // namespace

std::vector<Chosen> select_audience(const State& state, const Audience& audience) {
  std::vector<Chosen> chosen;
  User unheard;  // of whom nobody has heard yet, though listed: offline, nowhere, without attributes
  for (const UserId& id : candidates(state, audience)) {
    if (chosen.size() >= audience.max) break;
    const User* user = state.user(id);
    if (!user) unheard.id = id;
    if (std::string why = qualifies(user ? *user : unheard, audience); !why.empty())
      chosen.push_back({id, std::move(why)});
  }
  return chosen;
}

}  // namespace convoke::core
