#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mobile-sdk/src/session.h"
#include "tests/simulation/agenda.h"
#include "tests/simulation/broker.h"
#include "tests/simulation/random.h"

namespace convoke::simulation {

/// A message as an app shows it.
struct Shown {
  std::string text;
  bool told = false;  // the message itself, not just what became of it
  bool deleted = false;
  std::optional<sdk::Stamp> changed;        // place of the edit or delete
  bool unsure = false;                      // this phone's own, and changed or dropped by it
  std::optional<sdk::HomePlace> home = {};  // in a chat of another site: its place there
};

/// What an app holds of one chat.
struct Chat {
  std::map<std::pair<std::string, std::string>, Shown> messages;  // by sender and id
};

/// One phone: the real SDK session, and an app that shows what it is told and checks that it makes sense.
class Phone final : public Endpoint {
 public:
  struct Watch {
    std::function<void(const std::string& group, const std::string& id, std::int64_t said_ms)>
        archived;  // an own text message
    std::function<void(const std::string& plan, bool registered)> registered;
    std::function<void(const std::string& user, bool blocked)> blocked;
    std::function<void(const std::string& topic)> heard;  // and has done what follows from it
    std::function<std::string()> fresh_token;             // the app's backend makes one
    std::function<void(const std::string&)> trace;
  };

  Phone(Agenda& agenda, Random random, Broker& broker, std::string user, std::string token, Watch watch,
        std::string site = "demo");

  const std::string& user() const { return user_; }
  bool running() const { return session_ != nullptr; }
  bool wants_connection() const { return running() && open_; }
  bool connected() const { return running() && session_->connected(); }
  const sdk::Session& session() const { return *session_; }
  const std::map<std::string, Chat>& chats() const { return chats_; }
  sdk::Presence presence() const { return presence_; }
  const std::set<std::string>& left() const { return left_; }

  // What its user does.
  void start();  // the app
  void kill();
  void reinstall();  // what it kept is gone
  void open();
  void close();
  void set_presence(sdk::Presence presence);
  void go_to(double lat, double lon);
  void report_position();
  void send(const std::string& group, const std::string& text);
  void edit_own(const std::string& group, const std::string& text);
  void delete_own(const std::string& group);
  void report_other(const std::string& group);
  void leave(const std::string& group);
  void set_registered(const std::string& plan, bool registered);
  void set_blocked(const std::string& user, bool blocked);
  void let_other_sites(bool allow);
  void load_more(const std::string& group);
  void signal(const std::string& group);
  void erase();

  // What happens to it.
  void cut(std::int64_t notices_ms);
  std::string client_id() const { return site_ + ":" + user_ + ":phone"; }

  // Endpoint
  void up(bool session_present) override;
  void down(int code) override;
  void arrived(const Message& message) override;
  void published(std::uint64_t ticket, int code) override;
  void subscribed(std::uint64_t ticket, const std::vector<int>& codes) override;

 private:
  sdk::Now now() const { return {agenda_.now(), agenda_.now()}; }
  void after();
  void obey(const sdk::Command& command);
  void set_tick();
  void on(const sdk::ChatStarted& event);
  void on(const sdk::ChatEnded& event);
  void on(const sdk::MessageReceived& event);
  void on(const sdk::MessageEdited& event);
  void on(const sdk::MessageDeleted& event);
  void on(const sdk::MessagePlaced& event);
  void on(const sdk::OwnMessage& event);
  void on(const sdk::Registered& event) { watch_.registered(event.plan, event.registered); }
  void on(const sdk::Blocked& event) { watch_.blocked(event.user, event.blocked); }
  void on(const sdk::PositionWanted&) { wanted_ = true; }
  template <class Other>
  void on(const Other&) {}
  std::optional<std::string> own_message(const std::string& group);

  Agenda& agenda_;
  Random random_;
  Broker& broker_;
  std::string user_, token_;
  Watch watch_;
  std::string site_;
  std::unique_ptr<sdk::Session> session_;
  ConnectionPtr connection_;
  std::string saved_;  // what the phone keeps
  std::uint64_t life_ = 0;
  std::int64_t tick_ms_ = 0;
  bool open_ = false, wanted_ = false;
  sdk::Presence presence_ = sdk::Presence::available;
  double lat_ = 0, lon_ = 0;

  // Of this process.
  std::map<std::string, Chat> chats_;
  std::set<std::string> remembered_;  // groups that it held before it was started
  std::map<std::string, std::map<std::string, std::int64_t>> own_texts_;  // id and when, by group
  std::set<std::string> left_;
};

}  // namespace convoke::simulation
