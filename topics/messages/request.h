#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "topics/messages/chat.h"
#include "topics/messages/inbox.h"
#include "topics/messages/limits.h"
#include "topics/messages/result.h"
#include "topics/messages/roster.h"

namespace convoke::messages {

/// What a terminal asks on `…/req`. Each has an "id" of the terminal's choosing ([A-Za-z0-9._-]{1,64}) and an
/// "op". The answer comes on `…/res` with the same id (and the request's MQTT 5 correlation data, where there
/// was one). Requests are idempotent: a terminal repeats one until it has the answer. Over MQTT 5 a response
/// topic, if given, must be the terminal's own `…/res`.

/// A group as the terminal holds it.
struct HeldGroup {
  std::string group;
  std::uint64_t version = 0;  // roster version held; 0: none yet
  bool ended = false;         // true: "I know that it ended and hold nothing of it any more"
};

/// {"id":"1","op":"resume","groups":[{"group":"…","version":7}]}: first request after every connect. Says
/// which groups the terminal believes it is in. Answer: ends of those that are over, starts of those it is
/// (still) in.
struct ResumeRequest {
  std::vector<HeldGroup> groups;
};

/// {"id":"2","op":"hold","groups":[{"group":"…","version":7}]}: "I hold these versions" / "I deleted these"
/// ("ended":true). Acknowledges starts, lists and ends. Answer: empty result.
struct HoldRequest {
  std::vector<HeldGroup> groups;
};

/// {"id":"3","op":"page","group":"…","page":4}: one page of the roster. Answer: the page.
struct PageRequest {
  std::string group;
  std::uint32_t page = 0;
};

/// {"id":"4","op":"available","group":"…","after":"mia"}: who is available for chat now, over the whole list,
/// in order of user id, those after `after` ("" for the first page). Answer: buddies and whether there are
/// more.
struct AvailableRequest {
  std::string group;
  std::string after;
};

/// {"id":"5","op":"history","group":"…","epoch":1,"n":41,"limit":50}: archived messages after (epoch, n),
/// oldest first.
struct HistoryRequest {
  std::string group;
  std::uint64_t epoch = 0;
  std::uint64_t n = 0;
  std::uint32_t limit = kMaxHistory;
};

/// {"id":"6","op":"leave","group":"…"}: the user leaves the group. Answer: empty result; the chat-end comes
/// in the inbox.
struct LeaveRequest {
  std::string group;
};

/// {"id":"7","op":"report","group":"…","from":"ben","message":"3f2a-1","reason":"insult"}: staff should look
/// at this message. Answer: empty result, once the evidence is kept.
struct ReportRequest {
  std::string group;
  std::string from;     // who wrote it
  std::string message;  // its id
  std::string reason;   // 0 to kMaxReasonBytes bytes
};

/// {"id":"8","op":"register","plan":"meetup"} or "unregister": the terminal's user, by themselves. Answer:
/// empty result, once it is kept; error "not-open" where the plan does not take it now.
struct RegisterRequest {
  std::string plan;
  bool withdraw = false;  // "unregister"
};

/// {"id":"9","op":"block","user":"ben"} or "unblock": of two of whom one has blocked the other neither sees
/// or hears the other, and the other is not told. Answer: empty result, once it is in force; error "too-many"
/// beyond kMaxBlocked users.
struct BlockRequest {
  std::string user;
  bool undo = false;  // "unblock"
};

/// {"id":"10","op":"blocked"}: whom the user has blocked. Answer: these users.
struct BlockedRequest {};

/// {"id":"11","op":"erase"}: everything that is held about the user is to go. Answer: empty result, once it
/// is decided; the chats end, and the connection with its token.
struct EraseRequest {};

/// {"id":"12","op":"other-sites","allow":true}: whether other sites may draw the user into chats by areas,
/// attributes and registrations here. Until it is said they may not. Answer: empty result, once it is kept.
struct OtherSitesRequest {
  bool allow = false;
};

struct Request {
  std::string id;
  std::variant<ResumeRequest, HoldRequest, PageRequest, AvailableRequest, HistoryRequest, LeaveRequest,
               ReportRequest, RegisterRequest, BlockRequest, BlockedRequest, EraseRequest, OtherSitesRequest>
      op;
};

/// {"starts":[…],"ends":[…],"hidden":true}
struct ResumeAnswer {
  std::vector<ChatStart> starts;
  std::vector<ChatEnd> ends;
  bool hidden = false;  // whom not to show has just been told in the inbox; absent: nobody is hidden
};
/// {}
struct EmptyAnswer {};
/// {"buddies":[…],"more":true}
struct AvailableAnswer {
  std::vector<Buddy> buddies;
  bool more = false;
};
/// {"messages":[…],"more":false}
struct HistoryAnswer {
  std::vector<ArchivedMessage> messages;
  bool more = false;
  // With `more`: go on behind this (epoch, n). Absent: behind the last of the messages.
  std::optional<std::pair<std::uint64_t, std::uint64_t>> after = {};
};

/// {"users":["ben"]}
struct BlockedAnswer {
  std::vector<std::string> users;
};

/// {"id":"1","ok":true,"op":"resume","result":{…}} or
/// {"id":"1","ok":false,"error":{"code":"not-member","detail":"…"},"retry_after_ms":1000}
struct RequestError {
  // "bad-request", "not-member", "unknown-page", "unknown-message", "not-open", "too-many", "unavailable";
  // not sent yet: "unknown-group", "rate-limited"
  std::string code;
  std::string detail;  // for people; names the field and what was expected
  std::optional<std::int64_t> retry_after_ms;
};

struct Response {
  std::string id;  // "" where the request was too broken to have one
  std::variant<ResumeAnswer, EmptyAnswer, RosterPage, AvailableAnswer, HistoryAnswer, RequestError,
               BlockedAnswer>
      result;
};

[[nodiscard]] Result<Request> decode_request(std::string_view payload);
/// The id of a request that decode_request refuses, so that the refusal can be answered under it; "" if it
/// has none.
std::string request_id(std::string_view payload);
std::string encode(const Request&);
[[nodiscard]] Result<Response> decode_response(std::string_view payload);
std::string encode(const Response&);

}  // namespace convoke::messages
