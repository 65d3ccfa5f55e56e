#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "convoke/types.h"
#include "mobile-sdk/src/backoff.h"
#include "mobile-sdk/src/home_order.h"
#include "mobile-sdk/src/link.h"
#include "mobile-sdk/src/outbox.h"
#include "mobile-sdk/src/position_gate.h"
#include "mobile-sdk/src/requests.h"
#include "mobile-sdk/src/roster.h"
#include "mobile-sdk/src/saved_state.h"
#include "mobile-sdk/src/transcript.h"
#include "topics/ids.h"
#include "topics/messages/inbox.h"
#include "topics/messages/position.h"
#include "topics/topic.h"

namespace convoke::sdk {

/// Who this phone is.
struct Self {
  topics::SiteId site;
  topics::UserId user;
  topics::DeviceId device;
};

/// Everything a phone decides, as a pure state machine: what happens and the time go in, commands for the
/// connection and events for the app come out. No thread, clock, socket or file. docs/protocol/terminal.md
/// tells the same story step by step. Not thread-safe.
class Session {
 public:
  static constexpr std::size_t kMaxFixes = 200;         // kept while offline
  static constexpr std::size_t kMaxEndedGroups = 1024;  // remembered, so that no repeat opens one again
  static constexpr std::int64_t kHoldPauseMs = 1'000;   // between two hold reports
  static constexpr std::int64_t kMaxPageWaitMs =
      30'000;                                        // before a changed page of a large chat is asked for
  static constexpr std::int64_t kStableMs = 10'000;  // a connection of this age makes retries quick again

  Session(Self self, std::uint64_t seed, const SavedState& saved, Now now, bool suppress_positions = true);

  // ---- from the app
  void open(Now now);
  void close();
  void retry_now(Now now);
  void set_presence(Presence presence);
  void report_position(const Fix& fix, Now now);  // must be usable, and have a time
  std::optional<std::string> send(std::string_view group, std::string_view text,
                                  std::optional<std::string> reply_to, Now now);
  std::optional<std::string> edit(std::string_view group, std::string_view message, std::string_view text,
                                  Now now);
  std::optional<std::string> delete_message(std::string_view group, std::string_view message, Now now);
  void signal(std::string_view group, SignalReceived::Kind kind, Place up_to, Place home);
  std::optional<std::string> report(std::string_view group, std::string_view from, std::string_view message,
                                    std::string_view reason, Now now);
  std::optional<std::string> set_registered(std::string_view plan, bool registered, Now now);
  std::optional<std::string> set_blocked(std::string_view user, bool blocked, Now now);
  std::optional<std::string> let_other_sites(bool allow, Now now);
  std::optional<std::string> request_blocked(Now now);
  std::optional<std::string> erase_user(Now now);
  bool leave(std::string_view group, Now now);
  bool load_more_buddies(std::string_view group, Now now);
  std::optional<std::string> request_available(std::string_view group, std::string_view after, Now now);

  bool connected() const { return phase_ == Phase::up; }
  /// Closed, and the connection is down.
  bool closed() const { return phase_ == Phase::closed && !link_busy_; }
  std::vector<Group> groups() const;
  std::optional<Group> group(std::string_view id) const;
  std::vector<Buddy> buddies(std::string_view group) const;
  std::vector<Buddy> available_buddies(std::string_view group) const;
  const std::set<std::string, std::less<>>& hidden() const { return hidden_; }
  PositionCounts position_counts() const { return {gate_.sent(), gate_.suppressed()}; }

  // ---- from the connection and the clock
  void on(const LinkEvent& event, Now now);
  void tick(Now now);
  /// When `tick` is needed next, on the steady clock.
  std::optional<std::int64_t> next_tick() const;

  // ---- results; each take empties
  std::vector<Command> take_commands() { return std::exchange(commands_, {}); }
  std::vector<Event> take_events() { return std::exchange(events_, {}); }
  std::optional<SavedState> take_state_to_save();

 private:
  enum class Phase : std::uint8_t { closed, connecting, up, waiting, reopening };
  struct GroupEntry {
    Roster roster;
    Transcript transcript;
    HomeOrder order;
    std::string plan;
    bool started = false;             // the app knows it; false: only remembered from before a restart
    bool subscribed = false;          // SUBSCRIBE sent in this MQTT session
    bool page_followed = false;       // buddies/0 is subscribed
    std::int64_t resubscribe_ms = 0;  // 0: nothing refused
    std::int64_t resubscribe_pause_ms = 0;
    std::uint64_t seen = 0;      // the newest version in a chat-start or header
    std::uint64_t reported = 0;  // version that the server knows we hold
  };
  using Groups = std::map<std::string, GroupEntry, std::less<>>;

