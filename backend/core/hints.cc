#include "backend/core/hints.h"

namespace convoke::core {

std::optional<std::uint64_t> keep_hint(State& state, const std::string& hook, const std::string& about,
                                       TimeMs told_ms, Context& ctx) {
  auto& hints = state.hints[hook];
  const auto had = hints.find(about);
  if (had == hints.end() && hints.size() >= kMaxHints) return std::nullopt;
  const std::uint64_t number = ++state.last_hint;
  if (had != hints.end()) {
    had->second.number = number;  // on the disk it is the same
    return number;
  }
  hints[about] = {told_ms, number};
  ctx.fx.hints.emplace(hook, about);
  return number;
}

void drop_hint(State& state, const std::string& hook, const std::string& about, std::uint64_t number,
               Context& ctx) {
  const auto hints = state.hints.find(hook);
  if (hints == state.hints.end()) return;
  const auto had = hints->second.find(about);
  if (had == hints->second.end() || had->second.number != number) return;
  hints->second.erase(had);
  if (hints->second.empty()) state.hints.erase(hints);
  ctx.fx.hints.emplace(hook, about);
}

}  // namespace convoke::core
