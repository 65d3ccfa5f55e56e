#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "backend/core/engine.h"
#include "backend/egress/broker_session.h"
#include "backend/store/journal.h"
#include "backend/store/store.h"
#include "tests/simulation/broker.h"
#include "tests/simulation/phone.h"

namespace convoke::simulation {

/// What must hold after every step, as far as the step has touched it. It remembers only what was on the
/// disk. All throw Violation.
class StepChecks {
 public:
  explicit StepChecks(const std::string& site = "demo") : groups_("cv1/" + site + "/g/") {}

  /// What was written and is on its way.
  void released(const core::State& state, const core::Effects& fx, core::TimeMs now);
  /// After each turn of a server that has drained the broker. `extended`: until when staff extended groups.
  void turned(const core::State& state, core::TimeMs now,
              const std::map<std::string, core::TimeMs>& extended);
  /// The server has started anew, at `now`.
  void loaded(const core::State& state, core::TimeMs now);
  /// The broker hands a message to a client.
  void handing_out(const std::string& client, const Message& message) const;

  /// The same, once the plugin knows all that the server knows.
  void handing_out_between(const core::State& state, const std::string& client, const Message& message) const;

  /// An own text message, said at that time, that a phone was told is archived.
  void archived(const std::string& group, const std::string& user, const std::string& id,
                core::TimeMs said_ms) {
    archived_[{group, user, id}] = said_ms;
  }
  const std::map<std::tuple<std::string, std::string, std::string>, core::TimeMs>& archived() const {
    return archived_;
  }
  /// Whether what this member said at that place may have reached others and not the archive: that very
  /// message was lost on its way to the disk, and since then their app was killed, or they were out of the
  /// group, so that they could not say it again.
  bool was_cut_short(const std::string& group, const std::string& user, const sdk::Stamp& place) const;
  /// A message for the server that it will never get, or has lost with its process.
  void lost(const std::string& topic, const std::optional<messages::Stamp>& stamp);
  /// Of what a user did before, nothing is promised but that nothing is kept.
  void erased(const std::string& user, core::TimeMs now) { erased_ms_[user] = now, placeless_.insert(user); }
  bool was_erased_since(const std::string& user, core::TimeMs ms) const {
    const auto erased = erased_ms_.find(user);
    return erased != erased_ms_.end() && ms <= erased->second;
  }
  /// They were erased, and no position of theirs has come in since.
  bool is_placeless(const std::string& user) const { return placeless_.contains(user); }
  /// One of them has blocked the other, as the server or one of their phones knows.
  void apart(const std::string& a, const std::string& b, core::TimeMs now) {
    apart_ms_[std::minmax(a, b)] = now;
  }
  /// What was said up to then may be missing.
  bool were_apart_since(const std::string& a, const std::string& b, core::TimeMs ms) const {
    const auto apart = apart_ms_.find(std::minmax(a, b));
    return apart != apart_ms_.end() && ms <= apart->second;
  }
  void killed(const std::string& user, core::TimeMs now) { killed_ms_[user] = now; }

 private:
  struct Seen {
    core::GroupState state = core::GroupState::scheduled;
    std::optional<core::TimeMs> closes_ms;  // at the latest, as the plan says
    std::set<std::string> members;          // ever
    bool closed = false;                    // the plugin has confirmed the end
  };
  void check_group(const core::State& state, const core::Group& group);
  void note_member(const std::string& group, const std::string& user, bool is_member, core::TimeMs now);
  void note_users(const core::State& state, const core::Effects& fx, core::TimeMs now);
  void check_gone(const core::State& state, const std::string& id);

  std::string groups_;  // what their topics begin with
  std::map<std::string, Seen> seen_;
  std::set<topics::GroupId> open_;
  std::map<std::pair<std::string, std::string>, core::TimeMs> out_until_ms_;  // of a group, who was in it
  std::set<std::tuple<std::string, std::string, std::uint64_t, std::uint64_t>> lost_;  // group, user, place
  std::set<std::string> placeless_;
  std::map<std::string, core::TimeMs> killed_ms_, erased_ms_;
  std::unordered_map<topics::UserId, std::set<topics::UserId>> apart_;  // as the server knew them last
  std::map<std::pair<std::string, std::string>, core::TimeMs> apart_ms_;
  std::map<std::tuple<std::string, std::string, std::string>, core::TimeMs> archived_;
};

}  // namespace convoke::simulation
