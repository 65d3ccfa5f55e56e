#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topics/messages/chat.h"

namespace convoke::sdk {

/// This user's messages that are not archived yet, and edits of messages. Each is sent again, with the same
/// id, until it is; an edit waits for its message.
class Outbox {
 public:
  static constexpr std::size_t kMax = 200;
  static constexpr std::int64_t kFirstRepeatMs = 5'000;
  // Once the broker has it: each sending costs every member.
  static constexpr std::int64_t kTakenRepeatMs = 20'000;
  static constexpr std::int64_t kMaxRepeatMs = 60'000;
  static constexpr std::int64_t kPutOffMs = 5'000;  // after the broker said: not now

  struct Entry {
    std::string group;
    messages::ChatMessage message;
    std::optional<messages::Stamp> stamp = std::nullopt;  // of its last sending
    std::int64_t due_ms = 0;
    std::int64_t repeat_ms = kFirstRepeatMs;
  };

  /// False if kMax are waiting.
  bool add(std::string group, messages::ChatMessage message);
  /// Takes out changes of the same message as this one is of, which takes their place; returns their ids.
  std::vector<std::string> drop_changes(std::string_view group, const messages::ChatMessage& newer);
  /// Those to be sent now, in the order in which they were written. Valid until the next call.
  std::vector<const Entry*> take_due(std::int64_t now_ms);
  std::optional<std::int64_t> next_due() const;

  /// In this group one message may go out in `ms`; 0: as many as there are.
  void set_pace(std::string_view group, std::int64_t ms);
  /// The broker did not hand it on because it came too soon.
  void put_off(std::string_view group, std::string_view id, std::int64_t now_ms);
  /// The broker says how long none may be sent in this group. What waits there then goes one by one, so far
  /// apart.
  void hold_back(std::string_view group, std::int64_t ms, std::int64_t now_ms);
  /// The broker has taken it and will hand it on, unless it loses it.
  void taken(std::string_view group, std::string_view id, std::int64_t now_ms);
  bool holds(std::string_view group, std::string_view id) const;
  /// Whether a delete of this message waits.
  bool deletes(std::string_view group, std::string_view message) const;
  /// The message came back with its stamp. True the first time.
  bool stamped(std::string_view group, std::string_view id, const messages::Stamp& stamp);
  /// Takes out what is archived and returns the ids; what is missing is due at once.
  std::vector<std::string> archived(std::string_view group, const messages::ArchivedUpTo& upto);
  /// Takes out one; false if it is not there.
  bool remove(std::string_view group, std::string_view id);
  /// Takes out all of a group and returns the ids.
  std::vector<std::string> drop_group(std::string_view group);
  /// A new connection: everything is due again.
  void all_due_now();

 private:
  bool waits(const Entry& entry) const;
  std::list<Entry>::const_iterator find(std::string_view group, std::string_view id) const;
  struct Pace {
    std::int64_t slow_ms = 0;     // as the group's header says
    std::int64_t learned_ms = 0;  // as the broker says, until nothing waits in the group
    std::int64_t next_ms = 0;
  };
  std::list<Entry> entries_;
  std::map<std::string, Pace, std::less<>> paces_;  // of groups that have one
};

}  // namespace convoke::sdk
