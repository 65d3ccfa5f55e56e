#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backend/core/engine.h"
#include "backend/store/records.h"
#include "backend/store/store.h"

namespace convoke::store {

/// Archived messages that were asked for.
struct HistoryPart {
  std::vector<messages::ArchivedMessage> messages;  // one more than was asked for says that there are more
  std::optional<core::ChatPlace> looked_up_to;      // so much had to be passed over that the part ends there
};

/// Writes what a step of the core wants kept: records, archive and outgoing messages in one batch. The other
/// half of "write, then speak": nothing may leave the server before `commit` has succeeded.
class Journal {
 public:
  explicit Journal(Store& store) : store_(store) {}

  /// Loads all records into the core, at `now`, and gives the outgoing messages that were still waiting, in
  /// order.
  /// Checks the schema's version first and sets it in a new store. Throws std::runtime_error naming the
  /// record that cannot be read.
  std::vector<std::pair<std::uint64_t, core::Outgoing>> load(core::Engine& engine, core::TimeMs now);

  /// What waits for other sites, in order of each one's numbers.
  std::vector<core::PeerOutgoing> peer_items() const;

  /// The answers that staff's requests have had, by what stands for the request, the oldest first. One that
  /// cannot be read is passed over: it is only good for a repeat.
  std::vector<std::pair<std::string, core::StaffAnswer>> staff_answers() const;

  /// Adds the step's writes to the batch; gives the outbox sequence number of each of `fx.out` (0: not
  /// durable).
  std::vector<std::uint64_t> add(const core::Engine& engine, const core::Effects& fx);
  /// Adds the removal of outgoing messages that the broker has.
  void remove_outgoing(const std::vector<std::uint64_t>& seqs);
  /// Adds writes that are not the core's.
  void add(std::vector<Write> writes);
  /// Of the outgoing messages added so far.
  std::uint64_t last_seq() const { return next_seq_ - 1; }
  const Store& store() const { return store_; }
  void forget_backup() { store_.forget_backup(); }
  /// Adds a meta record.
  void put_meta(std::string_view key, std::string value);
  std::string meta(std::string_view key) const;

  /// True if there is anything to commit.
  bool pending() const { return !batch_.empty(); }
  /// Writes the batch, synced if something in it must not be lost. On failure the batch stays: call again.
  [[nodiscard]] Failure commit();

  /// Last positions are not worth a write each: adds those that changed since the last call.
  void add_positions(const core::Engine& engine);

  /// Archived messages that are asked for, oldest first. Nothing if the store cannot be read.
  std::optional<HistoryPart> history(const core::HistoryQuery& query) const;

  /// Who was in a group, and is not any more, or was passed over, behind `after` ("" for the first), at most
  /// `limit`, in order of user. Nothing if the store cannot be read.
  std::optional<std::vector<std::pair<core::UserId, core::PastMember>>> past_members(
      const core::GroupId& group, const std::string& after, std::size_t limit) const;
  /// That of one user, where there is one.
  std::optional<std::optional<core::PastMember>> past_member(const core::GroupId& group,
                                                             const core::UserId& user) const;

  /// Reports of a group's messages behind the key `after` ("" for the first), at most `limit`, with their
  /// keys. Nothing if the store cannot be read.
  std::optional<std::vector<std::pair<std::string, Report>>> reports(const core::GroupId& group,
                                                                     const std::string& after,
                                                                     std::size_t limit) const;

 private:
  void put(Family family, std::string key, std::optional<std::string> value) {
    batch_.push_back({family, std::move(key), std::move(value), {}});
  }
  void add_records(const core::Engine& engine, const core::Effects& fx);
  void add_forgotten(const core::GroupId& group);
  void add_outside(const core::State& state, const core::Effects& fx);
  void add_chat(const core::ArchiveEntry& entry);
  void add_change(const core::ArchiveEntry& change);
  void add_report(const core::ReportEntry& report);
  void add_place(const core::PlaceEntry& place);
  void add_peers(const core::State& state, const core::Effects& fx);
  void add_questions(const core::State& state, const core::Effects& fx);
  void remove_range(Family family, std::string from, std::string end) {
    batch_.push_back({family, std::move(from), std::nullopt, std::move(end)});
  }
  std::optional<std::string> chat_value(const std::string& key) const;
  std::optional<messages::ArchivedMessage> archived(const std::string& key) const;

  Store& store_;
  std::vector<Write> batch_;
  bool must_sync_ = false;
  std::set<core::UserId> positions_;
  std::uint64_t next_seq_ = 1;
};

}  // namespace convoke::store
