#pragma once

#include <optional>
#include <string_view>

#include "topics/messages/position.h"

namespace convoke::messages {

/// Payload of `owntracks/{user}/{device}` as the unmodified OwnTracks apps send it
/// (https://owntracks.org/booklet/tech/json/), for `"_type":"location"`; nothing for its other types, which
/// tell no position, and for the empty payload that clears a retained one. Speed comes in km/h, time (`tst`)
/// in seconds. Unknown members are passed over, and numbers in strings are taken, as some versions of the
/// apps write them.
///   {"_type":"location","lat":39.99,"lon":116.32,"tst":1767225600,"acc":8,"vel":4}
[[nodiscard]] Result<std::optional<Fix>> decode_owntracks(std::string_view payload);

}  // namespace convoke::messages
