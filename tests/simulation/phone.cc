#include "tests/simulation/phone.h"

#include "tests/simulation/violation.h"
#include "topics/messages/stamp.h"

namespace convoke::simulation {
namespace {

bool later(const sdk::Stamp& a, const sdk::Stamp& b) {
  return std::pair(a.epoch, a.n) > std::pair(b.epoch, b.n);
}

}  // namespace

Phone::Phone(Agenda& agenda, Random random, Broker& broker, std::string user, std::string token, Watch watch,
             std::string site)
    : agenda_(agenda),
      random_(random),
      broker_(broker),
      user_(std::move(user)),
      token_(std::move(token)),
      watch_(std::move(watch)),
      site_(std::move(site)) {}

// ---- The app's process ------------------------------------------------------------------------------------

void Phone::start() {
  if (session_) return;
  ++life_;
  const sdk::SavedState saved = sdk::parse_saved_state(saved_);
  for (const auto& held : saved.groups) remembered_.insert(held.group);
  session_ = std::make_unique<sdk::Session>(
      sdk::Self{topics::SiteId::parse(site_), topics::UserId::parse(user_), topics::DeviceId::parse("phone")},
      random_.next(), saved, now());
  session_->set_presence(presence_);
  after();
}

void Phone::kill() {
  if (!session_) return;
  watch_.trace(user_ + " is killed");
  ++life_;
  tick_ms_ = 0;
  if (connection_) broker_.abandon(std::exchange(connection_, nullptr));
  session_.reset();
  open_ = false;
  chats_.clear();
  remembered_.clear();
  own_texts_.clear();
  left_.clear();
}

void Phone::reinstall() {
  kill();
  saved_.clear();
}

void Phone::open() {
  start();
  open_ = true;
  session_->open(now());
  after();
}

void Phone::close() {
  if (!session_) return;
  open_ = false;
  session_->close();
  after();
}

void Phone::cut(std::int64_t notices_ms) {
  if (connection_) broker_.cut(connection_, notices_ms, random_.between(0, 60'000));
}

/// Carries out what the session orders and tells; the end of every input.
void Phone::after() {
  for (;;) {
    const auto commands = session_->take_commands();
    const auto events = session_->take_events();
    for (const auto& command : commands) obey(command);
    for (const auto& event : events) std::visit([this](const auto& e) { on(e); }, event);
    if (std::exchange(wanted_, false))
      session_->report_position({agenda_.now(), lat_, lon_, 5.0}, now());
    else if (commands.empty() && events.empty())
      break;
  }
  if (const auto state = session_->take_state_to_save()) saved_ = format(*state);
  set_tick();
}

void Phone::obey(const sdk::Command& command) {
  if (const auto* c = std::get_if<sdk::ConnectCommand>(&command)) {
    if (connection_) broker_.abandon(connection_);
    if (c->fresh_token) token_ = watch_.fresh_token();
    connection_ = broker_.connect(*this, client_id(), token_, {c->will_topic, c->will_payload, "", true, {}});
  } else if (std::holds_alternative<sdk::DisconnectCommand>(command)) {
    if (connection_) broker_.disconnect(connection_);
  } else if (const auto* p = std::get_if<sdk::PublishCommand>(&command)) {
    broker_.publish(connection_, {p->topic, p->payload, "", p->retain, {}}, p->qos, p->ticket);
  } else if (const auto* s = std::get_if<sdk::SubscribeCommand>(&command)) {
    std::vector<Broker::Filter> filters;
    for (const auto& [text, qos] : s->filters) filters.push_back({text, qos, true});
    broker_.subscribe(connection_, std::move(filters), s->ticket);
  } else {
    broker_.unsubscribe(connection_, std::get<sdk::UnsubscribeCommand>(command).filters);
  }
}

void Phone::set_tick() {
  const auto next = session_->next_tick();
  if (!next || (tick_ms_ != 0 && tick_ms_ <= *next)) return;
  tick_ms_ = std::max(*next, agenda_.now() + 1);
  agenda_.at(tick_ms_, [this, at = tick_ms_, life = life_] {
    if (life != life_ || tick_ms_ != at) return;
    tick_ms_ = 0;
    session_->tick(now());
    after();
  });
}

// ---- What its user does -----------------------------------------------------------------------------------

void Phone::set_presence(sdk::Presence presence) {
  presence_ = presence;
  if (!session_) return;
  session_->set_presence(presence);
  after();
}

void Phone::go_to(double lat, double lon) {
  lat_ = lat;
  lon_ = lon;
  report_position();
}

void Phone::report_position() {
  if (!session_) return;
  session_->report_position({agenda_.now(), lat_, lon_, 5.0}, now());
  after();
}

void Phone::send(const std::string& group, const std::string& text) {
  if (!session_) return;
  const auto id = session_->send(group, text, {}, now());
  if (id) {
    chats_[group].messages[{user_, *id}] = {text, true, false, {}, false};
    own_texts_[group][*id] = agenda_.now();
  }
  after();
}

std::optional<std::string> Phone::own_message(const std::string& group) {
  const auto own = own_texts_.find(group);
  if (own == own_texts_.end() || own->second.empty()) return std::nullopt;
  return std::next(own->second.begin(), static_cast<std::ptrdiff_t>(random_.below(own->second.size())))
      ->first;
}

void Phone::edit_own(const std::string& group, const std::string& text) {
  const auto id = session_ ? own_message(group) : std::nullopt;
  if (!id || !session_->edit(group, *id, text, now())) return;
  chats_[group].messages[{user_, *id}].unsure = true;
  after();
}

void Phone::delete_own(const std::string& group) {
  const auto id = session_ ? own_message(group) : std::nullopt;
  if (!id || !session_->delete_message(group, *id, now())) return;
  chats_[group].messages[{user_, *id}].unsure = true;
  after();
}

void Phone::report_other(const std::string& group) {
  const auto chat = chats_.find(group);
  if (!session_ || chat == chats_.end() || chat->second.messages.empty()) return;
  const auto& [from, id] = chat->second.messages.begin()->first;
  session_->report(group, from, id, "rude", now());
  after();
}

void Phone::leave(const std::string& group) {
  if (!session_ || !session_->leave(group, now())) return;
  left_.insert(group);
  after();
}

void Phone::set_registered(const std::string& plan, bool registered) {
  if (!session_) return;
  session_->set_registered(plan, registered, now());
  after();
}

void Phone::set_blocked(const std::string& user, bool blocked) {
  if (!session_) return;
  session_->set_blocked(user, blocked, now());
  after();
}

void Phone::let_other_sites(bool allow) {
  if (!session_) return;
  session_->let_other_sites(allow, now());
  after();
}

void Phone::load_more(const std::string& group) {
  if (!session_) return;
  session_->load_more_buddies(group, now());
  after();
}

void Phone::signal(const std::string& group) {
  if (!session_) return;
  session_->signal(group, sdk::SignalReceived::Kind::typing, {}, {});
  after();
}

void Phone::erase() {
  if (!session_) return;
  session_->erase_user(now());
  after();
}

// ---- What the SDK tells -----------------------------------------------------------------------------------

void Phone::on(const sdk::ChatStarted& event) {
  watch_.trace(user_ + " is in " + event.group.id);
  require(chats_.emplace(event.group.id, Chat{}).second, "a chat started that was open at this phone");
  remembered_.erase(event.group.id);
}

void Phone::on(const sdk::ChatEnded& event) {
  watch_.trace(user_ + " is out of " + event.group + ": " + event.reason);
  const bool known = chats_.erase(event.group) > 0 || remembered_.erase(event.group) > 0;
  require(known, "a chat ended that was not open at this phone");
  own_texts_.erase(event.group);
  left_.erase(event.group);
}

void Phone::on(const sdk::MessageReceived& event) {
  const sdk::Message& m = event.message;
  const auto chat = chats_.find(m.group);
  require(chat != chats_.end(), "a message came for a chat that is not open at this phone");
  Shown& shown = chat->second.messages[{m.from, m.id}];
  if (std::exchange(shown.told, true))
    throw Violation(user() + " is told twice of message " + m.id + " of " + m.from + " in " + m.group);
  if (!shown.changed) shown.text = m.text;
  shown.deleted = shown.deleted || m.deleted;
  if (m.home) shown.home = m.home;
}

void Phone::on(const sdk::MessageEdited& event) {
  const auto chat = chats_.find(event.group);
  require(chat != chats_.end(), "an edit came for a chat that is not open at this phone");
  Shown& shown = chat->second.messages[{event.from, event.id}];
  if (shown.deleted || (shown.changed && !later(event.stamp, *shown.changed))) return;
  shown.text = event.text;
  shown.changed = event.stamp;
}

void Phone::on(const sdk::MessageDeleted& event) {
  const auto chat = chats_.find(event.group);
  require(chat != chats_.end(), "a delete came for a chat that is not open at this phone");
  Shown& shown = chat->second.messages[{event.from, event.id}];
  shown.deleted = true;
  shown.changed = event.stamp;
}

void Phone::on(const sdk::MessagePlaced& event) {
  const auto chat = chats_.find(event.group);
  require(chat != chats_.end(), "a place came for a chat that is not open at this phone");
  const auto shown = chat->second.messages.find({event.from, event.id});
  if (shown != chat->second.messages.end()) shown->second.home = event.home;
}

void Phone::on(const sdk::OwnMessage& event) {
  const auto own = own_texts_.find(event.group);
  if (own == own_texts_.end() || !own->second.contains(event.id)) return;
  if (event.state == sdk::OwnMessage::State::archived)
    watch_.archived(event.group, event.id, own->second[event.id]);
  if (event.state != sdk::OwnMessage::State::dropped) return;
  own->second.erase(event.id);
  if (const auto chat = chats_.find(event.group); chat != chats_.end()) {
    Shown& shown = chat->second.messages[{user_, event.id}];
    shown.unsure = true;
    shown.told = false;  // a repeat was refused, but the first may have gone through: then it is told of
  }
}

// ---- What the network tells -------------------------------------------------------------------------------

void Phone::up(bool session_present) {
  session_->on(sdk::LinkUp{session_present}, now());
  after();
}

void Phone::down(int code) {
  session_->on(sdk::LinkDown{code, "gone"}, now());
  after();
}

void Phone::arrived(const Message& m) {
  session_->on(sdk::Arrived{m.topic, m.payload, m.stamp.value_or(messages::Stamp{})}, now());
  after();
  watch_.heard(m.topic);
}

void Phone::published(std::uint64_t ticket, int code) {
  session_->on(sdk::PublishDone{ticket, code}, now());
  after();
}

void Phone::subscribed(std::uint64_t ticket, const std::vector<int>& codes) {
  session_->on(sdk::SubscribeDone{ticket, codes}, now());
  after();
}

}  // namespace convoke::simulation
