#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topics/messages/request.h"

namespace convoke::sdk {

/// Requests under way. Each is repeated, with the same id, until it is answered.
class Requests {
 public:
  using Operation = decltype(messages::Request::op);
  static constexpr std::size_t kMax = 512;
  static constexpr std::int64_t kFirstRepeatMs = 5'000;
  static constexpr std::int64_t kMaxRepeatMs = 60'000;

  /// The group that a request is about; "" for those about many.
  static std::string group_of(const Operation& op);

  /// Ids are `{prefix}.{counter}`; the prefix must differ from those of earlier processes.
  explicit Requests(std::string prefix) : prefix_(std::move(prefix)) {}

  /// Adds one, due at once. Returns its id; nothing if kMax are under way.
  std::optional<std::string> add(Operation op);

  /// Those whose time has come, to be sent now. A `resume` goes alone: while one is under way nothing else is
  /// due, because only its answer says which groups still live.
  std::vector<messages::Request> take_due(std::int64_t now_ms);
  std::optional<std::int64_t> next_due() const;

  /// Takes out the request that `id` answers; nothing if there is none (an answer to a repeat).
  std::optional<Operation> answered(std::string_view id);
  /// The server asks to try again later. False if there is no such request.
  bool postpone(std::string_view id, std::int64_t now_ms, std::int64_t delay_ms);

  /// A new connection: everything is due again.
  void all_due_now();
  /// Drops what concerns a group that has ended (except holds). Returns the ids of those for which the app
  /// waits.
  std::vector<std::string> drop_group(std::string_view group);
  /// Drops holds, or resumes and holds: they are made anew from the present state.
  void drop_holds();
  void drop_state_reports();
  /// Forgets what was asked about registering with the plan: a newer wish counts.
  void drop_registrations(std::string_view plan);
  /// The same about blocking the user.
  void drop_blocks(std::string_view user);
  /// The same about other sites.
  void drop_other_sites();

  std::size_t size() const { return pending_.size(); }

 private:
  struct Pending {
    Operation op;
    std::int64_t due_ms = 0;
    std::int64_t repeat_ms = kFirstRepeatMs;
  };
  bool resuming() const;

  std::string prefix_;
  std::uint64_t counter_ = 0;
  std::map<std::string, Pending, std::less<>> pending_;
};

}  // namespace convoke::sdk
