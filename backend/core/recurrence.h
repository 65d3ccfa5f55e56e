#pragma once

#include <optional>
#include <string>
#include <variant>

#include "backend/core/plan.h"
#include "topics/messages/result.h"

/// Repeating set times: calendar rules as RFC 5545 has them, on the clocks of a time zone.
namespace convoke::core {

/// Checks what a file says and makes it whole. The error names the key ("rule", "from", "zone", "except") and
/// what was expected. A rule repeats daily or less often, and at least once.
[[nodiscard]] messages::Result<OnRecurrence> checked_recurrence(OnRecurrence recurrence);

/// The first time after `after`; nothing if there is none, or only after the year 9999. A local time that a
/// change of clocks skips is read by the offset before the change, one that comes twice counts the first time
/// (RFC 5545, 3.3.5).
std::optional<TimeMs> next_occurrence(const OnRecurrence& recurrence, TimeMs after);

}  // namespace convoke::core