  // session.cc: the connection's life
  void handle(const LinkUp&, Now);
  void handle(const LinkDown&, Now);
  void handle(const Arrived&, Now);
  void handle(const PublishDone&, Now);
  void handle(const SubscribeDone&, Now);
  GroupEntry* subscription_lost(const SubscribeCommand& asked);
  void connect(Now now);
  void forget_subscriptions();
  void publish_presence();
  void keep_what_was_not_taken();
  void say_goodbye();
  void keep(const PositionGate::Fixes& fixes);
  void publish_fixes();
  void subscribe(std::vector<std::pair<std::string, int>> filters);
  void publish(std::string topic, std::string payload, int qos, bool retain = false,
               std::uint64_t ticket = 0);
  void flush(Now now);
  void send_requests(Now now);
  void send_messages(Now now);
  void report_holds(Now now);

  // session_groups.cc: chats
  void on_inbox(std::string_view payload, Now now);
  void hide(const messages::Hidden& hidden);
  std::int64_t page_wait(std::uint32_t members);
  void on_group_topic(const topics::Topic& topic, const Arrived& message, Now now);
  void on_chat(const std::string& group, GroupEntry& entry, const topics::UserId& from,
               const Arrived& message, Now now);
  void on_notice(const std::string& group, GroupEntry& entry, const Arrived& message, Now now);
  std::optional<std::string> queue(const std::string& group, messages::ChatMessage message, Now now);
  void tell(const std::string& group, const messages::ArchivedMessage& message);
  static void believe_home(const GroupEntry& entry, messages::ArchivedMessage& message);
  void note_order(const std::string& group, GroupEntry& entry, const messages::ArchivedMessage& message,
                  Now now);
  void tell_places(const std::string& group, const std::vector<HomeOrder::Placed>& placed);
  void on_ack(const std::string& group, GroupEntry& entry, std::string_view payload, Now now);
  void on_signal(const std::string& group, const GroupEntry& entry, const topics::UserId& from,
                 std::string_view payload);
  bool reopen_group(const messages::RosterHead& head);
  void start_group(const messages::RosterHead& head, Now now);
  void end_group(const messages::ChatEnd& end);
  void subscribe_group(const std::string& id, GroupEntry& entry, Now now);
  void tend_group(const std::string& id, GroupEntry& entry, Now now);
  void ask_history(const std::string& id, GroupEntry& entry, Place after);
  void follow_first_page(const std::string& id, GroupEntry& entry);
  Group describe(const std::string& id, const GroupEntry& entry) const;
  const GroupEntry* find_started(std::string_view group) const;
  GroupEntry* find_started(std::string_view group);

  // session_requests.cc: answers
  void on_response(std::string_view payload, Now now);
  void on_refused_report(const messages::RequestError& error, Now now);
  void on_error(const std::string& id, const messages::RequestError& error, Now now);
  void ask_which_groups_live();
  void answer(const messages::ResumeRequest&, const messages::ResumeAnswer&, Now);
  void answer(const messages::HoldRequest&);
  void answer(const messages::PageRequest&, const messages::RosterPage&, Now);
  void answer(const messages::HistoryRequest&, const messages::HistoryAnswer&, Now);
  void refuse_bad_payload(std::string_view topic, const messages::Error& error);

  std::string random_id();
  template <class C>
  void order(C command) {
    commands_.emplace_back(std::in_place_type<C>, std::move(command));
  }

  Self self_;
  std::mt19937_64 random_;
  Phase phase_ = Phase::closed;
  bool link_busy_ = false;        // from a ConnectCommand to its LinkDown; the next one waits for that
  bool answered_ = false;         // the broker has let in, on this connection
  bool session_doubted_ = false;  // the session that it holds may be another than the one held here
  Backoff backoff_;
  std::size_t attempt_ = 0;
  bool fresh_token_ = false;
  bool resumed_ = false;          // the server has said which groups live, on this connection
  std::int64_t retry_ms_ = 0;     // while waiting
  std::int64_t up_since_ms_ = 0;  // while up
  std::uint64_t connect_number_ = 0;
  Presence presence_ = Presence::available;

  Groups groups_;
  std::unordered_set<std::string> doubted_;  // groups that the server says we are no member of; asked once
  std::deque<std::string> ended_order_;
  /// With the newest list version known of it, 0 for none: only a start with a newer one opens it again.
  std::unordered_map<std::string, std::uint64_t> ended_;
  std::unordered_set<std::string> ended_to_report_;
  std::int64_t next_hold_ms_ = 0;
  bool hold_wanted_ = false;

  std::set<std::string, std::less<>> hidden_;  // users that are not shown, as the server tells
  Requests requests_;
  Outbox outbox_;
  PositionGate gate_;
  std::deque<messages::Fix> fixes_;  // to be sent
  std::uint64_t ticket_ = 0;
  std::map<std::uint64_t, std::vector<messages::Fix>> fixes_sent_;  // until the broker took them
  struct Ticket {
    std::string topic;
    std::string group;
    std::string message;  // id, if it is a chat message
  };
  std::map<std::uint64_t, Ticket> publishes_;
  std::map<std::uint64_t, SubscribeCommand> subscribes_;

  bool state_changed_ = false;
  std::vector<Command> commands_;
  std::vector<Event> events_;
};

}  // namespace convoke::sdk
