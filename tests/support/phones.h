#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "convoke/client.h"
#include "tests/support/test_tokens.h"

namespace convoke::test {

/// One phone on the real SDK, and all that it has seen.
struct Phone {
  std::string user;
  std::unique_ptr<sdk::Client> client;
  std::set<std::string> started, ended;                   // groups
  std::map<std::string, std::set<std::string>> received;  // group -> message ids, own ones too once sent
  std::set<std::string> texts;                            // of all messages received, after "user: "
  std::map<std::string, sdk::Message> said;               // these, by the same
  std::map<std::string, sdk::HomePlace> places;           // in another site's chat, by "user/id"
  std::set<std::string> archived;                         // own message ids that are safe with the server
  std::set<std::string> available;                        // as the server answered
  int repeats = 0;                                        // of anything that must come once
  std::string story;  // what happened, for the message of a test that fails
  std::string broker_url, device, storage;
};

/// A few phones in one process, polled by the test's own thread.
class Phones {
 public:
  Phones(const TestTokens& tokens, const std::string& broker_url, int count) : tokens_(tokens) {
    for (int i = 0; i < count; ++i) add("user" + std::to_string(i), broker_url);
  }

  /// `storage`: a file in which the phone keeps what it must not forget; empty: it forgets with its process.
  void add(const std::string& user, const std::string& broker_url, const std::string& device = "phone",
           const std::string& storage = {}) {
    auto phone = std::make_unique<Phone>();
    phone->user = user;
    phone->broker_url = broker_url;
    phone->device = device;
    phone->storage = storage;
    phones_.push_back(std::move(phone));
    restart(phones_.size() - 1);
  }
  /// The app's process ends, and begins anew.
  void restart(std::size_t i) {
    Phone& phone = *phones_[i];
    phone.client.reset();
    sdk::Options o;
    o.brokers = {phone.broker_url};
    o.site = tokens_.site();
    o.user = phone.user;
    o.device = phone.device;
    o.token = [this, user = phone.user, device = phone.device] {
      return tokens_.make(topics::Role::terminal, user, device);
    };
    if (!phone.storage.empty()) o.storage = sdk::file_storage(phone.storage);
    phone.client = std::make_unique<sdk::Client>(std::move(o));
    phone.client->open();
  }

  std::vector<std::unique_ptr<Phone>>& all() { return phones_; }
  Phone& operator[](std::size_t i) { return *phones_[i]; }
  std::size_t size() const { return phones_.size(); }
  /// What each phone has seen, a line each.
  std::string stories() const {
    std::string out;
    for (const auto& phone : phones_) {
      out += phone->user + ":" + phone->story + " |";
      for (const sdk::Group& g : phone->client->groups())
        out += " holds version " + std::to_string(g.version) + " of " + std::to_string(g.members) +
               " members, " + std::to_string(g.pages_held) + " of " + std::to_string(g.pages) + " pages";
      out += "\n";
    }
    return out;
  }
  /// How many events all phones have seen so far: a clock of what happened.
  int seen() const { return seen_; }

  /// Polls all phones until `condition` holds; false if it does not within `patience`.
  bool until(const std::function<bool()>& condition,
             std::chrono::seconds patience = std::chrono::seconds(60)) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (true) {
      for (auto& phone : phones_) phone->client->poll([&](const sdk::Event& e) { note(*phone, e); });
      if (condition()) return true;
      if (std::chrono::steady_clock::now() > deadline) return false;
      phones_[0]->client->wait_and_poll(std::chrono::milliseconds(5),
                                        [&](const sdk::Event& e) { note(*phones_[0], e); });
    }
  }
  template <class F>
  bool until_all(F condition) {
    return until([&] {
      for (auto& phone : phones_)
        if (!condition(*phone)) return false;
      return true;
    });
  }

 private:
  void note(Phone& phone, const sdk::Event& event) {
    ++seen_;
    tell(phone, event);
    if (auto* e = std::get_if<sdk::ChatStarted>(&event))
      phone.repeats += !phone.started.insert(e->group.id).second;
    if (auto* e = std::get_if<sdk::ChatEnded>(&event)) phone.repeats += !phone.ended.insert(e->group).second;
    if (auto* e = std::get_if<sdk::AvailableBuddies>(&event))
      for (const sdk::Buddy& buddy : e->buddies) phone.available.insert(buddy.user);
    if (auto* e = std::get_if<sdk::MessageReceived>(&event)) {
      phone.texts.insert(e->message.from + ": " + e->message.text);
      phone.said[e->message.from + ": " + e->message.text] = e->message;
      phone.repeats += !phone.received[e->message.group].insert(e->message.from + "/" + e->message.id).second;
    }
    if (auto* e = std::get_if<sdk::MessageReceived>(&event); e && e->message.home)
      phone.places[e->message.from + "/" + e->message.id] = *e->message.home;
    if (auto* e = std::get_if<sdk::MessagePlaced>(&event)) phone.places[e->from + "/" + e->id] = e->home;
    if (auto* e = std::get_if<sdk::OwnMessage>(&event); e && e->state == sdk::OwnMessage::State::archived)
      phone.archived.insert(phone.user + "/" + e->id);
  }

  static void tell(Phone& phone, const sdk::Event& event) {
    std::string& s = phone.story;
    if (std::get_if<sdk::Connected>(&event)) s += " connected";
    if (auto* e = std::get_if<sdk::Disconnected>(&event)) s += " disconnected(" + e->reason + ")";
    if (std::get_if<sdk::ChatStarted>(&event)) s += " started";
    if (auto* e = std::get_if<sdk::BuddyListChanged>(&event))
      s += " list(" + std::to_string(e->version) + ")";
    if (auto* e = std::get_if<sdk::ChatEnded>(&event)) s += " ended(" + e->reason + ")";
    if (auto* e = std::get_if<sdk::MessageEdited>(&event)) s += " edited(" + e->from + " " + e->text + ")";
    if (auto* e = std::get_if<sdk::MessageDeleted>(&event)) s += " deleted(" + e->from + " by " + e->by + ")";
    if (auto* e = std::get_if<sdk::SignalReceived>(&event)) {
      static constexpr const char* kKinds[] = {"typing", "delivered", "read"};
      s += " " + std::string(kKinds[static_cast<int>(e->kind)]) + "(" + e->from + " " + std::to_string(e->n);
      s += (e->home ? " home " + std::to_string(e->home->n) : "") + ")";
    }
    if (auto* e = std::get_if<sdk::Blocked>(&event)) s += " blocked(" + e->user + ")";
    if (std::get_if<sdk::Erased>(&event)) s += " erased";
    if (auto* e = std::get_if<sdk::Refused>(&event))
      s += " refused(" + e->what + " " + e->topic + " " + e->detail + ")";
  }

  const TestTokens& tokens_;
  std::vector<std::unique_ptr<Phone>> phones_;
  int seen_ = 0;
};

}  // namespace convoke::test
