#pragma once

#include <gmock/gmock.h>

#include "mobile-sdk/src/session.h"
#include "topics/messages/request.h"

/// A session on a table: the test plays the broker, the server and the clock.
namespace convoke::sdk {

inline const std::string kGroup(32, 'a');
inline const std::string kPrefix = "cv1/demo/g/" + kGroup + "/";
inline const std::string kOwn = "cv1/demo/u/mia/phone/";
inline const std::string kInbox = "cv1/demo/u/mia/in";

inline messages::RosterHead header(std::uint64_t version, std::uint32_t pages = 1) {
  messages::RosterHead head;
  head.group = kGroup;
  head.plan = "hall-a";
  head.name = "Hall A";
  head.started_ms = 1'000;
  head.version = version;
  head.pages = pages;
  head.members = 2;
  head.available = 2;
  return head;
}

inline messages::RosterPage first_page(std::uint64_t version) {
  return {kGroup,
          version,
          0,
          {{"ben", "Ben", messages::PresenceState::available, {}},
           {"mia", "Mia", messages::PresenceState::available, {}}}};
}

class Phone {
 public:
  explicit Phone(const SavedState& saved = {}, bool suppress_positions = true, std::uint64_t seed = 7)
      : session_(self(), seed, saved, now_, suppress_positions) {}

  Session& session() { return session_; }
  Now now() const { return now_; }

  void wait(std::int64_t ms) {
    now_.steady_ms += ms;
    now_.unix_ms += ms;
    session_.tick(now_);
    collect();
  }
  void on(const LinkEvent& event) {
    session_.on(event, now_);
    collect();
  }
  void open() {
    session_.open(now_);
    collect();
  }
  void report(const Fix& fix) {
    session_.report_position(fix, now_);
    collect();
  }
  void arrive(const std::string& topic, const std::string& payload, messages::Stamp stamp = {}) {
    on(Arrived{topic, payload, std::move(stamp)});
  }
  /// Connected, resumed, and nothing held.
  void online(bool session_present = false, const messages::ResumeAnswer& answer = {}) {
    open();
    on(LinkUp{session_present});
    respond(request<messages::ResumeRequest>().first, answer);
  }
  void start_group(std::uint64_t version = 1, std::uint32_t pages = 1) {
    arrive(kInbox, encode(messages::InboxMessage(messages::ChatStart{header(version, pages)})));
    load(version, pages);
  }
  void load(std::uint64_t version, std::uint32_t pages = 1) {
    arrive(kPrefix + "head", encode(header(version, pages)));
    arrive(kPrefix + "buddies/0", encode(first_page(version)));
  }
  void end_group() {
    arrive(kInbox, encode(messages::InboxMessage(messages::ChatEnd{kGroup, "hall-a", "duration", 5'000})));
  }
  void chat(const std::string& from, const std::string& id, std::uint64_t epoch, std::uint64_t n) {
    arrive(kPrefix + "chat/" + from, encode(messages::ChatMessage{id, "text", "hello", {}}),
           {"demo", epoch, n, 1});
  }
  template <class Answer>
  void respond(const std::string& id, Answer answer) {
    arrive(kOwn + "res", encode(messages::Response{id, std::move(answer)}));
  }
  /// Answers whatever histories are asked for with "nothing".
  void no_history() {
    while (asked<messages::HistoryRequest>())
      respond(request<messages::HistoryRequest>().first, messages::HistoryAnswer{});
  }

  /// Takes the oldest command of this kind that has not been taken; fails if there is none.
  template <class C>
  C take() {
    for (auto it = commands_.begin(); it != commands_.end(); ++it) {
      if (!std::holds_alternative<C>(*it)) continue;
      C found = std::get<C>(*it);
      commands_.erase(it);
      return found;
    }
    ADD_FAILURE() << "no such command";
    return {};
  }
  template <class C>
  bool has() const {
    for (const Command& command : commands_)
      if (std::holds_alternative<C>(command)) return true;
    return false;
  }
  /// Takes what was published on a topic, oldest first.
  std::vector<PublishCommand> take_published(const std::string& topic) {
    std::vector<PublishCommand> found;
    for (const Command& command : commands_)
      if (const auto* p = std::get_if<PublishCommand>(&command); p != nullptr && p->topic == topic)
        found.push_back(*p);
    std::erase_if(commands_, [&](const Command& command) {
      const auto* p = std::get_if<PublishCommand>(&command);
      return p != nullptr && p->topic == topic;
    });
    return found;
  }
  /// Takes the oldest request of this kind: its id and itself.
  template <class R>
  std::pair<std::string, R> request() {
    for (auto it = commands_.begin(); it != commands_.end(); ++it) {
      const std::optional<messages::Request> found = request_in<R>(*it);
      if (!found) continue;
      commands_.erase(it);
      return {found->id, std::get<R>(found->op)};
    }
    ADD_FAILURE() << "no such request";
    return {};
  }
  template <class R>
  bool asked() const {
    return std::any_of(commands_.begin(), commands_.end(),
                       [](const Command& c) { return request_in<R>(c).has_value(); });
  }
  /// The broker grants every SUBSCRIBE that has not been taken, and takes it.
  void grant_subscriptions() {
    while (has<SubscribeCommand>()) {
      const auto asked = take<SubscribeCommand>();
      on(SubscribeDone{asked.ticket, std::vector<int>(asked.filters.size(), 1)});
    }
  }
  void forget_commands() { commands_.clear(); }

  template <class E>
  std::vector<E> take_events() {
    std::vector<E> found;
    for (const Event& event : events_)
      if (const auto* e = std::get_if<E>(&event)) found.push_back(*e);
    std::erase_if(events_, [](const Event& event) { return std::holds_alternative<E>(event); });
    return found;
  }

 private:
  static Self self() {
    return {topics::SiteId::parse("demo"), topics::UserId::parse("mia"), topics::DeviceId::parse("phone")};
  }
  template <class R>
  static std::optional<messages::Request> request_in(const Command& command) {
    const auto* published = std::get_if<PublishCommand>(&command);
    if (published == nullptr || published->topic != kOwn + "req") return std::nullopt;
    const auto request = messages::decode_request(published->payload);
    if (!request || !std::holds_alternative<R>(request->op)) return std::nullopt;
    return *request;
  }
  void collect() {
    for (Command& command : session_.take_commands()) commands_.push_back(std::move(command));
    for (Event& event : session_.take_events()) events_.push_back(std::move(event));
  }

  Now now_{1'000'000, 1'767'225'600'000};
  Session session_;
  std::vector<Command> commands_;
  std::vector<Event> events_;
};

}  // namespace convoke::sdk
