#include "topics/messages/peer_condition.h"

#include "topics/messages/limits.h"
#include "topics/messages/parts_json.h"

namespace convoke::messages {
namespace {

constexpr std::int64_t kMaxWithinMs = 30LL * 24 * 3'600'000;

struct ConditionWriter {
  JsonWriter& json;

  void operator()(const PeerUnknownCondition&) const { json.member("is", "unknown"); }
  void operator()(const PeerInArea& in) const {
    json.member("is", "area");
    json.member("area", in.area);
    if (in.within_ms) json.member("within_ms", *in.within_ms);
  }
  void operator()(const PeerOneOf& list) const {
    json.member("is", "users");
    json.key("users").begin_list();
    for (const std::string& user : list.users) json.string(user);
    json.end_list();
  }
  void operator()(const PeerHasAttribute& has) const {
    json.member("is", "attribute");
    json.member("attribute", has.name);
    if (has.equals) json.member("equals", *has.equals);
  }
  void operator()(const PeerRegistered& registered) const {
    json.member("is", "registered");
    if (registered.source) json.member("source", *registered.source);
  }
};

}  // namespace

std::string read_full_user(const Field& field) {
  std::string user = field.user_id();
  if (user.find('@') == std::string::npos) field.fail("a user with their site: identifier@site");
  return user;
}

PeerCondition read_peer_condition(const Field& field) {
  const std::string is = field["is"].plain_id();
  if (is == "area") {
    const Field within = field["within_ms"];
    PeerInArea in{field["area"].plain_id(), {}};
    if (within.present()) in.within_ms = within.signed_integer(1, kMaxWithinMs);
    return in;
  }
  if (is == "users") {
    PeerOneOf list;
    field["users"].each(0, kMaxPeerListed,
                        [&](const Field& user) { list.users.push_back(read_full_user(user)); });
    return list;
  }
  if (is == "attribute") {
    const Field equals = field["equals"];
    PeerHasAttribute has{field["attribute"].line(1, kMaxIdBytes), {}};
    if (equals.present()) has.equals = equals.line(1, kMaxConditionBytes);
    return has;
  }
  if (is != "registered") return PeerUnknownCondition{};
  const Field source = field["source"];
  PeerRegistered by;
  if (source.present()) by.source = source.plain_id();
  return by;
}

void write(JsonWriter& json, const PeerCondition& condition) {
  json.begin_object();
  std::visit(ConditionWriter{json}, condition);
  json.end_object();
}

}  // namespace convoke::messages
