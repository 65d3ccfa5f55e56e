#include "topics/filter.h"

#include <cstddef>

#include "topics/levels.h"

namespace convoke::topics {
namespace {

bool starts_with_wildcard(std::string_view filter) {
  return !filter.empty() && (filter.front() == '+' || filter.front() == '#');
}

bool starts_with_dollar(std::string_view text) { return !text.empty() && text.front() == '$'; }

}  // namespace

bool is_valid_filter(std::string_view filter) {
  if (filter.empty() || filter.size() > kMaxTopicBytes) return false;
  if (filter.find('\0') != std::string_view::npos) return false;
  Levels levels(filter);
  if (levels.next() == "$share") return false;
  for (Levels again(filter); !again.done();) {
    const std::string_view level = again.next();
    if (level == "#") return again.done();
    if (level != "+" && level.find_first_of("+#") != std::string_view::npos) return false;
  }
  return true;
}

bool matches(std::string_view filter, std::string_view name) {
  return contains(filter, name);  // a name is a filter that matches only itself
}

bool contains(std::string_view outer, std::string_view inner) {
  // MQTT 5, 4.7.2: a leading wildcard does not match a leading $; and `#` or `+/a` cannot match inside
  // `$x/a`.
  if (starts_with_wildcard(outer) && starts_with_dollar(inner)) return false;
  if (outer == "+/#") return true;  // a name has at least one level, so this is `#`
  Levels outers(outer);
  Levels inners(inner);
  while (!outers.done()) {
    const std::string_view want = outers.next();
    if (want == "#") return true;     // also where `inner` has just ended: `a/#` matches `a`
    if (inners.done()) return false;  // `outer` asks for a further level
    const std::string_view have = inners.next();
    if (have == "#") return false;  // `inner` reaches deeper than `outer`
    if (want == "+") continue;
    if (have != want) return false;  // a `+` in `inner` is wider than a fixed level
  }
  return inners.done();
}

}  // namespace convoke::topics
