#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "convoke/types.h"
#include "ops/crowd/late_probe.h"

namespace convoke::crowd {

/// Follows the first chat that starts, as its members' phones see it, from start to closed topic, and says
/// which step failed. Pure: what the phones saw and the time (ms since the program began) go in.
class OneLife {
 public:
  enum class Step { connect, start, list, message, end, close, done };

  /// `other_sites`: so many other sites have members in it too, of whom each is to be heard.
  explicit OneLife(std::size_t phones, std::size_t other_sites = 0)
      : phones_(phones), other_sites_(other_sites) {}

  void connected(const std::string& user, std::int64_t at_ms);
  void started(const std::string& user, const sdk::Group& group, std::int64_t at_ms);
  /// A whole buddy list, all pages of one version.
  void list(const std::string& user, const std::string& group, std::uint64_t version,
            std::vector<sdk::Buddy> buddies, std::int64_t at_ms);
  /// The message that `wants_message` asked for is on its way.
  void sent(const std::string& user, const std::string& id);
  void received(const std::string& user, const sdk::Message& message, std::int64_t at_ms);
  void ended(const std::string& user, const std::string& group, bool list_deleted, std::int64_t at_ms);
  /// What a late comer found.
  void probed(const LateProbe& probe, std::int64_t at_ms);

  Step step() const { return step_; }
  const std::string& group() const { return group_; }
  /// The member who is to write now; nothing at other times.
  std::optional<std::string> wants_message() const;
  /// The member with whose rights a late comer is to knock now.
  std::optional<std::string> wants_probe() const;
  /// Set as soon as something was seen that must not be.
  const std::string& failure() const { return failure_; }
  /// What the present step is waiting for: "list: 3 of 12 member phones miss it: p7, p8, p9".
  std::string missing() const;
  /// The account of everything, one JSON object.
  std::string to_json() const;
  std::string to_json(const std::string& error) const;

 private:
  void advance(std::int64_t at_ms);
  bool step_complete() const;
  std::string absent(const std::set<std::string>& present) const;
  void fail(std::string why);
  bool has_reader() const { return members_.size() > 1 || !sites_.empty(); }

  std::size_t phones_, other_sites_;
  Step step_ = Step::connect;
  std::string failure_;
  std::string group_;
  std::map<Step, std::int64_t> done_ms_;
  std::set<std::string> connected_;
  std::set<std::string> started_;
  std::uint32_t head_members_ = 0;
  std::map<std::uint64_t, std::vector<sdk::Buddy>> rosters_;  // by version: never two for one
  std::set<std::string> members_;                             // by the newest list that anybody holds: ours
  std::set<std::string> sites_;                               // and the sites of the others
  std::set<std::string> heard_sites_;
  std::map<std::string, std::uint64_t> versions_;  // held; by user
  std::string sender_;
  std::string message_id_;
  std::set<std::string> early_;  // "user/id" received before `sent` told the id
  std::set<std::string> received_;
  std::set<std::string> ended_;
  std::set<std::string> deleted_;
  std::optional<LateProbe> probe_;
};

const char* to_string(OneLife::Step step);

}  // namespace convoke::crowd
