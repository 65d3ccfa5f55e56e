#pragma once

#include <optional>
#include <string>
#include <vector>

#include "topics/membership.h"
#include "topics/messages/feed.h"

namespace convoke::broker_plugin {

/// The table of members as the server feeds it. A full feed builds a second table aside; the one in force
/// stays until the new one is complete, so that nobody's chat has a hole while the server starts again.
class MembershipFeed {
 public:
  /// The table in force; empty before the first full feed.
  const topics::Membership& table() const { return in_force_; }
  /// True from the end of the first full feed on.
  bool ready() const { return ready_; }

  /// Why the operations cannot be applied in this order now; empty if they can.
  std::string why_not(const std::vector<messages::FeedOp>& ops) const;
  /// Applies operations that `why_not` has nothing against. Returns the groups that were retired and are now
  /// out of force for good. `revoke`, `peer`, `counters` and `sign-ins` are not its business.
  std::vector<std::string> apply(const std::vector<messages::FeedOp>& ops);

 private:
  struct Applier;
  topics::Membership& target() { return building_ ? *building_ : in_force_; }

  topics::Membership in_force_;
  std::optional<topics::Membership> building_;  // between "begin" and "ready"
  std::vector<std::string> retired_;            // not yet given back by apply
  bool ready_ = false;
};

}  // namespace convoke::broker_plugin
