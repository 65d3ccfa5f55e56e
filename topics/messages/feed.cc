#include "topics/messages/feed.h"

#include "topics/messages/json_reader.h"
#include "topics/messages/json_writer.h"

namespace convoke::messages {
namespace {

constexpr std::size_t kMaxOps = 64;
constexpr std::size_t kMaxUsers = 500;
constexpr std::size_t kMaxCounters = 256;
constexpr std::size_t kMaxSignIns = 64;
constexpr std::size_t kMaxPhoneBytes = 40, kMaxMailBytes = 254;

template <class Op>
Op read_members(const Field& op) {
  Op members;
  members.group = op["group"].group_id();
  op["users"].each(1, kMaxUsers, [&](const Field& user) { members.users.push_back(user.user_id()); });
  return members;
}

FeedStanding read_standing(const Field& op) {
  FeedStanding members = read_members<FeedStanding>(op);
  members.standing = op["standing"].choice(topics::parse_standing, "one of member, muted, staff");
  return members;
}

FeedRules read_rules(const Field& op) {
  FeedRules rules{.group = op["group"].group_id(), .rules = {}};
  rules.rules.announcement_only = op["announcement_only"].boolean();
  rules.rules.slow_ms = op["slow_ms"].small_integer(0, kMaxSlowMs);
  if (const Field rate = op["per_minute"]; rate.present())
    rules.rules.per_minute = rate.small_integer(0, kMaxPerMinute);
  return rules;
}

template <class Op>
Op read_pair(const Field& op) {
  return Op{.a = op["a"].user_id(), .b = op["b"].user_id()};
}

FeedOp read_op(const Field& op) {
  const Field name = op["op"];
  const std::string word = name.plain_id();
  if (word == "begin") return FeedBegin{};
  if (word == "ready") return FeedReady{};
  if (word == "add") return read_members<FeedAdd>(op);
  if (word == "remove") return read_members<FeedRemove>(op);
  if (word == "retire") return FeedRetire{.group = op["group"].group_id()};
  if (word == "standing") return read_standing(op);
  if (word == "rules") return read_rules(op);
  if (word == "block") return read_pair<FeedBlock>(op);
  if (word == "unblock") return read_pair<FeedUnblock>(op);
  if (word == "revoke") {
    return FeedRevoke{.user = op["user"].user_id(), .issued_before_ms = op["issued_before_ms"].time_ms()};
  }
  if (word == "revoked") {
    return FeedRevoked{.mark = op["mark"].plain_id(), .issued_before_ms = op["issued_before_ms"].time_ms()};
  }
  if (word == "peer") {
    const Field keys = op["keys"];
    return FeedPeer{.site = op["site"].plain_id(),
                    .keys = keys.present() ? keys.line(1, kMaxPeerKeysBytes) : std::string()};
  }
  if (word == "counters") return FeedCounters{};
  if (word == "sign-ins") return FeedSignIns{.after = op["after"].integer()};
  name.fail(
      "one of begin, ready, add, remove, retire, standing, rules, block, unblock, revoke, revoked, peer, "
      "counters, sign-ins");
  return FeedBegin{};
}

struct OpWriter {
  JsonWriter& json;

  void members(std::string_view op, const std::string& group, const std::vector<std::string>& users) const {
    json.member("op", op);
    json.member("group", group);
    json.key("users").begin_list();
    for (const auto& user : users) json.string(user);
    json.end_list();
  }
  void pair(std::string_view op, const std::string& a, const std::string& b) const {
    json.member("op", op);
    json.member("a", a);
    json.member("b", b);
  }

