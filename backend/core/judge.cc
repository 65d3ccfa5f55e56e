#include "backend/core/judge.h"

#include "backend/core/sites.h"

namespace convoke::core {
namespace {

/// Shortens valid UTF-8 to at most `bytes`, between characters.
void cut(std::string& text, std::size_t bytes) {
  if (text.size() <= bytes) return;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  text.resize(bytes);
}

}  // namespace

std::string in_words(const Condition& condition) {
  if (const auto* in = std::get_if<InArea>(&condition))
    return "in " + area_of(*in) +
           (in->within_ms ? " within " + std::to_string(*in->within_ms / 1000) + " s" : "");
  if (std::holds_alternative<OneOf>(condition)) return "listed";
  if (const auto* of = std::get_if<IsMember>(&condition)) return "in the chat of " + of->plan.str();
  if (const auto* registered = std::get_if<IsRegistered>(&condition))
    return "registered" + (registered->source ? " by " + *registered->source : "");
  const auto& has = std::get<HasAttribute>(condition);
  return has.equals ? "has " + has.name + " = " + *has.equals : "has " + has.name;
}

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

}  // namespace convoke::core
