#pragma once

#include <string_view>

namespace convoke::topics {

/// True if `filter` is a valid MQTT 5 topic filter (section 4.7): `+` and `#` stand alone in their level, `#`
/// is last, 1 to 512 bytes, no NUL. Shared subscriptions (`$share/...`) are not valid here: we use none.
bool is_valid_filter(std::string_view filter);

/// True if the topic `name` matches `filter` by the rules of MQTT 5, section 4.7: a wildcard in the first
/// level does not match a name that begins with `$`; `a/#` matches `a` too. Both must be valid.
bool matches(std::string_view filter, std::string_view name);

/// True if every topic name that `inner` matches is matched by `outer` too. Both must be valid filters.
bool contains(std::string_view outer, std::string_view inner);

}  // namespace convoke::topics
