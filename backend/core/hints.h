#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "backend/core/effects.h"
#include "backend/core/state.h"

/// A shop that does not sign only hints at what has changed, and is asked. While it does not answer, its
/// hints are kept.
namespace convoke::core {

inline constexpr std::size_t kMaxHints = 10'000;  // of a hook

/// Keeps what the hook's shop is to be asked about, told at that time (real), once. Gives its number, another
/// one at each telling; nothing where too many wait: then it must be told again.
std::optional<std::uint64_t> keep_hint(State& state, const std::string& hook, const std::string& about,
                                       TimeMs told_ms, Context& ctx);

/// Its shop has answered, or is asked no more. If it was told again since, under another number, it stays.
void drop_hint(State& state, const std::string& hook, const std::string& about, std::uint64_t number,
               Context& ctx);

}  // namespace convoke::core
