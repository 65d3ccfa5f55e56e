#include "backend/ingress/decoder.h"

#include "backend/ingress/cloud_event.h"
#include "topics/messages/json_writer.h"
#include "topics/messages/limits.h"
#include "topics/messages/owntracks.h"
#include "topics/messages/peer.h"
#include "topics/messages/position.h"
#include "topics/messages/presence.h"
#include "topics/messages/request.h"
#include "topics/messages/staff.h"

namespace convoke::ingress {
namespace {

constexpr const char* kTimeRule = ": expected a time from seven days ago to five minutes ahead";

/// The reason to refuse a fix at this time; null: none.
const char* wrong_time(const messages::Fix& fix, const core::Context& ctx) {
  if (fix.time_ms > ctx.now + messages::kMaxFutureMs) return "position-in-future";
  if (fix.time_ms < ctx.now - messages::kMaxPastMs) return "position-too-old";
  return nullptr;
}

/// As HTTP has it.
std::string bad_request(const std::string& detail) {
  messages::JsonWriter json;
  json.begin_object();
  json.key("error").begin_object();
  json.member("code", "bad-request");
  json.member("detail", detail);
  json.end_object();
  json.end_object();
  return json.take();
}

}  // namespace

void Decoder::handle(const topics::Topic& topic, const Incoming& message, std::int64_t real_ms,
                     core::Context& ctx) {
  switch (topic.kind) {
    case topics::Kind::position:
      return position(topic, message, real_ms, ctx);
    case topics::Kind::owntracks:
      return owntracks(topic, message, real_ms, ctx);
    case topics::Kind::presence:
      return presence(topic, message, real_ms, ctx);
    case topics::Kind::request:
      return request(topic, message, real_ms, ctx);
    case topics::Kind::group_chat:
      return chat(topic, message, real_ms, ctx);
    case topics::Kind::group_signal:
      return signal(topic, message, real_ms, ctx);
    case topics::Kind::group_notice:
      return notice(topic, message, real_ms, ctx);
    case topics::Kind::staff_event:
      return staff_event(topic, message, real_ms, ctx);
    case topics::Kind::peer:
      return peer(topic, message, real_ms, ctx);
    default:
      return unknown_topic(real_ms);
  }
}

void Decoder::position(const topics::Topic& t, const Incoming& m, std::int64_t real_ms, core::Context& ctx) {
  auto report = messages::decode_position_report(m.payload);
  if (!report) return refuse_device(t, m, "position", report.error().to_string(), real_ms, ctx);
  for (std::size_t i = 0; i < report->fixes.size(); ++i) {
    const char* wrong = wrong_time(report->fixes[i], ctx);
    if (wrong)
      return refuse_device(t, m, wrong, "fixes[" + std::to_string(i) + "].t" + kTimeRule, real_ms, ctx);
  }
  for (const messages::Fix& fix : report->fixes) engine_.position(t.user, fix, ctx);
  engine_.reported(t.user, report->fixes.back(), true, ctx);
}

/// Nobody reads an answer here: the app has no topic for one.
void Decoder::owntracks(const topics::Topic& t, const Incoming& m, std::int64_t real_ms, core::Context& ctx) {
  if (!t.rest.empty()) return;  // the app's other news
  const std::string sender = t.user.str() + ":" + t.device.str();
  const auto fix = messages::decode_owntracks(m.payload);
  if (!fix) return refuse("owntracks", sender, fix.error().to_string(), real_ms);
  if (!*fix) return;
  if (const char* wrong = wrong_time(**fix, ctx))
    return refuse(wrong, sender, std::string("tst") + kTimeRule, real_ms);
  engine_.position(t.user, **fix, ctx);
  engine_.reported(t.user, **fix, false, ctx);
}

void Decoder::presence(const topics::Topic& t, const Incoming& m, std::int64_t real_ms, core::Context& ctx) {
  if (m.payload.empty()) return;  // somebody cleared the retained message
  auto presence = messages::decode_presence(m.payload);
  if (!presence) return refuse_device(t, m, "presence", presence.error().to_string(), real_ms, ctx);
  if (static_cast<std::int64_t>(presence->connect_number) > real_ms + messages::kMaxFutureMs)
    return refuse_device(t, m, "presence-in-future",
                         "n: expected a connect number of at most five minutes ahead in Unix milliseconds",
                         real_ms, ctx);
  engine_.presence(t.user, t.device, *presence, ctx);
}

void Decoder::request(const topics::Topic& t, const Incoming& m, std::int64_t real_ms, core::Context& ctx) {
  auto request = messages::decode_request(m.payload);
  if (!request) return refuse_device(t, m, "request", request.error().to_string(), real_ms, ctx);
  engine_.request({t.user, t.device, std::string(m.correlation)}, *request, ctx);
}

void Decoder::chat(const topics::Topic& t, const Incoming& m, std::int64_t real_ms, core::Context& ctx) {
  if (!m.stamp) return refuse("chat-without-stamp", t.user.str(), "expected the broker's stamp", real_ms);
  auto message = messages::decode_chat_message(m.payload);
  if (message) return engine_.chat(t.group, t.user, *message, *m.stamp, ctx);
  refuse("chat", t.user.str(), message.error().to_string(), real_ms);
  engine_.chat_unreadable(t.group, *m.stamp, ctx);
}

void Decoder::signal(const topics::Topic& t, const Incoming& m, std::int64_t real_ms, core::Context& ctx) {
  const auto signal = messages::decode_signal(m.payload);
  if (!signal) return refuse("signal", t.user.str(), signal.error().to_string(), real_ms);
  engine_.signal(t.group, t.user, *signal, ctx);
}

/// This server's own word, back from the broker.
void Decoder::notice(const topics::Topic& t, const Incoming& m, std::int64_t real_ms, core::Context& ctx) {
  if (!m.stamp) return refuse("notice-without-stamp", "-", "expected the broker's stamp", real_ms);
  auto notice = messages::decode_notice(m.payload);
  if (notice) return engine_.notice(t.group, *notice, *m.stamp, ctx);
  refuse("notice", "-", notice.error().to_string(), real_ms);
  engine_.chat_unreadable(t.group, *m.stamp, ctx);
}

/// Whoever asks for an answer gets it, as all answers, once what it says is on disk. Others say it again
/// until they may stop, which is harmless.
void Decoder::staff_event(const topics::Topic& t, const Incoming& m, std::int64_t real_ms,
                          core::Context& ctx) {
  const std::string wrong = take_event(m.payload, ctx);
  if (!wrong.empty()) refuse("event", t.user.str() + ":" + t.device.str(), wrong, real_ms);
  const std::string id = answer_id(m.payload);
  if (id.empty()) return;
  const bool echo = m.correlation.size() <= messages::kMaxCorrelationBytes;
  const messages::StaffResponse answer{id, wrong.empty() ? 200u : 400u,
                                       wrong.empty() ? "{}" : bad_request(wrong)};
  ctx.publish({topics::staff_response_topic(t.site, t.user, t.device), encode(answer), 1, false, false,
               std::string(echo ? m.correlation : "")});
}

/// What is wrong with it; nothing if it was taken.
std::string Decoder::take_event(std::string_view payload, core::Context& ctx) {
  if (auto wrong = outside_ ? outside_(payload, ctx) : std::nullopt) return *std::move(wrong);
  const auto event = decode_cloud_event(payload);
  if (!event) return event.error().to_string();
  engine_.external_event(*event, ctx);
  return {};
}

/// The broker has checked that it comes from that site's server. An item that is refused is taken all the
/// same: sent again it would be refused again. A batch that cannot be read is not.
void Decoder::peer(const topics::Topic& t, const Incoming& m, std::int64_t real_ms, core::Context& ctx) {
  if (t.rest != "link") return unknown_topic(real_ms);
  const std::string site = t.sender_site.str();
  const auto batch = messages::decode_peer_batch(m.payload);
  if (!batch) {
    engine_.bad_peer_batch(t.sender_site, batch.error().field == "v", ctx);
    return refuse("peer", site, batch.error().to_string(), real_ms);
  }
  const core::PeerTaken taken = engine_.peer_batch(t.sender_site, *batch, ctx);
  for (const std::string& why : taken.refused)
    refuse("peer-" + why, site, "expected what docs/protocol/peer.md lets a site say", real_ms);
  if (taken.put_off) refuse("peer-too-fast", site, "expected at most 5000 items a second", real_ms);
  if (!taken.shut.empty())
    log_("shut the link to site " + site + " (" + taken.shut + "): convokectl peer add opens it again");
}

void Decoder::refuse(const std::string& reason, const std::string& sender, const std::string& detail,
                     std::int64_t real_ms) {
  if (rejects_.add(reason, sender, real_ms)) log_("refused " + reason + " from " + sender + ": " + detail);
}

void Decoder::refuse_device(const topics::Topic& t, const Incoming& m, const std::string& reason,
                            const std::string& detail, std::int64_t real_ms, core::Context& ctx) {
  refuse(reason, t.user.str() + ":" + t.device.str(), detail, real_ms);
  const std::string id = reason == "request" ? messages::request_id(m.payload) : std::string();
  engine_.bad_request({t.user, t.device, std::string(m.correlation)}, id, {"bad-request", detail, {}}, ctx);
}

}  // namespace convoke::ingress
