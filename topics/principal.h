#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "topics/ids.h"

namespace convoke::topics {

/// What a token says its bearer is. The names in tokens are the enumerators' names.
enum class Role : std::uint8_t { terminal, staff, operator_, server, peer, viewer, gateway };

/// "terminal", "staff", "operator", "server", "peer", "viewer", "gateway".
std::string_view to_string(Role role);
std::optional<Role> parse_role(std::string_view text);

/// Who a connection or an HTTP request speaks as. Made only from a verified token.
struct Principal {
  SiteId site;  // the site whose broker or server it speaks to
  Role role = Role::viewer;
  std::string subject;  // a user id; for role server a server id; for role peer the sender's site id
  DeviceId device;

  friend bool operator==(const Principal&, const Principal&) = default;
};

/// `{site}:{subject}:{device}`, the only MQTT client id that the principal may use.
std::string client_id(const Principal& principal);

}  // namespace convoke::topics
