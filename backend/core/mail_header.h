#pragma once

#include <cstddef>
#include <string_view>

/// The header fields of a mail, besides those that the server itself understands.
namespace convoke::core {

inline constexpr std::size_t kMaxHeaderNameBytes = 64, kMaxHeaderValueBytes = 200;

/// Whether a plan may ask for the field of this name, in lower case: the name is one, and it does not say who
/// sent the mail, to whom, when or which way. What those say is believed after other rules or not at all, and
/// people's addresses are in them, which the core never sees.
bool plans_may_ask_for_header(std::string_view name);

}  // namespace convoke::core
