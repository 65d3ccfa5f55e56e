#include "mobile-sdk/src/session.h"

#include <algorithm>

#include "mobile-sdk/src/convert.h"
#include "topics/messages/limits.h"

namespace convoke::sdk {
namespace {

constexpr int kRefusedFrom = 0x80;  // MQTT 5 reason codes from here on say no
constexpr int kNobodyGotIt = 0x10;  // of a chat message: it came too soon
constexpr int kQuotaExceeded = 0x97;
constexpr int kBadUserOrPassword = 0x86;
constexpr int kNotAuthorized = 0x87;
constexpr std::size_t kMaxTickets = 4096;

std::string hex(std::uint64_t value) {
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[(value >> shift) & 15];
  return text;
}

}  // namespace

Session::Session(Self self, std::uint64_t seed, const SavedState& saved, Now now, bool suppress_positions)
    : self_(std::move(self)),
      random_(seed ^ static_cast<std::uint64_t>(now.unix_ms)),
      connect_number_(saved.connect_number),
      requests_(hex(random_())),
      gate_(suppress_positions) {
  for (const SavedState::Held& held : saved.groups) groups_[held.group].plan = held.plan;
}

std::string Session::random_id() { return hex(random_()) + hex(random_()); }

// ---- The connection's life --------------------------------------------------------------------------------

void Session::open(Now now) {
  if (phase_ != Phase::closed) return;
  if (link_busy_)
    phase_ = Phase::reopening;
  else
    connect(now);
}

void Session::close() {
  const Phase before = std::exchange(phase_, Phase::closed);
  resumed_ = false;
  if (before == Phase::up) say_goodbye();
  if (before == Phase::connecting) order(DisconnectCommand{});
}

void Session::retry_now(Now now) {
  if (phase_ == Phase::waiting) connect(now);
}

void Session::say_goodbye() {
  publish(topics::presence_topic(self_.site, self_.user, self_.device),
          encode(messages::Presence{messages::PresenceState::offline, connect_number_}), 1, true);
  order(DisconnectCommand{});
}

void Session::connect(Now now) {
  phase_ = Phase::connecting;
  link_busy_ = true;
  answered_ = false;
  resumed_ = false;
  connect_number_ =
      std::max(connect_number_ + 1, static_cast<std::uint64_t>(std::max<std::int64_t>(now.unix_ms, 1)));
  state_changed_ = true;
  order(ConnectCommand{
      .attempt = attempt_++,
      .fresh_token = fresh_token_,
      .will_topic = topics::presence_topic(self_.site, self_.user, self_.device),
      .will_payload = encode(messages::Presence{messages::PresenceState::offline, connect_number_})});
}

void Session::on(const LinkEvent& event, Now now) {
  std::visit([&](const auto& e) { handle(e, now); }, event);
  flush(now);
}

void Session::handle(const LinkUp& up, Now now) {
  answered_ = true;
  if (std::exchange(session_doubted_, false) || !up.session_present) forget_subscriptions();
  if (phase_ != Phase::connecting) return say_goodbye();  // closed meanwhile
  phase_ = Phase::up;
  up_since_ms_ = now.steady_ms;
  fresh_token_ = false;
  events_.push_back(Connected{});
  subscribe({{topics::inbox_topic(self_.site, self_.user), 1},
             {topics::response_topic(self_.site, self_.user, self_.device), 1}});
  publish_presence();

  requests_.drop_state_reports();
  requests_.all_due_now();
  doubted_.clear();
  for (auto& [id, entry] : groups_) entry.reported = 0;
  ask_which_groups_live();
  hold_wanted_ = true;
  outbox_.all_due_now();
  send_requests(now);  // the resume before the fixes: a region that answers them is one for this connection
  publish_fixes();
}

void Session::forget_subscriptions() {
  for (auto& [id, entry] : groups_) entry.subscribed = entry.page_followed = false;
}

void Session::ask_which_groups_live() {
  messages::ResumeRequest resume;
  for (const auto& [id, entry] : groups_)
    if (resume.groups.size() < messages::kMaxHeldGroups)
      resume.groups.push_back({id, entry.roster.version(), false});
  requests_.add(std::move(resume));
}

void Session::handle(const LinkDown& down, Now now) {
  link_busy_ = false;
  // The broker may have begun a new session, and only its answer was lost.
  if (!answered_ && down.code < kRefusedFrom) session_doubted_ = true;
  keep_what_was_not_taken();
  keep(gate_.disconnected(now));
  if (phase_ == Phase::reopening) return connect(now);
  if (phase_ != Phase::connecting && phase_ != Phase::up) return;
  if (down.code == kNotAuthorized || down.code == kBadUserOrPassword) fresh_token_ = true;
  if (phase_ == Phase::up && now.steady_ms - up_since_ms_ >= kStableMs) backoff_.reset();
  const std::int64_t delay = backoff_.next(random_);
  phase_ = Phase::waiting;
  resumed_ = false;
  retry_ms_ = now.steady_ms + delay;
  events_.push_back(Disconnected{down.reason, down.code, delay});
}

/// What the broker did not acknowledge on the connection that is gone is to be sent again on the next.
void Session::keep_what_was_not_taken() {
  for (auto ticket = fixes_sent_.rbegin(); ticket != fixes_sent_.rend(); ++ticket)
    fixes_.insert(fixes_.begin(), ticket->second.begin(), ticket->second.end());
  while (fixes_.size() > kMaxFixes) fixes_.pop_front();
  fixes_sent_.clear();
  publishes_.clear();
  for (const auto& [ticket, asked] : std::exchange(subscribes_, {})) subscription_lost(asked);
}

void Session::handle(const Arrived& message, Now now) {
  if (message.payload.size() > messages::kMaxPayloadBytes) return;
  const std::optional<topics::Topic> topic = topics::parse_topic(message.topic);
  if (!topic || topic->site != self_.site) return;
  switch (topic->kind) {
    case topics::Kind::inbox:
      return on_inbox(message.payload, now);
    case topics::Kind::response:
      return on_response(message.payload, now);
    default:
      return on_group_topic(*topic, message, now);
  }
}

void Session::handle(const PublishDone& done, Now now) {
  fixes_sent_.erase(done.ticket);
  const auto it = publishes_.find(done.ticket);
  if (it == publishes_.end()) return;
  const Ticket ticket = std::move(it->second);
  publishes_.erase(it);
  if (!ticket.message.empty() && (done.code == kNobodyGotIt || done.code == kQuotaExceeded))
    return outbox_.put_off(ticket.group, ticket.message, now.steady_ms);
  if (done.code >= 0 && done.code < kRefusedFrom && !ticket.message.empty())
    outbox_.taken(ticket.group, ticket.message, now.steady_ms);
  if (done.code < kRefusedFrom) return;
  events_.push_back(Refused{"publish", ticket.topic, done.code, "the broker refused the message"});
  if (!ticket.message.empty() && outbox_.remove(ticket.group, ticket.message))
    events_.push_back(OwnMessage{ticket.group, ticket.message, OwnMessage::State::dropped, std::nullopt});
}

void Session::handle(const SubscribeDone& done, Now now) {
  const auto it = subscribes_.find(done.ticket);
  if (it == subscribes_.end()) return;
  const SubscribeCommand asked = std::move(it->second);
  subscribes_.erase(it);
  bool lost = false;
  for (std::size_t i = 0; i < asked.filters.size() && i < done.codes.size(); ++i) {
    if (done.codes[i] >= 0 && done.codes[i] < kRefusedFrom) continue;
    lost = true;
    if (done.codes[i] < 0) continue;
    events_.push_back(
        Refused{"subscribe", asked.filters[i].first, done.codes[i], "the broker refused the subscription"});
  }
  GroupEntry* entry = lost ? subscription_lost(asked) : nullptr;
  if (entry == nullptr) return;
  entry->resubscribe_pause_ms = std::clamp<std::int64_t>(entry->resubscribe_pause_ms * 2, 2'000, 60'000);
  entry->resubscribe_ms = now.steady_ms + entry->resubscribe_pause_ms;
}

/// The broker refused this SUBSCRIBE, or perhaps never saw it: the group it was for is subscribed to anew.
/// (The inbox and the answers are, with every connection.)
Session::GroupEntry* Session::subscription_lost(const SubscribeCommand& asked) {
  for (auto& [id, entry] : groups_) {
    if (asked.filters.front().first != topics::head_topic(self_.site, topics::GroupId::parse(id))) continue;
    entry.subscribed = entry.page_followed = false;
    return &entry;
  }
  return nullptr;
}

// ---- What goes out ----------------------------------------------------------------------------------------

void Session::publish(std::string topic, std::string payload, int qos, bool retain, std::uint64_t ticket) {
  order(PublishCommand{ticket, std::move(topic), std::move(payload), qos, retain});
}

void Session::subscribe(std::vector<std::pair<std::string, int>> filters) {
  SubscribeCommand command{++ticket_, std::move(filters)};
  subscribes_[command.ticket] = command;
  order(std::move(command));
}

void Session::publish_presence() {
  const std::string topic = topics::presence_topic(self_.site, self_.user, self_.device);
  publishes_[++ticket_] = {topic, "", ""};
  publish(topic, encode(messages::Presence{to_wire(presence_), connect_number_}), 1, true, ticket_);
}

/// Fixes that are to be sent: now, or once there is a connection.
void Session::keep(const PositionGate::Fixes& fixes) {
  fixes_.insert(fixes_.end(), fixes.begin(), fixes.end());
  while (fixes_.size() > kMaxFixes) fixes_.pop_front();
  if (phase_ == Phase::up && link_busy_) publish_fixes();  // not busy: it has gone this moment
}

void Session::publish_fixes() {
  if (fixes_.empty()) return;
  messages::PositionReport report{{fixes_.begin(), fixes_.end()}};
  fixes_.clear();
  const std::string topic = topics::position_topic(self_.site, self_.user, self_.device);
  publishes_[++ticket_] = {topic, "", ""};
  publish(topic, encode(report), 1, false, ticket_);
  fixes_sent_[ticket_] = std::move(report.fixes);
  if (fixes_sent_.size() > kMaxFixes) fixes_sent_.erase(fixes_sent_.begin());
}

/// Sends what is due now; the end of every input.
void Session::flush(Now now) {
  if (phase_ != Phase::up) return;
  if (resumed_) {
    for (auto& [id, entry] : groups_) tend_group(id, entry, now);
    report_holds(now);
    send_messages(now);
  }
  send_requests(now);
  while (publishes_.size() > kMaxTickets) publishes_.erase(publishes_.begin());
}

void Session::send_requests(Now now) {
  const std::string topic = topics::request_topic(self_.site, self_.user, self_.device);
  for (const messages::Request& request : requests_.take_due(now.steady_ms)) {
    publishes_[++ticket_] = {topic, "", ""};
    publish(topic, encode(request), 1, false, ticket_);
  }
}

void Session::send_messages(Now now) {
  for (const Outbox::Entry* entry : outbox_.take_due(now.steady_ms)) {
    std::string topic = topics::chat_topic(self_.site, topics::GroupId::parse(entry->group), self_.user);
    publishes_[++ticket_] = {topic, entry->group, entry->message.id};
    publish(std::move(topic), encode(entry->message), 1, false, ticket_);
  }
}

void Session::report_holds(Now now) {
  if (!hold_wanted_ || now.steady_ms < next_hold_ms_) return;
  hold_wanted_ = false;
  messages::HoldRequest hold;
  for (const std::string& group : ended_to_report_) hold.groups.push_back({group, 0, true});
  for (const auto& [id, entry] : groups_)
    if (entry.roster.version() > entry.reported) hold.groups.push_back({id, entry.roster.version(), false});
  if (hold.groups.empty()) return;
  if (hold.groups.size() > messages::kMaxHeldGroups) {
    hold.groups.resize(messages::kMaxHeldGroups);
    hold_wanted_ = true;
  }
  requests_.drop_holds();
  requests_.add(std::move(hold));
  next_hold_ms_ = now.steady_ms + kHoldPauseMs;
}

// ---- The app's calls --------------------------------------------------------------------------------------

void Session::set_presence(Presence presence) {
  presence_ = presence;
  if (phase_ == Phase::up) publish_presence();
}

void Session::report_position(const Fix& fix, Now now) { keep(gate_.fix(to_wire(fix), now)); }

// ---- The clock --------------------------------------------------------------------------------------------

void Session::tick(Now now) {
  if (phase_ == Phase::waiting && now.steady_ms >= retry_ms_) connect(now);
  keep(gate_.tick(now));
  if (phase_ == Phase::up && resumed_) {
    for (auto& [id, entry] : groups_) {
      entry.roster.tick(now.steady_ms);
      entry.transcript.tick(now.steady_ms);
      if (entry.order.take_due(now.steady_ms)) entry.transcript.ask_archive();
    }
  }
  flush(now);
}

std::optional<std::int64_t> Session::next_tick() const {
  if (phase_ == Phase::waiting) return retry_ms_;
  if (phase_ != Phase::up) return std::nullopt;
  std::optional<std::int64_t> next = requests_.next_due();
  const auto at = [&next](std::optional<std::int64_t> time) {
    if (time) next = std::min(next.value_or(*time), *time);
  };
  at(gate_.next_due());
  if (!resumed_) return next;
  at(outbox_.next_due());
  if (hold_wanted_) at(next_hold_ms_);
  for (const auto& [id, entry] : groups_) {
    at(entry.roster.next_due());
    at(entry.transcript.next_due());
    at(entry.order.next_due());
    if (entry.started && !entry.subscribed) at(entry.resubscribe_ms);
  }
  return next;
}

std::optional<SavedState> Session::take_state_to_save() {
  if (!std::exchange(state_changed_, false)) return std::nullopt;
  SavedState state{connect_number_, {}};
  for (const auto& [id, entry] : groups_)
    if (state.groups.size() < messages::kMaxHeldGroups) state.groups.push_back({id, entry.plan});
  return state;
}

}  // namespace convoke::sdk
