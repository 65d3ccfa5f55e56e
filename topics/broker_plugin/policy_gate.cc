#include "topics/broker_plugin/policy_gate.h"

#include <algorithm>
#include <exception>
#include <utility>
#include <variant>

#include "topics/messages/inbox.h"
#include "topics/messages/limits.h"
#include "topics/topic.h"

namespace convoke::broker_plugin {

using topics::Access;
using topics::Decision;
using topics::Role;

namespace {

constexpr std::string_view kLinkDevice = ":link";  // ends the client id of another site's server

std::string_view verb(Access access) {
  switch (access) {
    case Access::publish:
      return "publish to";
    case Access::subscribe:
      return "subscribe to";
    case Access::receive:
      return "receive from";
  }
  return "use";
}

/// Why the keys of a peer cannot be used; empty: they can.
std::string bad_keys(const std::vector<messages::FeedOp>& ops) {
  for (std::size_t i = 0; i < ops.size(); ++i) {
    const auto* peer = std::get_if<messages::FeedPeer>(&ops[i]);
    if (!peer || peer->keys.empty()) continue;
    try {
      token::KeySet::parse(peer->keys);
    } catch (const std::exception&) {
      return "ops[" + std::to_string(i) + "].keys: expected a JWK Set";
    }
  }
  return {};
}

}  // namespace

PutOffNotice put_off_notice(const topics::SiteId& site, std::string_view chat_topic,
                            std::int64_t put_off_ms) {
  const auto chat = topics::view_topic(chat_topic);
  if (!chat || chat->kind != topics::Kind::group_chat) return {};
  const auto wait = std::min<std::int64_t>(put_off_ms, messages::kMaxSlowMs);
  return {topics::inbox_topic(site, topics::UserId::parse(chat->user)),
          encode(messages::InboxMessage(messages::RetryAfter{std::string(chat->group), wait}))};
}

PolicyGate::PolicyGate(topics::SiteId site, token::KeySet keys, Stamper stamper, RateLimiter limiter, Log log)
    : site_(std::move(site)),
      keys_(std::move(keys)),
      stamper_(std::move(stamper)),
      limiter_(std::move(limiter)),
      log_(std::move(log)),
      sign_ins_(stamper_.epoch()) {}

Admission PolicyGate::connect(std::string_view id, std::string_view token, Connection connection,
                              std::int64_t now_ms) {
  const token::Verdict verdict = verify(id, token, now_ms);
  if (!verdict.verified) {
    counters_.refused(verdict.refusal);
    return refuse(id, to_string(verdict.refusal), now_ms);
  }
  const token::Verified& verified = *verdict.verified;
  const auto refuse_for = [&](ConnectRefusal why) {
    counters_.refused(why);
    return refuse(id, to_string(why), now_ms);
  };
  if (id != client_id(verified.principal)) return refuse_for(ConnectRefusal::client_id);
  if (is_revoked(verified)) return refuse_for(ConnectRefusal::revoked);
  const Role role = verified.principal.role;
  if (role != Role::server) {
    if (!membership_.ready()) {
      counters_.refused(ConnectRefusal::not_ready);
      return Admission::try_later;
    }
    if (is_taken(verified.principal)) return refuse_for(ConnectRefusal::taken);
  }
  clients_.connected(id, {verified.principal, verified.issued_s, verified.expires_s, connection});
  sign_ins_.connected(verified);
  ++counters_.connected;
  return Admission::accepted;
}

/// Another site's server signs its own tokens. Its keys are good for nothing but speaking for that site.
token::Verdict PolicyGate::verify(std::string_view id, std::string_view token, std::int64_t now_ms) const {
  token::Verdict verdict = token::verify(keys_, token, site_.str(), now_ms / 1000);
  if (verdict.verified) return verdict;
  const auto peer = peers_.find(peer_in(id));
  if (peer == peers_.end()) return verdict;
  token::Verdict as_peer = token::verify(peer->second, token, site_.str(), now_ms / 1000);
  const bool itself = as_peer.verified && as_peer.verified->principal.role == Role::peer &&
                      as_peer.verified->principal.subject == peer->first;
  if (as_peer.verified && !itself) return {std::nullopt, token::Refusal::bad_claim};
  return as_peer;
}

/// The site whose link has this client id; empty if it is none's.
std::string_view PolicyGate::peer_in(std::string_view id) const {
  const std::string before = site_.str() + ":";
  const bool is_link = id.starts_with(before) && id.ends_with(kLinkDevice);
  return is_link && id.size() > before.size() + kLinkDevice.size()
             ? id.substr(before.size(), id.size() - before.size() - kLinkDevice.size())
             : std::string_view();
}

/// A peer that is not named any more, or has other keys, is cut.
void PolicyGate::feed_peers(const messages::FeedOp& op) {
  const auto cut = [&](const std::string& site) {
    to_kick_.push_back(site_.str() + ":" + site + std::string(kLinkDevice));
  };
  if (std::holds_alternative<messages::FeedBegin>(op)) other_peers_.emplace();
  if (std::holds_alternative<messages::FeedReady>(op) && other_peers_) {
    for (const auto& [site, keys] : peers_)
      if (!other_peers_->contains(site)) cut(site);
    peers_ = std::move(*other_peers_);
    other_peers_.reset();
  }
  const auto* peer = std::get_if<messages::FeedPeer>(&op);
  if (!peer) return;
  Peers& all = other_peers_ ? *other_peers_ : peers_;
  if (all.erase(peer->site) > 0) cut(peer->site);
  if (!peer->keys.empty()) all.emplace(peer->site, token::KeySet::parse(peer->keys));
}

/// A user and a server may have the same id. A server always gets its own, and keeps it while it is away:
/// whoever showed its client id would be handed its session, with all that waits in it. Among the others,
/// whoever is there first keeps it.
bool PolicyGate::is_taken(const topics::Principal& newcomer) const {
  if (newcomer.device.str() == "server") return true;
  const Client* present = clients_.find(client_id(newcomer));
  if (!present || present->principal.role == newcomer.role) return false;
  return present->connection || present->principal.role == Role::server;
}

void PolicyGate::disconnected(std::string_view id, Connection connection, std::int64_t now_ms) {
  clients_.disconnected(id, connection, now_ms);
}

bool PolicyGate::allows(std::string_view id, Connection asking, Access access, std::string_view topic,
                        bool retain) {
  const Client* client = clients_.find(id);
  if (!client) return deny(id, access, Decision::deny_role, topic);  // nobody has no business anywhere
  Decision decision = decide(client->principal, access, topic, retain);
  const bool is_will = access == Access::publish && asking != client->connection;
  if (decision == Decision::allow && is_will) decision = decide_will(topic, retain);
  return decision == Decision::allow || deny(id, access, decision, topic);
}

/// A will skips the broker's message event, and with it all that `message` does: no stamp, no properties
/// taken away, no check of the response topic, no retain flag dropped. So it is for topics that need none of
/// it.
Decision PolicyGate::decide_will(std::string_view topic, bool retain) {
  const auto& view = last_topic_.parse(topic);
  if (!view) return Decision::deny_unknown_topic;
  switch (view->kind) {
    case topics::Kind::presence:
    case topics::Kind::server_status:
      return Decision::allow;
    case topics::Kind::owntracks:
      return retain ? Decision::deny_retain : Decision::allow;
    default:
      return Decision::deny_role;
  }
}

Decision PolicyGate::decide(const topics::Principal& who, Access access, std::string_view topic,
                            bool retain) {
  if (access == Access::subscribe) return topics::decide(who, access, topic, retain, membership_.table());
  const auto& view = last_topic_.parse(topic);
  return view ? topics::decide(who, access, *view, retain, membership_.table())
              : Decision::deny_unknown_topic;
}

MessageVerdict PolicyGate::message(std::string_view id, std::string_view topic,
                                   std::optional<std::string_view> response_topic, bool retain,
                                   std::int64_t now_ms) {
  MessageVerdict verdict;
  const auto& view = last_topic_.parse(topic);
  if (!view) return verdict;
  switch (view->kind) {
    case topics::Kind::group_chat:
      // What users of other sites say comes through our server, a whole partition's worth at once: their own
      // brokers have counted it.
      verdict.put_off_ms = topics::is_of_another_site(view->user) ? 0 : too_soon(*view, now_ms);
      if (verdict.put_off_ms > 0) return verdict;
      [[fallthrough]];
    case topics::Kind::group_notice:
      verdict.stamp = stamper_.next(view->group, now_ms);
      ++counters_.stamped;
      break;
    case topics::Kind::request:
    case topics::Kind::staff_request: {
      // …/req is answered on …/res of the same device and nowhere else.
      std::string own(topic);
      own.replace(own.size() - 3, 3, "res");
      verdict.allowed = !response_topic || *response_topic == own;
      if (!verdict.allowed) {
        ++counters_.denied_response_topic;
        if (denials_.should_log(id, "response_topic", now_ms)) {
          log_("refused a request of " + printable(id) + ": its response topic is not its own");
        }
      }
      break;
    }
    case topics::Kind::owntracks:
      verdict.drop_retain = retain;
      break;
    default:
      break;
  }
  if (verdict.drop_retain) ++counters_.retain_dropped;
  return verdict;
}

/// A repeat of a message counts like any other: the members get it too.
std::int64_t PolicyGate::too_soon(const topics::TopicView& chat, std::int64_t now_ms) {
  const topics::Membership& table = membership_.table();
  const bool staff = table.standing(chat.group, chat.user) == topics::Standing::staff;
  const std::int64_t wait =
      limiter_.admit(chat.group, chat.user, staff ? topics::ChatRules{} : table.rules(chat.group), now_ms);
  if (wait > 0) ++counters_.put_off;
  return wait;
}

std::string PolicyGate::feed(std::string_view payload, std::int64_t now_ms) {
  messages::FeedResponse response;
  const auto decoded = messages::decode_feed(payload);
  if (decoded.has_error()) {
    response.error = decoded.error().to_string();
  } else {
    response.seq = decoded->seq;
    response.error = membership_.why_not(decoded->ops);
    if (response.error.empty()) response.error = bad_keys(decoded->ops);
  }
  if (response.error.empty()) {
    for (const auto& group : membership_.apply(decoded->ops)) stamper_.forget(group);
    for (const auto& op : decoded->ops) {
      feed_peers(op);
      apply(op, now_ms);
      if (std::holds_alternative<messages::FeedCounters>(op)) response.counters = counters();
    }
    ++counters_.feed_applied;
  } else {
    ++counters_.feed_refused;
    log_("refused a feed of the server: " + response.error);
  }
  response.epoch = stamper_.epoch();
  response.ready = membership_.ready();
  return encode(response);
}

/// What is not about members.
void PolicyGate::apply(const messages::FeedOp& op, std::int64_t now_ms) {
  if (const auto* revocation = std::get_if<messages::FeedRevoke>(&op)) revoke(*revocation, now_ms);
  if (const auto* marked = std::get_if<messages::FeedRevoked>(&op)) {
    std::int64_t& before = marked_before_ms_[marked->mark];
    before = std::max(before, marked->issued_before_ms);
  }
  if (const auto* asked = std::get_if<messages::FeedSignIns>(&op)) sign_ins_.ask(asked->after);
  if (std::holds_alternative<messages::FeedBegin>(op)) sign_ins_.feed_begins();
  if (std::holds_alternative<messages::FeedReady>(op)) sign_ins_.feed_ends();
}

std::string PolicyGate::sign_ins(std::int64_t now_ms) {
  messages::FeedResponse told;
  told.epoch = stamper_.epoch();
  told.ready = membership_.ready();
  told.sign_ins = sign_ins_.due(now_ms);
  return told.sign_ins.empty() ? std::string() : encode(told);
}

std::vector<std::string> PolicyGate::tick(std::int64_t now_ms) {
  tick_ms_ = now_ms;
  limiter_.sweep(now_ms);
  for (auto& id : clients_.expire(now_ms)) {
    ++counters_.kicked_expired;
    to_kick_.push_back(std::move(id));
  }
  return std::exchange(to_kick_, {});
}

Admission PolicyGate::refuse(std::string_view id, std::string_view why, std::int64_t now_ms) {
  if (denials_.should_log(id, why, now_ms)) {
    log_("refused the connection of " + printable(id) + ": " + std::string(why));
  }
  return Admission::refused;
}

bool PolicyGate::deny(std::string_view id, Access access, Decision why, std::string_view topic) {
  counters_.denied(access, why);
  // Deliveries are withheld as a matter of course (a blocked pair, a member who has left), and often: not
  // logged.
  if (access != Access::receive && denials_.should_log(id, to_string(why), tick_ms_)) {
    log_("denied " + printable(id) + " to " + std::string(verb(access)) + " " + printable(topic) + ": " +
         std::string(to_string(why)));
  }
  return false;
}

bool PolicyGate::is_revoked(const token::Verified& verified) const {
  if (!is_user(verified.principal)) return false;
  const auto is_void = [&](const auto& before, const std::string& key) {
    const auto found = before.find(key);
    return found != before.end() && verified.issued_s * 1000 < found->second;
  };
  const std::string& user = verified.principal.subject;
  if (is_void(revoked_before_ms_, user)) return true;
  return !marked_before_ms_.empty() && is_void(marked_before_ms_, token::subject_mark(site_.str(), user));
}

void PolicyGate::revoke(const messages::FeedRevoke& op, std::int64_t now_ms) {
  std::int64_t& before = revoked_before_ms_[op.user];
  before = std::max(before, op.issued_before_ms);
  for (auto& id : clients_.revoke(op.user, before, now_ms)) {
    ++counters_.kicked_revoked;
    to_kick_.push_back(std::move(id));
  }
}

std::vector<std::pair<std::string, std::uint64_t>> PolicyGate::counters() const {
  auto all = counters_.list();
  all.emplace_back("clients_live", clients_.live());
  all.emplace_back("clients_known", clients_.size());
  all.emplace_back("groups", membership_.table().groups());
  all.emplace_back("memberships", membership_.table().memberships());
  return all;
}

}  // namespace convoke::broker_plugin
