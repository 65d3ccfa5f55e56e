#include <cstdint>
#include <string_view>

#include "tests/fuzz/check.h"
#include "topics/filter.h"
#include "topics/policy.h"
#include "topics/topic.h"

namespace {

using namespace convoke::topics;

void check_name(std::string_view name) {
  const auto topic = parse_topic(name);
  if (topic) FUZZ_CHECK(format_topic(*topic) == name);
}

/// The input is a filter, a line feed, and a name that it may match.
void check_filter(std::string_view filter, std::string_view name) {
  if (!is_valid_filter(filter)) return;
  FUZZ_CHECK(contains(filter, filter));
  FUZZ_CHECK(contains("#", filter) == (filter.front() != '$'));
  const bool is_name = is_valid_filter(name) && name.find_first_of("+#") == std::string_view::npos;
  if (is_name) FUZZ_CHECK(matches(filter, name) == contains(filter, name));
}

/// Whoever may subscribe to a name may receive it, blocked pairs aside.
void check_policy(std::string_view topic) {
  Membership membership;
  membership.add("0123456789abcdef0123456789abcdef", "anna");
  for (const Role role : {Role::terminal, Role::staff, Role::operator_, Role::server, Role::peer,
                          Role::viewer, Role::gateway}) {
    const Principal who{SiteId::parse("demo"), role, "anna", DeviceId::parse("phone")};
    decide(who, Access::publish, topic, false, membership);
    const Decision subscribe = decide(who, Access::subscribe, topic, false, membership);
    const Decision receive = decide(who, Access::receive, topic, false, membership);
    const bool is_name = topic.find_first_of("+#") == std::string_view::npos;
    if (is_name && subscribe == Decision::allow) FUZZ_CHECK(receive == Decision::allow);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_name(input);
  check_policy(input);
  const std::size_t line = input.find('\n');
  if (line != std::string_view::npos) check_filter(input.substr(0, line), input.substr(line + 1));
  return 0;
}
