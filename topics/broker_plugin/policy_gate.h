#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "topics/broker_plugin/client_table.h"
#include "topics/broker_plugin/counters.h"
#include "topics/broker_plugin/denial_log.h"
#include "topics/broker_plugin/last_topic.h"
#include "topics/broker_plugin/membership_feed.h"
#include "topics/broker_plugin/rate_limiter.h"
#include "topics/broker_plugin/sign_ins.h"
#include "topics/broker_plugin/stamper.h"
#include "topics/policy.h"
#include "topics/token/token.h"

namespace convoke::broker_plugin {

/// What becomes of a connection. `try_later` is not the client's fault: the broker has not been fed yet.
enum class Admission : std::uint8_t { accepted, refused, try_later };

/// What becomes of a published message that the policy has allowed.
struct MessageVerdict {
  bool allowed = true;
  std::int64_t put_off_ms = 0;           // not 0: it came too soon by that, and nobody gets it
  bool drop_retain = false;              // goes on, but not as a retained message
  std::optional<messages::Stamp> stamp;  // to be added as user properties
};

/// What the devices of a sender are told, beside the PUBACK, of a chat message that came too soon.
struct PutOffNotice {
  std::string topic, payload;
};
PutOffNotice put_off_notice(const topics::SiteId& site, std::string_view chat_topic, std::int64_t put_off_ms);

/// Everything the plugin decides, in plain values: no broker types, no clock, no I/O but the log function.
/// Lives in the broker's one thread. All times are Unix ms; `id` is an MQTT client id.
class PolicyGate {
 public:
  /// Takes one line for the broker's log. Never gets tokens or payloads.
  using Log = std::function<void(const std::string& line)>;

  PolicyGate(topics::SiteId site, token::KeySet keys, Stamper stamper, RateLimiter limiter, Log log);

  /// A client shows a token. Accepted only with a token that holds, under the client id that the token gives
  /// it.
  Admission connect(std::string_view id, std::string_view token, Connection connection, std::int64_t now_ms);
  void disconnected(std::string_view id, Connection connection, std::int64_t now_ms);

  /// May this client publish to, subscribe to, or receive from that topic? Asked for every delivery, so it
  /// takes no time: a refusal is logged with that of the last tick. `asking` counts for publish only: a
  /// connection that is not the client's live one is over, and what it still has to say is its will.
  bool allows(std::string_view id, Connection asking, topics::Access access, std::string_view topic,
              bool retain);

  /// A message that `allows` has let through. `response_topic`: the property of that name, where there is
  /// one.
  MessageVerdict message(std::string_view id, std::string_view topic,
                         std::optional<std::string_view> response_topic, bool retain, std::int64_t now_ms);
  void count_stripped_properties() { ++counters_.properties_stripped; }

  /// Applies one message of the server's feed, all of it or nothing, and gives the answer to send.
  std::string feed(std::string_view payload, std::int64_t now_ms);

  /// What the server asked to be told: who has proved a number or an address by connecting. Empty: nothing
  /// now.
  std::string sign_ins(std::int64_t now_ms);

  /// Ids of clients to be disconnected now: their token has ended or was revoked.
  std::vector<std::string> tick(std::int64_t now_ms);

  /// Uses other keys from now on. Connections made with the old ones stay.
  void replace_keys(token::KeySet keys) { keys_ = std::move(keys); }

 private:
  std::int64_t too_soon(const topics::TopicView& chat, std::int64_t now_ms);
  Admission refuse(std::string_view id, std::string_view why, std::int64_t now_ms);
  bool deny(std::string_view id, topics::Access access, topics::Decision why, std::string_view topic);
  topics::Decision decide(const topics::Principal& who, topics::Access access, std::string_view topic,
                          bool retain);
  topics::Decision decide_will(std::string_view topic, bool retain);
  bool is_taken(const topics::Principal& newcomer) const;
  bool is_revoked(const token::Verified& verified) const;
  void apply(const messages::FeedOp& op, std::int64_t now_ms);
  void revoke(const messages::FeedRevoke& op, std::int64_t now_ms);
  token::Verdict verify(std::string_view id, std::string_view token, std::int64_t now_ms) const;
  std::string_view peer_in(std::string_view id) const;
  void feed_peers(const messages::FeedOp& op);
  std::vector<std::pair<std::string, std::uint64_t>> counters() const;

  const topics::SiteId site_;
  token::KeySet keys_;
  Stamper stamper_;
  RateLimiter limiter_;
  Log log_;
  ClientTable clients_;
  MembershipFeed membership_;
  SignIns sign_ins_;
  std::unordered_map<std::string, std::int64_t> revoked_before_ms_;  // user -> tokens issued before are void
  std::unordered_map<std::string, std::int64_t> marked_before_ms_;   // the same by the user's mark
  using Peers = std::map<std::string, token::KeySet, std::less<>>;
  Peers peers_;                       // by site: who signs its tokens
  std::optional<Peers> other_peers_;  // between "begin" and "ready"
  std::vector<std::string> to_kick_;
  Counters counters_;
  DenialLog denials_;
  LastTopic last_topic_;
  std::int64_t tick_ms_ = 0;
};

}  // namespace convoke::broker_plugin