  void operator()(const FeedBegin&) const { json.member("op", "begin"); }
  void operator()(const FeedReady&) const { json.member("op", "ready"); }
  void operator()(const FeedAdd& op) const { members("add", op.group, op.users); }
  void operator()(const FeedRemove& op) const { members("remove", op.group, op.users); }
  void operator()(const FeedRetire& op) const {
    json.member("op", "retire");
    json.member("group", op.group);
  }
  void operator()(const FeedStanding& op) const {
    members("standing", op.group, op.users);
    json.member("standing", to_string(op.standing));
  }
  void operator()(const FeedRules& op) const {
    json.member("op", "rules");
    json.member("group", op.group);
    json.member("announcement_only", op.rules.announcement_only);
    json.member("slow_ms", op.rules.slow_ms);
    if (op.rules.per_minute) json.member("per_minute", op.rules.per_minute);
  }
  void operator()(const FeedBlock& op) const { pair("block", op.a, op.b); }
  void operator()(const FeedUnblock& op) const { pair("unblock", op.a, op.b); }
  void operator()(const FeedRevoke& op) const {
    json.member("op", "revoke");
    json.member("user", op.user);
    json.member("issued_before_ms", op.issued_before_ms);
  }
  void operator()(const FeedRevoked& op) const {
    json.member("op", "revoked");
    json.member("mark", op.mark);
    json.member("issued_before_ms", op.issued_before_ms);
  }
  void operator()(const FeedPeer& op) const {
    json.member("op", "peer");
    json.member("site", op.site);
    if (!op.keys.empty()) json.member("keys", op.keys);
  }
  void operator()(const FeedCounters&) const { json.member("op", "counters"); }
  void operator()(const FeedSignIns& op) const {
    json.member("op", "sign-ins");
    json.member("after", op.after);
  }
};

SignIn read_sign_in(const Field& from) {
  SignIn out{from["n"].integer(), from["user"].user_id(), from["issued_ms"].time_ms(), {}, {}};
  if (const Field phone = from["phone"]; phone.present()) out.phone = phone.line(1, kMaxPhoneBytes);
  if (const Field mail = from["mail"]; mail.present()) out.mail = mail.line(1, kMaxMailBytes);
  return out;
}

void write(const SignIn& sign_in, JsonWriter& json) {
  json.begin_object();
  json.member("n", sign_in.n);
  json.member("user", sign_in.user);
  json.member("issued_ms", sign_in.issued_ms);
  if (!sign_in.phone.empty()) json.member("phone", sign_in.phone);
  if (!sign_in.mail.empty()) json.member("mail", sign_in.mail);
  json.end_object();
}

}  // namespace

Result<Feed> decode_feed(std::string_view payload) {
  JsonReader json(payload);
  const Field& root = json.root();
  Feed feed;
  feed.seq = root["seq"].integer();
  root["ops"].each(1, kMaxOps, [&](const Field& op) { feed.ops.push_back(read_op(op)); });
  return json.finish(std::move(feed));
}

std::string encode(const Feed& feed) {
  JsonWriter json(1024);
  json.begin_object();
  json.member("seq", feed.seq);
  json.key("ops").begin_list();
  for (const auto& op : feed.ops) {
    json.begin_object();
    std::visit(OpWriter{json}, op);
    json.end_object();
  }
  json.end_list();
  json.end_object();
  return json.take();
}

Result<FeedResponse> decode_feed_response(std::string_view payload) {
  JsonReader json(payload);
  const Field& root = json.root();
  FeedResponse response;
  response.seq = root["seq"].integer();
  if (!root["ok"].boolean()) response.error = root["error"].text(1, kMaxTextBytes);
  response.epoch = root["epoch"].integer();
  response.ready = root["ready"].boolean();
  if (const Field counters = root["counters"]; counters.present()) {
    counters.each_member(kMaxCounters, [&](const std::string& name, const Field& count) {
      response.counters.emplace_back(name, count.integer());
    });
  }
  if (const Field sign_ins = root["sign_ins"]; sign_ins.present())
    sign_ins.each(1, kMaxSignIns, [&](const Field& one) { response.sign_ins.push_back(read_sign_in(one)); });
  return json.finish(std::move(response));
}

std::string encode(const FeedResponse& response) {
  JsonWriter json;
  json.begin_object();
  json.member("seq", response.seq);
  json.member("ok", response.error.empty());
  if (!response.error.empty()) json.member("error", response.error);
  json.member("epoch", response.epoch);
  json.member("ready", response.ready);
  if (!response.counters.empty()) {
    json.key("counters").begin_object();
    for (const auto& [name, count] : response.counters) json.member(name, count);
    json.end_object();
  }
  if (!response.sign_ins.empty()) {
    json.key("sign_ins").begin_list();
    for (const SignIn& sign_in : response.sign_ins) write(sign_in, json);
    json.end_list();
  }
  json.end_object();
  return json.take();
}

}  // namespace convoke::messages
