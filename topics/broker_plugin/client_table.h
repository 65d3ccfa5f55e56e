#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "topics/principal.h"

namespace convoke::broker_plugin {

/// Names one connection, so that the end of an old one is not taken for the end of the one that replaced it.
/// Only ever compared, never followed. Null: no connection.
using Connection = const void*;

/// True for the roles that people have. Their tokens can be revoked by user id; servers and peers have ids of
/// another kind, which may be the same text.
bool is_user(const topics::Principal& principal);

/// What is known of one client id.
struct Client {
  topics::Principal principal;
  std::int64_t issued_s = 0;        // of the token it connected with
  std::int64_t expires_s = 0;       // of the token it connected with
  Connection connection = nullptr;  // null: only its session lives on in the broker
};

/// Who speaks under each client id. A client that is gone is remembered for as long as the broker may hold
/// its session (persistent_client_expiration, a day), because what is queued for it is decided when it is
/// queued.
class ClientTable {
 public:
  static constexpr std::int64_t kRememberMs = 25 * 3'600'000LL;

  /// The client, or null. Valid until the next change.
  const Client* find(std::string_view id) const;

  /// A client has connected; it replaces whoever had this id before.
  void connected(std::string_view id, Client client);
  /// That connection is over. Ignored if another has replaced it.
  void disconnected(std::string_view id, Connection connection, std::int64_t now_ms);

  /// Ids of the live clients whose tokens have ended, who count as gone from now on. Forgets who is gone too
  /// long.
  std::vector<std::string> expire(std::int64_t now_ms);
  /// Ids of the live clients of the user with a token issued before that time; forgets the user's other such
  /// ids.
  std::vector<std::string> revoke(std::string_view user, std::int64_t issued_before_ms, std::int64_t now_ms);

  std::size_t size() const { return clients_.size(); }
  std::size_t live() const { return live_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  struct Entry {
    Client client;
    std::int64_t due_ms = 0;  // live: the token ends; gone: to be forgotten
  };
  // Asked for every delivery, and mostly not in the cache then: the flat map touches half the memory of
  // std's.
  using Entries = boost::unordered_flat_map<std::string, Entry, Hash, std::equal_to<>>;

  void set_gone(Entries::iterator at, std::int64_t now_ms);
  void set_due(Entries::iterator at, std::int64_t due_ms);
  void erase(Entries::iterator at);

  Entries clients_;
  std::set<std::pair<std::int64_t, std::string>> due_;  // exactly one for each entry
  std::size_t live_ = 0;
};

}  // namespace convoke::broker_plugin
