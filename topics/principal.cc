#include "topics/principal.h"

#include <array>
#include <utility>

namespace convoke::topics {
namespace {

constexpr std::array<std::pair<Role, std::string_view>, 7> kRoles{{
    {Role::terminal, "terminal"},
    {Role::staff, "staff"},
    {Role::operator_, "operator"},
    {Role::server, "server"},
    {Role::peer, "peer"},
    {Role::viewer, "viewer"},
    {Role::gateway, "gateway"},
}};

}  // namespace

std::string_view to_string(Role role) {
  for (const auto& [value, name] : kRoles) {
    if (value == role) return name;
  }
  return "unknown";
}

std::optional<Role> parse_role(std::string_view text) {
  for (const auto& [value, name] : kRoles) {
    if (name == text) return value;
  }
  return std::nullopt;
}

std::string client_id(const Principal& principal) {
  return principal.site.str() + ':' + principal.subject + ':' + principal.device.str();
}

}  // namespace convoke::topics
