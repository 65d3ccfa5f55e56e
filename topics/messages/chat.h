#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topics/messages/result.h"

namespace convoke::messages {

/// The place of a chat message in its group's order, given by the broker plugin. Ordered by (epoch, n).
/// Travels as MQTT 5 user properties next to the payload, and inside the payload of history answers.
struct Stamp {
  std::string site;          // the site whose broker stamped it
  std::uint64_t epoch = 0;   // Unix milliseconds of that plugin's start
  std::uint64_t n = 0;       // 1, 2, 3 … for each group within an epoch
  std::int64_t time_ms = 0;  // the broker's clock
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

inline constexpr const char* kStampSite = "cv-site";
inline constexpr const char* kStampEpoch = "cv-epoch";
inline constexpr const char* kStampN = "cv-n";
inline constexpr const char* kStampTime = "cv-time";

/// Types that only the server gives a message, on `…/notice`: a chat message with one is refused. The ids of
/// its messages begin with `cv-`, and no other's do.
inline constexpr std::string_view kAnnouncement = "announcement";  // staff to all members
inline constexpr std::string_view kSystem = "system";              // "This chat ends in 5 minutes"
/// Types that change another message, `of`: an edit gives it another text, a delete takes it away. Their own
/// place in the order is when that was. The text of a delete is for readers that do not know the type.
inline constexpr std::string_view kEdit = "edit";
inline constexpr std::string_view kDelete = "delete";
inline constexpr std::string_view kDeletedText = "deleted";

inline constexpr std::string_view kServerIdPrefix = "cv-";

/// Payload of `…/chat/{user}`. The sender is in the topic.
///   {"id":"3f2a…","type":"text","text":"See you at the bar"}
struct ChatMessage {
  std::string id;  // chosen by the sender, [A-Za-z0-9._-]{1,64}; repeats of the same id are one message
  std::string type = "text";               // unknown types are kept and passed on
  std::string text;                        // UTF-8, 1 to kMaxTextBytes bytes
  std::optional<std::string> reply_to;     // id of another message
  std::optional<std::string> of = {};      // of an edit or delete: id of the message that it changes
  std::optional<std::string> author = {};  // of a server's delete: who wrote that; else the sender did
  std::optional<Stamp> home = {};  // of a group of another site: its place in the order there, once known

  bool changes_another() const { return type == kEdit || type == kDelete; }
};

/// Payload of `…/notice`, where only the server publishes: a message in the group's chat that is no member's.
///   {"from":"eve","id":"cv-1","type":"announcement","text":"The bar closes at ten"}
struct Notice {
  std::string from;  // the staff user who said it; of a system message the site
  ChatMessage message;
};

/// A chat message as archive and history give it.
///   {"from":"anna","id":"…","type":"text","text":"…","stamp":{"site":"demo","epoch":1,"n":7,"t":1767225600000}}
struct ArchivedMessage {
  std::string from;
  ChatMessage message;
  Stamp stamp;
  std::optional<Stamp> edited = {};   // place of the edit that gave the present text
  std::optional<Stamp> deleted = {};  // place of the delete; the text is gone then
  std::optional<std::string> deleted_by = {};
};

/// In a group of another site: the message at (epoch, n) of this site's order stands at (home_epoch, home_n)
/// in home's. Written [epoch, n, home_epoch, home_n].
struct HomePlace {
  std::uint64_t epoch = 0, n = 0, home_epoch = 0, home_n = 0;
  friend bool operator==(const HomePlace&, const HomePlace&) = default;
};
inline constexpr std::size_t kMaxHomePlaces = 200;

/// Payload of `…/ack`: every message of this group with a stamp up to (epoch, upto) is archived, except those
/// in `missing` (ranges, both ends inclusive), which were stamped but never reached the archive: send them
/// again.
///   {"epoch":1767225600000,"upto":41,"missing":[[17,18]]}
struct ArchivedUpTo {
  std::uint64_t epoch = 0;
  std::uint64_t upto = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> missing;  // at most 64 ranges
  std::vector<HomePlace> places = {};                            // at most kMaxHomePlaces; news, not all
};

/// Payload of `…/signal/{user}`: {"type":"typing"} or {"type":"read"|"delivered","epoch":1,"n":41}. In a
/// group of another site that place is in the order of this site's broker, and `home_…` the same in home's.
struct Signal {
  enum class Type : std::uint8_t { typing, delivered, read };
  Type type = Type::typing;
  std::uint64_t epoch = 0;  // 0, as n: only home's place is known
  std::uint64_t n = 0;
  std::uint64_t home_epoch = 0;
  std::uint64_t home_n = 0;  // 0: not known
};
std::optional<Signal::Type> parse_signal_type(std::string_view text);
const char* to_string(Signal::Type type);

[[nodiscard]] Result<ChatMessage> decode_chat_message(std::string_view payload);
std::string encode(const ChatMessage&);
[[nodiscard]] Result<Notice> decode_notice(std::string_view payload);
std::string encode(const Notice&);
[[nodiscard]] Result<ArchivedMessage> decode_archived_message(std::string_view payload);
std::string encode(const ArchivedMessage&);
[[nodiscard]] Result<ArchivedUpTo> decode_archived_up_to(std::string_view payload);
std::string encode(const ArchivedUpTo&);
[[nodiscard]] Result<Signal> decode_signal(std::string_view payload);
std::string encode(const Signal&);

}  // namespace convoke::messages
