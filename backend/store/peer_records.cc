#include <algorithm>
#include <charconv>

#include "backend/store/record_limits.h"
#include "backend/store/records.h"
#include "topics/messages/json_reader.h"
#include "topics/messages/json_writer.h"
#include "topics/messages/parts_json.h"
#include "topics/messages/peer.h"

// Records of the links to other sites.
namespace convoke::store {
namespace {

using messages::Error;
using messages::Field;
using messages::JsonReader;
using messages::JsonWriter;

constexpr int kMaxPort = 65'535;
constexpr std::size_t kMaxShutBytes = 64;

/// `name/` and 16 hexadecimal digits; nothing if it is not so.
std::optional<std::pair<std::string_view, std::uint64_t>> split_key(std::string_view key) {
  const auto slash = key.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view digits = key.substr(slash + 1);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return std::pair(key.substr(0, slash), number);
}

}  // namespace

std::string peer_item_key(const core::SiteId& site, std::uint64_t number) {
  return site.str() + "/" + outbox_key(number);
}
std::string relayed_key(const core::GroupId& group, std::uint64_t key) {
  return group.str() + "/" + outbox_key(key);
}

std::string question_key(const core::SiteId& site, const core::PlanId& id, const core::UserId& user) {
  const std::string key = site.str() + "/" + id.str();
  return user.empty() ? key : key + "/" + user.str();
}

std::string encode_peer(const core::Peer& p) {
  JsonWriter w(512);
  w.begin_object();
  w.member("host", p.host);
  w.member("port", p.port);
  w.member("keys", p.keys);
  w.member("epoch", p.epoch);
  w.member("next", p.next);
  w.member("acked", p.acked);
  w.member("in_epoch", p.in_epoch);
  w.member("in_upto", p.in_upto);
  if (!p.shut.empty()) w.member("shut", p.shut);
  if (p.version > 1) w.member("version", p.version);
  if (!p.features.empty()) {
    w.key("features").begin_list();
    for (const std::string& feature : p.features) w.string(feature);
    w.end_list();
  }
  w.key("may").begin_list();
  for (const std::string& what : p.may) w.string(what);
  w.end_list();
  if (!p.erasures.empty()) {
    w.key("erasures").begin_list();
    for (const auto& [user, number] : p.erasures) {
      w.begin_object();
      w.member("user", user.str());
      w.member("n", number);
      w.end_object();
    }
    w.end_list();
  }
  w.end_object();
  return w.take();
}

messages::Result<core::Peer> decode_peer(std::string_view key, std::string_view value) {
  core::Peer p;
  p.site = core::SiteId::parse(key);
  JsonReader r(value, kMaxRecordBytes);
  const Field& root = r.root();
  p.host = root["host"].line(1, 253);
  p.port = static_cast<int>(root["port"].small_integer(1, kMaxPort));
  p.keys = root["keys"].line(1, messages::kMaxPeerKeysBytes);
  p.epoch = root["epoch"].integer();
  p.next = root["next"].integer(1);
  p.acked = root["acked"].integer(0, p.next - 1);
  p.in_epoch = root["in_epoch"].integer();
  p.in_upto = root["in_upto"].integer();
  if (root["shut"].present()) p.shut = root["shut"].line(1, kMaxShutBytes);
  const Field version = root["version"], features = root["features"];
  if (version.present()) p.version = std::min(version.small_integer(1), messages::kPeerVersion);
  if (features.present())
    features.each(0, messages::kMaxPeerFeatures, [&](const Field& f) { p.features.insert(f.plain_id()); });
  if (const Field may = root["may"]; may.present()) {
    p.may.clear();
    may.each(0, core::kAllMay.size(), [&](const Field& what) { p.may.insert(what.plain_id()); });
  }
  if (const Field erasures = root["erasures"]; erasures.present())
    erasures.each(0, kMaxMany, [&](const Field& erasure) {
      p.erasures[core::UserId::parse(erasure["user"].user_id())] = erasure["n"].integer();
    });
  if (!p.site) return Error{"key", "a site"};
  return r.finish(std::move(p));
}

messages::Result<std::pair<core::SiteId, std::uint64_t>> decode_peer_item_key(std::string_view key) {
  const auto parts = split_key(key);
  const auto site = parts ? core::SiteId::parse(parts->first) : core::SiteId();
  if (!site) return Error{"key", "site/number"};
  return std::pair(site, parts->second);
}

messages::Result<std::pair<core::GroupId, std::uint64_t>> decode_relayed_key(std::string_view key) {
  const auto parts = split_key(key);
  const auto group = parts ? core::GroupId::parse(parts->first) : core::GroupId();
  if (!group) return Error{"key", "group/number"};
  return std::pair(group, parts->second);
}

messages::Result<QuestionKey> decode_question_key(std::string_view key) {
  const auto first = key.find('/'), second = key.find('/', first + 1);
  QuestionKey parts;
  parts.site = core::SiteId::parse(key.substr(0, first));
  if (first != std::string_view::npos)
    parts.id = core::PlanId::parse(key.substr(first + 1, second - first - 1));
  if (second != std::string_view::npos) parts.user = core::UserId::parse(key.substr(second + 1));
  if (!parts.site || !parts.id || (second != std::string_view::npos && !parts.user))
    return Error{"key", "site/question or site/question/user"};
  return parts;
}

std::string encode_question(const core::KeptQuestion& question) {
  return encode(messages::PeerItem(question.asked));
}

messages::Result<messages::PeerSelect> decode_question(std::string_view value) {
  const auto item = messages::decode_peer_item(value, kMaxRecordBytes);
  if (!item) return item.error();
  if (const auto* asked = std::get_if<messages::PeerSelect>(&*item)) return *asked;
  return Error{"is", "select"};
}

std::string encode_met(bool sure) {
  JsonWriter w(32);
  w.begin_object();
  if (!sure) w.member("doubted", true);
  w.end_object();
  return w.take();
}

messages::Result<bool> decode_met(std::string_view value) {
  JsonReader r(value);
  return r.finish(!r.root()["doubted"].flag());
}

std::string encode_relayed(const core::Relayed& relayed) {
  JsonWriter w(256);
  w.begin_object();
  w.member("from", relayed.from.str());
  if (relayed.step != core::Relayed::Step::placed) w.member("message", encode(relayed.message));
  if (relayed.step == core::Relayed::Step::held) w.member("held", true);
  if (relayed.place) write(w.key("place"), *relayed.place);
  w.end_object();
  return w.take();
}

messages::Result<core::Relayed> decode_relayed(std::string_view value) {
  JsonReader r(value);
  const Field& root = r.root();
  core::Relayed relayed;
  relayed.from = core::UserId::parse(root["from"].user_id());
  if (root["place"].present()) relayed.place = messages::read_stamp(root["place"]);
  if (root["held"].flag()) relayed.step = core::Relayed::Step::held;
  if (!root["message"].present() && relayed.place) {
    relayed.step = core::Relayed::Step::placed;
    return r.finish(std::move(relayed));
  }
  auto message = messages::decode_chat_message(root["message"].text(1, messages::kMaxPayloadBytes));
  if (!message) return message.error();
  relayed.message = *std::move(message);
  return r.finish(std::move(relayed));
}

std::string watches_key(const core::SiteId& site, const core::PlanId& plan) {
  return site.str() + "/" + plan.str();
}

messages::Result<std::pair<core::SiteId, core::PlanId>> decode_watches_key(std::string_view key) {
  const auto slash = std::min(key.find('/'), key.size());
  const auto site = core::SiteId::parse(key.substr(0, slash));
  const auto plan = core::PlanId::parse(key.substr(std::min(slash + 1, key.size())));
  if (!site || !plan) return Error{"key", "site/plan"};
  return std::pair(site, plan);
}

std::string encode_watches(const std::vector<core::Watch>& watches) {
  JsonWriter w(256);
  w.begin_object();
  w.key("watches").begin_list();
  for (const core::Watch& watch : watches) write(w, watch.what);
  w.end_list();
  w.end_object();
  return w.take();
}

messages::Result<std::vector<messages::PeerWatched>> decode_watches(std::string_view value) {
  JsonReader r(value, kMaxRecordBytes);
  std::vector<messages::PeerWatched> watches;
  r.root()["watches"].each(1, messages::kMaxPeerWatches, [&](const Field& watched) {
    watches.push_back(messages::read_peer_watched(watched));
  });
  return r.finish(std::move(watches));
}

}  // namespace convoke::store
