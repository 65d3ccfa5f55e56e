#include <boost/json.hpp>

#include "backend/app/api.h"
#include "backend/app/api_outside.h"
#include "backend/gateways/call_numbers.h"
#include "backend/ingress/cloud_event.h"
#include "backend/ingress/plan_file.h"
#include "geo/geojson.h"
#include "topics/messages/json_reader.h"
#include "topics/token/token.h"

namespace convoke::app {
namespace {

using messages::Field;
using messages::JsonReader;
using topics::Role;
using Parsed = std::variant<Command, ApiResponse>;

constexpr std::size_t kMaxAreaBytes = 64 << 20;
constexpr std::size_t kMaxBodyBytes = 1 << 20;
constexpr std::size_t kMaxCursorBytes = 512;
constexpr core::TimeMs kMaxExtendMs = 30LL * 24 * 3'600'000;

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const auto slash = path.find('/');
    if (slash > 0) parts.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return parts;
}

ApiResponse bad(const std::string& detail, const std::vector<std::string>& problems = {}) {
  return api_error(400, "bad-request", detail, problems);
}

Parsed put_areas(const ApiRequest& r) {
  if (r.body.size() > max_body_bytes(r.path))
    return api_error(413, "too-large", "body: expected at most 64 MiB");
  geo::AreaFile parsed = geo::parse_geojson(r.body, r.area_limits);
  auto lines = [](const std::vector<geo::AreaProblem>& problems) {
    std::vector<std::string> out;
    for (const auto& p : problems) out.push_back(p.where.empty() ? p.what : p.where + ": " + p.what);
    return out;
  };
  if (!parsed.errors.empty()) return bad(lines(parsed.errors)[0], lines(parsed.errors));
  return Command(PutAreas{std::move(parsed.areas), lines(parsed.repaired)});
}

Parsed put_plans(const ApiRequest& r) {
  const bool toml = r.content_type.find("toml") != std::string::npos;
  ingress::PlanFile file = toml ? ingress::parse_plans_toml(r.body) : ingress::parse_plans_json(r.body);
  std::vector<std::string> problems;
  for (const auto& p : file.problems) problems.push_back(p.where + ": expected " + p.expected);
  for (std::string& problem : gateways::wrong_call_numbers(file.plans))
    problems.push_back(std::move(problem));
  if (!problems.empty()) return bad(problems[0], problems);
  return Command(PutPlans{std::move(file.plans)});
}

Parsed start_group(const ApiRequest& r) {
  JsonReader reader(r.body);
  const Field plan = reader.root()["plan"], key = reader.root()["key"];
  StartGroup command{topics::PlanId::parse(plan.plain_id()), key.present() ? key.plain_id() : ""};
  auto done = reader.finish(std::move(command));
  if (!done) return bad(done.error().to_string());
  return Command(*std::move(done));
}

Parsed extend_group(const topics::GroupId& id, const ApiRequest& r) {
  JsonReader reader(r.body);
  const Field ends = reader.root()["ends_ms"], by = reader.root()["by_ms"];
  ExtendGroup command{id, ends.optional_time_ms(), {}};
  if (by.present()) command.by_ms = static_cast<core::TimeMs>(by.integer(1, kMaxExtendMs));
  if (reader.ok() && command.ends_ms.has_value() == command.by_ms.has_value())
    return bad("expected exactly one of ends_ms and by_ms");
  auto done = reader.finish(std::move(command));
  if (!done) return bad(done.error().to_string());
  return Command(*std::move(done));
}

Parsed announce(const topics::GroupId& id, const ApiRequest& r) {
  JsonReader reader(r.body);
  const Field text = reader.root()["text"];
  auto done = reader.finish(Announce{id, text.text(1, messages::kMaxTextBytes)});
  if (!done) return bad(done.error().to_string());
  return Command(*std::move(done));
}

Parsed add_member(const topics::GroupId& id, const ApiRequest& r) {
  JsonReader reader(r.body);
  const Field user = reader.root()["user"];
  auto done = reader.finish(AddMember{id, topics::UserId::parse(user.user_id())});
  if (!done) return bad(done.error().to_string());
  return Command(*std::move(done));
}

Parsed post_event(const ApiRequest& r) {
  Outside outside = read_outside(r.body, r.vault);
  if (auto* act = std::get_if<core::Act>(&outside)) return Command(TakeAct{std::move(*act)});
  if (auto* wrong = std::get_if<std::string>(&outside)) return bad(*wrong);
  auto event = ingress::decode_cloud_event(r.body);
  if (!event) return bad(event.error().to_string());
  return Command(PostEvent{*std::move(event)});
}

Parsed set_standing(const topics::GroupId& id, const topics::UserId& user, const ApiRequest& r) {
  JsonReader reader(r.body);
  const auto standing =
      reader.root()["standing"].choice(topics::parse_standing, "one of member, muted, staff");
  auto done = reader.finish(SetStanding{id, user, standing});
  if (!done) return bad(done.error().to_string());
  return Command(*std::move(done));
}

Parsed set_rules(const topics::GroupId& id, const ApiRequest& r) {
  JsonReader reader(r.body);
  const Field only = reader.root()["announcement_only"], slow = reader.root()["slow_ms"];
  const Field rate = reader.root()["per_minute"];
  SetRules command{id, {}};
  command.rules.announcement_only = only.flag();
  if (slow.present()) command.rules.slow_ms = slow.small_integer(0, messages::kMaxSlowMs);
  if (rate.present()) command.rules.per_minute = rate.small_integer(0, messages::kMaxPerMinute);
  auto done = reader.finish(command);
  if (!done) return bad(done.error().to_string());
  return Command(*std::move(done));
}

Parsed ban(const topics::GroupId& id, const ApiRequest& r) {
  JsonReader reader(r.body);
  auto done = reader.finish(Ban{id, topics::UserId::parse(reader.root()["user"].user_id())});
  if (!done) return bad(done.error().to_string());
  return Command(*std::move(done));
}

/// What is said of one user of a group: `{id}/members/{user}[/standing]`, `{id}/bans/{user}`.
Parsed parse_member(const topics::GroupId& id, const std::vector<std::string>& path, const ApiRequest& r) {
  const auto user = path.size() >= 5 ? topics::UserId::parse(path[4]) : topics::UserId();
  const bool members = user && path[3] == "members", bans = user && path[3] == "bans";
  if (members && path.size() == 5 && r.method == "DELETE") return Command(RemoveMember{id, user});
  if (members && path.size() == 6 && path[5] == "standing" && r.method == "PUT")
    return set_standing(id, user, r);
  if (bans && path.size() == 5 && r.method == "DELETE") return Command(Unban{id, user});
  return api_error(404, "not-found", "no such call");
}

Parsed put_user(const topics::UserId& id, const ApiRequest& r) {
  JsonReader reader(r.body);
  const Field name = reader.root()["name"], attributes = reader.root()["attributes"],
              duration = reader.root()["chat_duration_ms"];
  PutUser command{id, name.present() ? name.line(0, messages::kMaxNameBytes) : "", {}, {}};
  if (attributes.present())
    attributes.each_member(64, [&](const std::string& key, const Field& value) {
      command.attributes[key] = value.line(0, 256);
    });
  if (duration.present())
    command.chat_duration_ms = static_cast<core::TimeMs>(duration.integer(1000, kMaxExtendMs));
  auto done = reader.finish(std::move(command));
  if (!done) return bad(done.error().to_string());
  return Command(*std::move(done));
}

Parsed parse_areas(const std::vector<std::string>& path, const ApiRequest& r) {
  if (path.size() == 2 && r.method == "GET") return Command(ListAreas{});
  if (path.size() == 2 && r.method == "PUT") return put_areas(r);
  auto id = path.size() == 3 ? topics::AreaId::parse(path[2]) : topics::AreaId();
  if (id && r.method == "DELETE") return Command(DeleteArea{id});
  return api_error(404, "not-found", "no such call");
}

std::string query(const ApiRequest& r, const char* key) {
  auto it = r.query.find(key);
  return it == r.query.end() ? "" : it->second;
}

Parsed list_registrations(const topics::PlanId& plan, const ApiRequest& r) {
  ListRegistrations command{plan, query(r, "after")};
  if (!command.after.empty() && !topics::is_user_id(command.after)) return bad("after: expected a user id");
  return Command(std::move(command));
}

Parsed parse_plans(const std::vector<std::string>& path, const ApiRequest& r) {
  if (path.size() == 2 && r.method == "GET") return Command(ListPlans{});
  if (path.size() == 2 && r.method == "PUT") return put_plans(r);
  const auto id = path.size() >= 3 ? topics::PlanId::parse(path[2]) : topics::PlanId();
  if (id && path.size() == 3 && r.method == "DELETE") return Command(DeletePlan{id});
  const auto user = path.size() == 5 ? topics::UserId::parse(path[4]) : topics::UserId();
  const bool registrations = id && path.size() >= 4 && path[3] == "registrations";
  if (registrations && path.size() == 4 && r.method == "GET") return list_registrations(id, r);
  if (registrations && user && r.method == "PUT") return Command(PutRegistration{id, user});
  if (registrations && user && r.method == "DELETE") return Command(DeleteRegistration{id, user});
  if (id && user && path[3] == "why" && r.method == "GET") return Command(ShowWhy{id, user});
  return api_error(404, "not-found", "no such call");
}

Parsed list_groups(const ApiRequest& r) {
  ListGroups command{query(r, "state"), query(r, "plan")};
  if (!command.state.empty() && !messages::parse_group_state(command.state))
    return bad("state: expected one of scheduled, gathering, open, ending, retired");
  if (!command.plan.empty() && !topics::is_plain_id(command.plan))
    return bad("plan: expected 1 to 64 characters out of A-Z a-z 0-9 . _ -");
  return Command(std::move(command));
}

Parsed list_reports(const topics::GroupId& id, const ApiRequest& r) {
  constexpr std::size_t kMaxKeyBytes = 32 + 1 + 129;  // place and user
  ListReports command{id, query(r, "after")};
  if (command.after.size() > kMaxKeyBytes) return bad("after: expected the key of a report");
  return Command(std::move(command));
}

/// `{id}/members` and `{id}/why`, which go on behind a user.
Parsed list_users(const topics::GroupId& id, bool why, const ApiRequest& r) {
  const std::string after = query(r, "after"), missing = query(r, "missing");
  if (!after.empty() && !topics::is_user_id(after)) return bad("after: expected a user id");
  if (why) return Command(ShowGroupWhy{id, {}, after});
  if (!missing.empty() && missing != "true" && missing != "false")
    return bad("missing: expected true or false");
  return Command(ListMembers{id, after, missing == "true"});
}

Parsed parse_groups(const std::vector<std::string>& path, const ApiRequest& r) {
  if (path.size() == 2 && r.method == "GET") return list_groups(r);
  if (path.size() == 2 && r.method == "POST") return start_group(r);
  auto id = path.size() >= 3 ? topics::GroupId::parse(path[2]) : topics::GroupId();
  if (!id) return api_error(404, "not-found", "no such group: a group id has 32 hexadecimal digits");
  if (path.size() == 3 && r.method == "GET") return Command(ShowGroup{id});
  if (path.size() == 4 && r.method == "POST" && path[3] == "end") return Command(EndGroup{id});
  if (path.size() == 4 && r.method == "POST" && path[3] == "extend") return extend_group(id, r);
  if (path.size() == 4 && r.method == "POST" && path[3] == "members") return add_member(id, r);
  if (path.size() == 4 && r.method == "POST" && path[3] == "announcements") return announce(id, r);
  auto author = path.size() == 6 && path[3] == "messages" ? topics::UserId::parse(path[4]) : topics::UserId();
  if (author && r.method == "DELETE" && topics::is_plain_id(path[5]))
    return Command(DeleteMessage{id, author, path[5]});
  if (path.size() == 4 && r.method == "GET" && path[3] == "reports") return list_reports(id, r);
  if (path.size() == 4 && r.method == "GET" && (path[3] == "members" || path[3] == "why"))
    return list_users(id, path[3] == "why", r);
  auto asked = path.size() == 5 && path[3] == "why" ? topics::UserId::parse(path[4]) : topics::UserId();
  if (asked && r.method == "GET") return Command(ShowGroupWhy{id, asked, {}});
  if (path.size() == 4 && r.method == "GET" && path[3] == "export")
    return Command(ExportGroup{id, query(r, "after").substr(0, kMaxCursorBytes)});
  if (path.size() == 4 && r.method == "PUT" && path[3] == "rules") return set_rules(id, r);
  if (path.size() == 4 && r.method == "POST" && path[3] == "bans") return ban(id, r);
  return parse_member(id, path, r);
}

Parsed put_identity(const topics::UserId& user, const ApiRequest& r) {
  JsonReader reader(r.body);
  const Field kind = reader.root()["kind"], value = reader.root()["value"], proven = reader.root()["proven"],
              source = reader.root()["source"];
  PutIdentity command{user, {}, !proven.present() || proven.boolean(), "", ""};
  command.source = "operator " + r.who.subject;
  if (source.present()) command.source += ": " + source.line(1, 64);
  const std::string of = kind.plain_id();
  if (of == "personal") command.tag = r.vault->personal_tag(user);
  const auto identity = r.vault->identity(of, of == "personal" ? command.tag : value.line(1, 254));
  auto done = reader.finish(std::move(command));
  if (!done) return bad(done.error().to_string());
  if (!identity)
    return bad(
        "value: expected, by its kind (phone, mail, ticket, personal), a number as +4930123456, a mail "
        "address, "
        "a ticket's code, or none");
  done->identity = *identity;
  return Command(*std::move(done));
}

/// `{user}/identities[/{kind}/{hash}]`.
Parsed parse_identities(const topics::UserId& user, const std::vector<std::string>& path,
                        const ApiRequest& r) {
  if (!r.vault)
    return api_error(409, "no-identities", "this server keeps no identities: set [identities] key_file");
  if (path.size() == 4 && r.method == "GET") return Command(ListIdentities{user, r.vault});
  if (path.size() == 4 && r.method == "PUT") return put_identity(user, r);
  if (path.size() == 6 && r.method == "DELETE") return Command(DeleteIdentity{user, path[4] + "/" + path[5]});
  return api_error(404, "not-found", "no such call");
}

Parsed parse_users(const std::vector<std::string>& path, const ApiRequest& r) {
  auto id = path.size() >= 3 ? topics::UserId::parse(path[2]) : topics::UserId();
  if (id && path.size() == 3 && r.method == "GET") return Command(ShowUser{id});
  if (id && path.size() == 3 && r.method == "PUT") return put_user(id, r);
  if (id && path.size() == 3 && r.method == "DELETE") return Command(EraseUser{id});
  if (id && path.size() == 4 && path[3] == "revoke" && r.method == "POST") return Command(RevokeUser{id});
  if (id && path.size() == 4 && path[3] == "export" && r.method == "GET")
    return Command(ExportUser{id, query(r, "after").substr(0, kMaxCursorBytes), r.vault});
  const bool blocks = id && path.size() >= 4 && path[3] == "blocks";
  if (blocks && path.size() == 4 && r.method == "GET") return Command(ListBlocks{id});
  const auto other = blocks && path.size() == 5 ? topics::UserId::parse(path[4]) : topics::UserId();
  if (other && r.method == "DELETE") return Command(Unblock{id, other});
  if (id && path.size() >= 4 && path[3] == "identities") return parse_identities(id, path, r);
  return api_error(404, "not-found", "no such call");
}

/// The public half of the keys that the site signs its tokens with; empty: they are none that can be used.
std::string peer_keys(const std::string& jwks) {
  try {
    std::string keys = token::KeySet::parse(jwks).public_jwks();
    // What both sides know proves nothing to a third: whoever can check it could make it.
    const bool secret = keys.find("\"oct\"") != std::string::npos;
    return secret || keys.size() > messages::kMaxPeerKeysBytes ? std::string() : keys;
  } catch (const std::exception&) {
    return {};
  }
}

/// What another site may ask about users here.
std::set<std::string> read_may(const Field& field) {
  std::set<std::string> may;
  const auto& all = core::kAllMay;
  field.each(0, all.size(), [&](const Field& word) {
    may.insert(word.choice(
        [&](std::string_view text) {
          const auto found = std::find(all.begin(), all.end(), text);
          return found == all.end() ? std::nullopt : std::optional<std::string>(*found);
        },
        "one of users, areas, attributes, registrations, everybody"));
  });
  return may;
}

Parsed allow_peer(const topics::SiteId& site, const ApiRequest& r) {
  JsonReader reader(r.body);
  auto done = reader.finish(AllowPeer{site, read_may(reader.root()["may"])});
  if (!done) return bad(done.error().to_string());
  return Command(*std::move(done));
}

Parsed put_peer(const topics::SiteId& site, const ApiRequest& r) {
  if (site == r.who.site) return bad("site: expected another site");
  JsonReader reader(r.body);
  const Field host = reader.root()["host"], port = reader.root()["port"], keys = reader.root()["keys"],
              may = reader.root()["may"];
  PutPeer command{site,
                  host.line(1, 253),
                  static_cast<int>(port.small_integer(1, 65'535)),
                  peer_keys(keys.object_text()),
                  {}};
  if (may.present()) command.may = read_may(may);
  if (command.host.find_first_of(" /:@[]") != std::string::npos) host.fail("a host name or IPv4 address");
  if (command.keys.empty()) keys.fail("a JWK Set of Ed25519 keys, at most 4096 bytes");
  auto done = reader.finish(std::move(command));
  if (!done) return bad(done.error().to_string());
  return Command(*std::move(done));
}

Parsed parse_peers(const std::vector<std::string>& path, const ApiRequest& r) {
  if (path.size() == 2 && r.method == "GET") return Command(ListPeers{});
  const auto site = path.size() == 3 ? topics::SiteId::parse(path[2]) : topics::SiteId();
  if (site && r.method == "PUT") return put_peer(site, r);
  const auto allowed =
      path.size() == 4 && path[3] == "may" ? topics::SiteId::parse(path[2]) : topics::SiteId();
  if (allowed && r.method == "PUT") return allow_peer(allowed, r);
  if (site && r.method == "DELETE") return Command(DeletePeer{site});
  return api_error(404, "not-found", "no such call");
}

/// Which roles may call this: operators all, staff all but what defines the site, viewers the list of areas.
bool role_may(Role role, const std::string& method, const std::vector<std::string>& path) {
  const std::string& resource = path[1];
  if (role == Role::operator_) return true;
  const bool exports_user = resource == "users" && path.size() == 4 && path[3] == "export";
  if (exports_user || resource == "backups" || resource == "erasures") return false;
  if (role == Role::viewer) return resource == "areas" && method == "GET";
  const bool registers = resource == "plans" && path.size() == 5 && path[3] == "registrations";
  if (resource == "users" && path.size() >= 4 && path[3] == "identities") return false;
  const bool defines_site = !registers && (resource == "areas" || resource == "plans" ||
                                           resource == "users" || resource == "peers");
  return role == Role::staff && (method == "GET" || !defines_site);
}

Parsed parse_path(const ApiRequest& r) {
  const auto path = split(r.path);
  if (path[1] == "areas") return parse_areas(path, r);
  if (r.body.size() > max_body_bytes(r.path))
    return api_error(413, "too-large", "body: expected at most 1 MiB");
  if (path[1] == "plans") return parse_plans(path, r);
  if (path[1] == "groups") return parse_groups(path, r);
  if (path[1] == "users") return parse_users(path, r);
  if (path[1] == "peers") return parse_peers(path, r);
  if (path[1] == "events" && path.size() == 2 && r.method == "POST") return post_event(r);
  if (path[1] == "erasures" && path.size() == 2 && r.method == "GET") return Command(ShowErasures{});
  if (path[1] == "backups" && path.size() == 2 && r.method == "POST") return Command(MakeBackup{});
  if (path[1] == "status" && path.size() == 2 && r.method == "GET") return Command(ShowStatus{});
  return api_error(404, "not-found", "no such call");
}

}  // namespace

ApiResponse api_error(int status, std::string_view code, std::string_view detail,
                      const std::vector<std::string>& problems) {
  boost::json::object error{{"code", code}, {"detail", detail}};
  if (!problems.empty()) error["problems"] = boost::json::value_from(problems);
  return {status, boost::json::serialize(boost::json::object{{"error", std::move(error)}})};
}

std::optional<ApiResponse> refuse_api(const ApiRequest& r) {
  if (r.who.role != Role::operator_ && r.who.role != Role::staff && r.who.role != Role::viewer)
    return api_error(403, "forbidden", "expected a token of role operator, staff or viewer");
  const auto path = split(r.path);
  if (path.size() < 2 || path[0] != "v1")
    return api_error(404, "not-found", "no such call; the interface begins with /v1");
  if (!role_may(r.who.role, r.method, path))
    return api_error(403, "forbidden", "the role " + std::string(to_string(r.who.role)) + " may not do this");
  return std::nullopt;
}

std::size_t max_body_bytes(std::string_view path) {
  const auto parts = split(path);
  return parts.size() == 2 && parts[1] == "areas" ? kMaxAreaBytes : kMaxBodyBytes;
}

std::variant<Command, ApiResponse> parse_api(const ApiRequest& request) {
  if (auto refused = refuse_api(request)) return *std::move(refused);
  return parse_path(request);
}

}  // namespace convoke::app
