#pragma once

#include <string_view>

#include "topics/membership.h"
#include "topics/principal.h"

namespace convoke::topics {

struct TopicView;

enum class Access { publish, subscribe, receive };

enum class Decision {
  allow,
  deny_unknown_topic,  // not a topic or filter of the language
  deny_foreign_site,   // another site's topic
  deny_role,           // this role has no business there
  deny_not_own,        // another user's, device's or server's own topic
  deny_not_member,     // a group that the user is not in (or no longer, or never existed)
  deny_blocked,        // a message between a blocked pair
  deny_muted,          // a member who may not speak in this group now
  deny_retain,         // retained, where the language allows no retained message
};

std::string_view to_string(Decision decision);

/// `user@site`. The chat topics of these are the server's to publish on, and nobody else's.
bool is_of_another_site(std::string_view user);

/// The access policy of the whole product, as one pure function.
///
/// `topic` is a topic name for publish and receive, a topic filter for subscribe. A filter is allowed only if
/// every topic it could match is one that the principal may receive (blocked pairs aside: those are decided
/// at each delivery). `retain` counts for publish only. Unknown means no.
///
/// The table is in docs/protocol/access.md; tests/integration proves it against a running broker.
Decision decide(const Principal& who, Access access, std::string_view topic, bool retain,
                const Membership& membership);

/// The same for a topic name that has been parsed already (`view_topic`). Not for filters.
Decision decide(const Principal& who, Access access, const TopicView& topic, bool retain,
                const Membership& membership);

}  // namespace convoke::topics
