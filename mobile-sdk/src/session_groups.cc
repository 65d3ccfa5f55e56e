// The part of the session that deals with chats: their start, list, messages and end.
#include <algorithm>

#include "mobile-sdk/src/convert.h"
#include "mobile-sdk/src/session.h"
#include "topics/messages/limits.h"

namespace convoke::sdk {

using messages::ChatEnd;
using messages::ChatStart;
using topics::GroupId;
using topics::Kind;

namespace {

std::string group_filter(const topics::SiteId& site, const GroupId& group, std::string_view rest) {
  std::string filter = topics::head_topic(site, group);
  filter.resize(filter.size() - std::string_view("head").size());
  return filter.append(rest);
}

}  // namespace

// ---- Start and end ----------------------------------------------------------------------------------------

void Session::on_inbox(std::string_view payload, Now now) {
  const auto message = messages::decode_inbox(payload);
  if (!message) return refuse_bad_payload("inbox", message.error());
  if (const auto* start = std::get_if<ChatStart>(&*message)) start_group(start->head, now);
  if (const auto* end = std::get_if<ChatEnd>(&*message)) end_group(*end);
  if (const auto* region = std::get_if<messages::SafeRegion>(&*message)) keep(gate_.told(*region, now));
  if (const auto* hidden = std::get_if<messages::Hidden>(&*message)) hide(*hidden);
  if (const auto* retry = std::get_if<messages::RetryAfter>(&*message))
    outbox_.hold_back(retry->group, retry->retry_after_ms, now.steady_ms);
  if (std::holds_alternative<messages::ReportPosition>(*message)) {
    keep(gate_.wanted(now));
    events_.push_back(PositionWanted{});
  }
}

void Session::hide(const messages::Hidden& hidden) {
  std::set<std::string, std::less<>> users(hidden.users.begin(), hidden.users.end());
  if (!hidden.all) users.insert(hidden_.begin(), hidden_.end());
  if (users == hidden_) return;
  hidden_ = std::move(users);
  for (const auto& [id, entry] : groups_)
    if (entry.started && entry.roster.version() > 0)
      events_.push_back(BuddyListChanged{id, entry.roster.version()});
}

/// A start of a group that has ended here: is it a late repeat, or was this user added again? The list's
/// version has moved on since then if so. Of a group never seen the first start is taken for a repeat that
/// its end has overtaken; the server repeats a true one, with a newer version.
bool Session::reopen_group(const messages::RosterHead& head) {
  std::uint64_t& seen = ended_.at(head.group);
  if (seen == 0 || head.version <= seen) {
    seen = std::max(seen, head.version);
    ended_to_report_.insert(head.group);
    hold_wanted_ = true;
    return false;
  }
  ended_.erase(head.group);
  std::erase(ended_order_, head.group);
  ended_to_report_.erase(head.group);
  return true;
}

void Session::start_group(const messages::RosterHead& head, Now now) {
  if (ended_.contains(head.group) && !reopen_group(head)) return;
  if (groups_.size() >= messages::kMaxHeldGroups && !groups_.contains(head.group)) return;
  GroupEntry& entry = groups_[head.group];
  entry.plan = head.plan;
  entry.seen = std::max(entry.seen, head.version);
  // A header out of the inbox may be older than the replay that is being read.
  if (!entry.subscribed || entry.roster.settled()) entry.roster.head(head, now.steady_ms);
  if (!std::exchange(entry.started, true)) events_.push_back(ChatStarted{describe(head.group, entry)});
  state_changed_ = true;
}

void Session::end_group(const ChatEnd& end) {
  ended_to_report_.insert(end.group);
  hold_wanted_ = true;
  const auto entry = groups_.find(end.group);
  const std::uint64_t seen =
      entry == groups_.end() ? 0 : std::max(entry->second.seen, entry->second.roster.header().version);
  if (!ended_.emplace(end.group, seen).second) return;
  ended_order_.push_back(end.group);
  if (ended_order_.size() > kMaxEndedGroups) {
    ended_.erase(ended_order_.front());
    ended_to_report_.erase(ended_order_.front());
    ended_order_.pop_front();
  }
  if (entry == groups_.end()) return;
  for (const std::string& id : outbox_.drop_group(end.group))
    events_.push_back(OwnMessage{end.group, id, OwnMessage::State::dropped, std::nullopt});
  for (const std::string& id : requests_.drop_group(end.group))
    events_.push_back(Refused{"available", "", 0, "the chat has ended", id, end.group});
  if (phase_ == Phase::up) {
    const GroupId group = GroupId::parse(end.group);
    order(UnsubscribeCommand{
        {topics::head_topic(self_.site, group), topics::buddies_topic(self_.site, group, 0),
         topics::changes_topic(self_.site, group), topics::ack_topic(self_.site, group),
         topics::notice_topic(self_.site, group), group_filter(self_.site, group, "chat/+"),
         group_filter(self_.site, group, "signal/+")}});
  }
  groups_.erase(entry);
  state_changed_ = true;
  events_.push_back(ChatEnded{end.group, end.plan, end.reason, end.ended_ms});
}

// ---- Subscriptions and the buddy list ---------------------------------------------------------------------

void Session::subscribe_group(const std::string& id, GroupEntry& entry, Now now) {
  const GroupId group = GroupId::parse(id);
  subscribe({{topics::head_topic(self_.site, group), 1},
             {topics::buddies_topic(self_.site, group, 0), 1},
             {topics::changes_topic(self_.site, group), 1},
             {topics::ack_topic(self_.site, group), 0},
             {topics::notice_topic(self_.site, group), 1},
             {group_filter(self_.site, group, "chat/+"), 1},
             {group_filter(self_.site, group, "signal/+"), 0}});
  entry.subscribed = entry.page_followed = true;
  entry.roster.reload(now.steady_ms);
  entry.roster.take_resubscribe();  // this SUBSCRIBE is the one
  entry.transcript.ask_archive();   // what was said before this phone listened
}

/// Does what this group needs now.
void Session::tend_group(const std::string& id, GroupEntry& entry, Now now) {
  if (!entry.started) return;
  if (!entry.subscribed && now.steady_ms >= entry.resubscribe_ms) subscribe_group(id, entry, now);
  outbox_.set_pace(id, entry.roster.header().rules.slow_ms);
  if (entry.roster.take_resubscribe() && entry.subscribed) follow_first_page(id, entry);
  for (const std::uint32_t page : entry.roster.pages_to_ask())
    if (requests_.add(messages::PageRequest{id, page})) entry.roster.asked(page);
  if (const std::optional<Place> after = entry.transcript.take_history_request())
    ask_history(id, entry, *after);
  if (!entry.roster.take_changed()) return;
  events_.push_back(BuddyListChanged{id, entry.roster.version()});
  if (entry.roster.version() > entry.reported) hold_wanted_ = true;
  if (std::exchange(entry.page_followed, false))  // from here on the changes tell
    order(UnsubscribeCommand{{topics::buddies_topic(self_.site, GroupId::parse(id), 0)}});
}

void Session::ask_history(const std::string& id, GroupEntry& entry, Place after) {
  after = entry.order.begin(after);
  if (requests_.add(messages::HistoryRequest{id, after.epoch, after.n, messages::kMaxHistory})) return;
  entry.transcript.history_failed();
  entry.transcript.ask_archive();
}

/// Subscribes to header and page 0 (again), so that the broker replays both.
void Session::follow_first_page(const std::string& id, GroupEntry& entry) {
  const GroupId group = GroupId::parse(id);
  subscribe({{topics::head_topic(self_.site, group), 1}, {topics::buddies_topic(self_.site, group, 0), 1}});
  entry.page_followed = true;
}

/// In a large chat not all phones ask for a page in the moment in which it has changed: each waits for a time
/// of its own, a second at most for each thousand members. So the server has about two thousand to answer a
/// second, however many there are.
std::int64_t Session::page_wait(std::uint32_t members) {
  return std::uniform_int_distribution<std::int64_t>(
      0, std::min<std::int64_t>(members, kMaxPageWaitMs))(random_);
}

void Session::on_group_topic(const topics::Topic& topic, const Arrived& message, Now now) {
  const std::string& id = topic.group.str();
  GroupEntry* entry = find_started(id);
  if (entry == nullptr) return;
  const std::string_view payload = message.payload;
  if (payload.empty()) return;  // a retained topic was cleared; the chat-end says the rest
  const std::int64_t time = now.steady_ms;
  switch (topic.kind) {
    case Kind::group_head:
      if (const auto head = messages::decode_roster_head(payload); !head || head->group != id)
        refuse_bad_payload(message.topic,
                           head ? messages::Error{"group", "the group of the topic"} : head.error());
      else if (head->state == messages::GroupState::retired)
        end_group({id, head->plan, "retired", now.unix_ms});
      else
        entry->roster.head(*head, time);
      return;
    case Kind::group_buddies:
      if (const auto page = messages::decode_roster_page(payload); page && page->group == id)
        entry->roster.page(*page, time);
      return;
    case Kind::group_changes:
      if (const auto changes = messages::decode_roster_changes(payload); changes && changes->group == id)
        entry->roster.changes(*changes, time, page_wait(changes->members));
      return;
    case Kind::group_chat:
      return on_chat(id, *entry, topic.user, message, now);
    case Kind::group_notice:
      return on_notice(id, *entry, message, now);
    case Kind::group_ack:
      return on_ack(id, *entry, payload, now);
    case Kind::group_signal:
      return on_signal(id, *entry, topic.user, payload);
    default:
      return;
  }
}

// ---- Messages ---------------------------------------------------------------------------------------------

void Session::on_chat(const std::string& group, GroupEntry& entry, const topics::UserId& from,
                      const Arrived& arrived, Now now) {
  if (arrived.stamp.n == 0) return;  // without a stamp it did not pass the plugin
  const auto message = messages::decode_chat_message(arrived.payload);
  if (!message) return refuse_bad_payload(arrived.topic, message.error());
  const Place place{arrived.stamp.epoch, arrived.stamp.n};
  const bool waiting = from == self_.user && outbox_.holds(group, message->id);
  if (waiting && outbox_.stamped(group, message->id, arrived.stamp))
    events_.push_back(OwnMessage{group, message->id, OwnMessage::State::sent, from_wire(arrived.stamp)});
  const bool fresh = entry.transcript.live(from.str(), message->id, place, now.steady_ms);
  if (!fresh) {
    if (!entry.roster.header().home.empty() && !message->changes_another())
      entry.order.came_again(from.str(), message->id, place, now.steady_ms);
    return;
  }
  messages::ArchivedMessage told{from.str(), *message, arrived.stamp};
  // What members of this site say has no place yet: what they write there themselves is none.
  if (from.str().find('@') == std::string::npos) told.message.home.reset();
  believe_home(entry, told);
  if (!waiting) tell(group, told);
  note_order(group, entry, told, now);
}

/// Here only the server may publish, so this is the one place where announcements and system messages come
/// from; the codec refuses them among the members' messages.
void Session::on_notice(const std::string& group, GroupEntry& entry, const Arrived& arrived, Now now) {
  if (arrived.stamp.n == 0) return;
  const auto notice = messages::decode_notice(arrived.payload);
  if (!notice) return refuse_bad_payload(arrived.topic, notice.error());
  const Place place{arrived.stamp.epoch, arrived.stamp.n};
  if (!entry.transcript.live(notice->from, notice->message.id, place, now.steady_ms)) return;
  messages::ArchivedMessage told{notice->from, notice->message, arrived.stamp};
  believe_home(entry, told);
  tell(group, told);
  note_order(group, entry, told, now);
}

/// A place in another order than that of the group's home is none.
void Session::believe_home(const GroupEntry& entry, messages::ArchivedMessage& message) {
  auto& home = message.message.home;
  if (home && home->site != entry.roster.header().home) home.reset();
}

/// In a group of this site the order here is the order.
void Session::note_order(const std::string& group, GroupEntry& entry,
                         const messages::ArchivedMessage& message, Now now) {
  if (entry.roster.header().home.empty() || message.message.changes_another()) return;
  const auto& home = message.message.home;
  tell_places(group, entry.order.came(
                         message.from, message.message.id, {message.stamp.epoch, message.stamp.n},
                         home ? std::optional(Place{home->epoch, home->n}) : std::nullopt, now.steady_ms));
}

void Session::tell_places(const std::string& group, const std::vector<HomeOrder::Placed>& placed) {
  for (const HomeOrder::Placed& p : placed)
    events_.push_back(MessagePlaced{group, p.from, p.id, {p.home.epoch, p.home.n}});
}

/// To the app: a message, or what became of one. Only the server names another author than the sender.
void Session::tell(const std::string& group, const messages::ArchivedMessage& told) {
  const messages::ChatMessage& message = told.message;
  const std::string author = message.author.value_or(told.from);
  const bool by_server = message.id.starts_with(messages::kServerIdPrefix);
  if (hidden_.contains(author) && (!by_server || message.author)) return;
  if (!message.changes_another())
    events_.push_back(MessageReceived{from_wire(group, told)});
  else if (message.type == messages::kEdit)
    events_.push_back(MessageEdited{group, author, *message.of, message.text, from_wire(told.stamp)});
  else
    events_.push_back(MessageDeleted{group, author, *message.of, told.from, from_wire(told.stamp)});
}

void Session::on_ack(const std::string& group, GroupEntry& entry, std::string_view payload, Now now) {
  const auto upto = messages::decode_archived_up_to(payload);
  if (!upto) return;
  entry.transcript.acked({upto->epoch, upto->upto}, now.steady_ms);
  for (const messages::HomePlace& p : upto->places)
    tell_places(group, entry.order.placed({p.epoch, p.n}, {p.home_epoch, p.home_n}, now.steady_ms));
  for (const std::string& id : outbox_.archived(group, *upto))
    events_.push_back(OwnMessage{group, id, OwnMessage::State::archived, std::nullopt});
}

void Session::on_signal(const std::string& group, const GroupEntry& entry, const topics::UserId& from,
                        std::string_view payload) {
  if (from == self_.user || hidden_.contains(from.str())) return;
  const auto signal = messages::decode_signal(payload);
  if (!signal) return;
  SignalReceived told{group, from.str(), static_cast<SignalReceived::Kind>(signal->type), signal->epoch,
                      signal->n};
  if (signal->home_n > 0 && !entry.roster.header().home.empty())
    told.home = HomePlace{signal->home_epoch, signal->home_n};
  events_.push_back(std::move(told));
}

std::optional<std::string> Session::send(std::string_view group, std::string_view text,
                                         std::optional<std::string> reply_to, Now now) {
  return queue(std::string(group), {random_id(), "text", std::string(text), std::move(reply_to)}, now);
}

std::optional<std::string> Session::edit(std::string_view group, std::string_view message,
                                         std::string_view text, Now now) {
  if (outbox_.deletes(group, message)) return std::nullopt;  // others may have seen it go already
  return queue(std::string(group),
               {random_id(), std::string(messages::kEdit), std::string(text), {}, std::string(message)}, now);
}

std::optional<std::string> Session::delete_message(std::string_view group, std::string_view message,
                                                   Now now) {
  return queue(std::string(group),
               {random_id(),
                std::string(messages::kDelete),
                std::string(messages::kDeletedText),
                {},
                std::string(message)},
               now);
}

std::optional<std::string> Session::queue(const std::string& group, messages::ChatMessage message, Now now) {
  if (find_started(group) == nullptr) return std::nullopt;
  std::string id = message.id;
  // The codec knows what a usable text is: what it would refuse at the receivers is refused here.
  if (!messages::decode_chat_message(encode(message))) return std::nullopt;
  for (const std::string& older : outbox_.drop_changes(group, message))
    events_.push_back(OwnMessage{group, older, OwnMessage::State::dropped, std::nullopt});
  if (!outbox_.add(group, std::move(message))) return std::nullopt;
  flush(now);
  return id;
}

void Session::signal(std::string_view group, SignalReceived::Kind kind, Place up_to, Place home) {
  if (phase_ != Phase::up || find_started(group) == nullptr) return;
  publish(topics::signal_topic(self_.site, GroupId::parse(group), self_.user),
          encode(messages::Signal{static_cast<messages::Signal::Type>(kind), up_to.epoch, up_to.n, home.epoch,
                                  home.n}),
          0);
}

// ---- The app's questions ----------------------------------------------------------------------------------

const Session::GroupEntry* Session::find_started(std::string_view group) const {
  const auto entry = groups_.find(group);
  return entry == groups_.end() || !entry->second.started ? nullptr : &entry->second;
}

Session::GroupEntry* Session::find_started(std::string_view group) {
  return const_cast<GroupEntry*>(std::as_const(*this).find_started(group));
}

Group Session::describe(const std::string& id, const GroupEntry& entry) const {
  const messages::RosterHead& head = entry.roster.header();
  return {.id = id,
          .plan = head.plan,
          .name = head.name,
          .started_ms = head.started_ms,
          .ends_ms = head.ends_ms,
          .version = entry.roster.version(),
          .settled = entry.roster.settled(),
          .members = head.members,
          .available = head.available,
          .pages = head.pages,
          .pages_held = entry.roster.pages_held(),
          .announcement_only = head.rules.announcement_only,
          .slow_ms = head.rules.slow_ms,
          .per_minute = head.rules.per_minute,
          .home = head.home};
}

std::vector<Group> Session::groups() const {
  std::vector<Group> all;
  for (const auto& [id, entry] : groups_)
    if (entry.started) all.push_back(describe(id, entry));
  return all;
}

std::optional<Group> Session::group(std::string_view id) const {
  const GroupEntry* entry = find_started(id);
  if (entry == nullptr) return std::nullopt;
  return describe(std::string(id), *entry);
}

std::vector<Buddy> Session::buddies(std::string_view group) const {
  const GroupEntry* entry = find_started(group);
  if (entry == nullptr) return {};
  std::vector<Buddy> all = from_wire(entry->roster.buddies());
  std::erase_if(all, [this](const Buddy& b) { return hidden_.contains(b.user); });
  return all;
}

std::vector<Buddy> Session::available_buddies(std::string_view group) const {
  std::vector<Buddy> all = buddies(group);
  std::erase_if(all, [this](const Buddy& b) {
    return b.presence != Presence::available || b.user == self_.user.str();
  });
  return all;
}

}  // namespace convoke::sdk
