#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backend/store/records.h"
#include "backend/store/store.h"

namespace convoke::store {

/// Who has been erased, in what is kept for others' sake. No user's id is only this.
inline constexpr std::string_view kErasedUser = "-";

/// Erases users from what only the store has: archive, reports, past memberships. A few thousand records a
/// turn, so that the server goes on meanwhile. It is done when what names them has gone out too: to the
/// broker, and to other sites. A record in the family `erasures` says until the end that it is to be done, so
/// that a crash only makes it begin again; and whether that is left to wait for, so that nothing is taken out
/// of what somebody has said who has come back meanwhile.
class Eraser {
 public:
  explicit Eraser(const Store& store) : store_(store) {}

  /// Takes up what an earlier process had not done: these users, and when it was decided.
  std::vector<std::pair<core::UserId, core::TimeMs>> load();

  /// Notes, in the batch, that the user is to be erased. `last_seq`: of the messages that go out by then.
  void begin(const core::UserId& user, std::uint64_t last_seq, core::TimeMs now, std::vector<Write>& batch);
  /// What still waits to go out: the oldest message to the broker, how far other sites are, and the items for
  /// them that this turn adds.
  struct Waiting {
    std::optional<std::uint64_t> oldest;
    const std::map<core::SiteId, core::Peer>& peers;
    const std::vector<core::PeerOutgoing>& added;
  };
  /// Adds the next part of the work to the batch.
  void work(const Waiting& waiting, std::vector<Write>& batch);
  /// Sites that have not taken yet what names somebody who is being erased; while one cannot be reached, that
  /// is not done.
  std::set<core::SiteId> waits_for() const;

  /// The records are gone: the files are to be compacted, so that the bytes are too. True once each time.
  bool take_compaction();
  /// That is done.
  void compacted(std::vector<Write>& batch);

  /// Users whose bytes may still be in some file.
  std::size_t running() const { return pending_.size() + compacting_ + to_compact_; }

 private:
  struct ItemNumber {
    std::uint64_t epoch = 0, number = 0;
  };
  struct Pending {
    core::UserId user;
    std::uint64_t last_seq = 0;
    std::string record = {};                                     // as it was written first
    std::string next_chat = {}, next_past = {}, next_item = {};  // where to go on
    bool chat_done = false, past_done = false, items_done = false;
    // The last item that names them, of those that were looked at.
    std::map<core::SiteId, ItemNumber> named_in = {};
  };
  bool take_out(std::vector<Write>& batch);
  void chat(Pending& pending, std::vector<Write>& batch);
  void past(Pending& pending, std::vector<Write>& batch);
  void items(Pending& pending, const Waiting& waiting);
  static void forget_taken(Pending& pending, const Waiting& waiting);
  static void note_item(Pending& pending, const Waiting& waiting, const core::SiteId& site,
                        std::uint64_t number, std::string_view item);
  void answers(const Pending& pending, std::vector<Write>& batch);

  const Store& store_;
  std::deque<Pending> pending_;
  std::size_t to_compact_ = 0, compacting_ = 0;
};

/// The message without the user: theirs keeps its place and nothing else. Nothing if it does not name them.
std::optional<messages::ArchivedMessage> without(const messages::ArchivedMessage& message,
                                                 const core::UserId& user);

}  // namespace convoke::store
