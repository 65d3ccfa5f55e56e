#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "topics/messages/result.h"
#include "topics/messages/roster.h"
#include "topics/messages/safe_region.h"

namespace convoke::messages {

/// Payloads of `…/u/{user}/in`, told apart by "type". All of them may arrive more than once; each is
/// idempotent.

/// {"type":"chat-start","head":{…}}: the user is a member of a group from now on. Subscribe to the group's
/// topics, then read header and page 0, which are retained there.
struct ChatStart {
  RosterHead head;
};

/// {"type":"chat-end","group":"…","plan":"…","reason":"duration","ended":…,"delete":true}
/// The chat is over for this user: delete the buddy list (R-3: the buddy-list-delete rides with the
/// chat-end).
struct ChatEnd {
  std::string group;
  std::string plan;
  // "duration", "set-time", "staff", "left", "removed", "plan-withdrawn", "empty", "unknown-group"
  std::string reason;
  std::int64_t ended_ms = 0;
};

/// {"type":"report-position"}: the server wants a fix now, and no safe region holds until it tells one.
struct ReportPosition {};

/// {"type":"hidden","users":["ben"],"all":true}: do not show these users, nor what they say: one of the two
/// has blocked the other, and which one is not told. `all`: only these, what was told before is void;
/// otherwise these too.
struct Hidden {
  std::vector<std::string> users;  // at most kMaxBlocked
  bool all = false;
};

/// {"type":"retry-after","group":"…","retry_after_ms":4200}, from the broker itself: a chat message of this
/// user in the group came too soon, and nobody has got it. No other before that time has passed.
struct RetryAfter {
  std::string group;
  std::int64_t retry_after_ms = 0;  // 1 to kMaxSlowMs
};

/// Of a type that came later than this code: to be ignored.
struct OtherInboxMessage {
  std::string type;
};

using InboxMessage =
    std::variant<ChatStart, ChatEnd, SafeRegion, ReportPosition, OtherInboxMessage, Hidden, RetryAfter>;

[[nodiscard]] Result<InboxMessage> decode_inbox(std::string_view payload);
std::string encode(const InboxMessage&);

}  // namespace convoke::messages
