// Who is registered with plans, by what people are known outside, and what they did there.

#include "backend/store/record_limits.h"
#include "backend/store/records.h"
#include "topics/messages/json_reader.h"
#include "topics/messages/json_writer.h"

namespace convoke::store {
namespace {

using messages::Error;
using messages::Field;
using messages::JsonReader;
using messages::JsonWriter;
using messages::Result;

void write_registration(JsonWriter& w, const core::Registration& r) {
  w.member("source", r.source);
  w.member("proof", r.proof);
  w.member("t", r.at_ms);
  if (!r.act.empty()) w.member("act", r.act);
}

core::Registration read_registration(const Field& one) {
  const Field source = one["source"], proof = one["proof"], at = one["t"], act = one["act"];
  core::Registration r{source.plain_id(), proof.line(0, core::kMaxProofBytes), at.time_ms(), {}};
  if (act.present()) r.act = act.line(1, core::kMaxProofBytes);
  return r;
}

}  // namespace

std::string registration_key(const core::PlanId& plan, const core::UserId& user) {
  return plan.str() + "/" + user.str();
}

std::string encode_registrations(const std::vector<core::Registration>& registrations) {
  JsonWriter w(96);
  w.begin_object();
  w.key("by").begin_list();
  for (const core::Registration& r : registrations) {
    w.begin_object();
    write_registration(w, r);
    w.end_object();
  }
  w.end_list();
  w.end_object();
  return w.take();
}

Result<std::pair<core::PlanId, core::UserId>> decode_registration_key(std::string_view key) {
  const auto slash = key.find('/');
  if (slash == std::string_view::npos) return Error{"key", "plan/user"};
  std::pair ids{core::PlanId::parse(key.substr(0, slash)), core::UserId::parse(key.substr(slash + 1))};
  if (!ids.first || !ids.second) return Error{"key", "plan/user"};
  return ids;
}

Result<std::vector<core::Registration>> decode_registrations(std::string_view value) {
  std::vector<core::Registration> all;
  JsonReader r(value);
  r.root()["by"].each(1, kMaxMany, [&](const Field& one) { all.push_back(read_registration(one)); });
  return r.finish(std::move(all));
}

std::string encode_identity(const core::IdentityRecord& identity) {
  JsonWriter w(256);
  w.begin_object();
  w.member("user", identity.user.str());
  if (identity.proven) w.member("proven", true);
  w.member("source", identity.source);
  w.member("t", identity.at_ms);
  w.member("sealed", identity.sealed);
  w.end_object();
  return w.take();
}

Result<core::IdentityRecord> decode_identity(std::string_view value) {
  JsonReader r(value);
  const Field& root = r.root();
  const Field user = root["user"], proven = root["proven"], source = root["source"], at = root["t"],
              sealed = root["sealed"];
  core::IdentityRecord identity{core::UserId::parse(user.user_id()), proven.flag(),
                                source.line(0, core::kMaxProofBytes), at.time_ms(),
                                sealed.line(0, core::kMaxSealedBytes)};
  return r.finish(std::move(identity));
}

std::string waiting_key(const core::PlanId& plan, const std::string& identity) {
  return plan.str() + "/" + identity;
}

Result<std::pair<core::PlanId, std::string>> decode_waiting_key(std::string_view key) {
  const auto slash = key.find('/');
  if (slash == std::string_view::npos) return Error{"key", "plan/identity"};
  std::pair found{core::PlanId::parse(key.substr(0, slash)), std::string(key.substr(slash + 1))};
  if (!found.first || found.second.empty()) return Error{"key", "plan/identity"};
  return found;
}

std::string encode_waiting(const std::vector<core::WaitingAct>& acts) {
  JsonWriter w(128);
  w.begin_object();
  w.key("acts").begin_list();
  for (const core::WaitingAct& act : acts) {
    w.begin_object();
    write_registration(w, act.registration);
    w.member("until", act.until_ms);
    w.end_object();
  }
  w.end_list();
  w.end_object();
  return w.take();
}

Result<std::vector<core::WaitingAct>> decode_waiting(std::string_view value) {
  std::vector<core::WaitingAct> acts;
  JsonReader r(value);
  r.root()["acts"].each(1, kMaxMany, [&](const Field& one) {
    const Field until = one["until"];
    acts.push_back({read_registration(one), until.time_ms()});
  });
  return r.finish(std::move(acts));
}

std::string encode_act(const core::ActRecord& act) {
  JsonWriter w(48);
  w.begin_object();
  w.member("t", act.at_ms);
  w.member("heard", act.heard_ms);
  w.end_object();
  return w.take();
}

Result<core::ActRecord> decode_act(std::string_view value) {
  JsonReader r(value);
  const Field& root = r.root();
  const Field at = root["t"], heard = root["heard"];
  return r.finish(core::ActRecord{at.time_ms(), heard.time_ms()});
}

std::string hint_key(const std::string& hook, const std::string& about) { return hook + "/" + about; }

Result<std::pair<std::string, std::string>> decode_hint_key(std::string_view key) {
  const auto slash = key.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == key.size())
    return Error{"key", "hook/what it is about"};
  return std::pair{std::string(key.substr(0, slash)), std::string(key.substr(slash + 1))};
}

std::string encode_hint(const core::HintRecord& hint) {
  JsonWriter w(32);
  w.begin_object();
  w.member("told", hint.told_ms);
  w.end_object();
  return w.take();
}

Result<core::HintRecord> decode_hint(std::string_view value) {
  JsonReader r(value);
  const Field told = r.root()["told"];
  return r.finish(core::HintRecord{told.time_ms(), 0});
}

}  // namespace convoke::store
