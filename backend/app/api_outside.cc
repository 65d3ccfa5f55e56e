#include "backend/app/api_outside.h"

#include <algorithm>
#include <boost/json.hpp>
#include <variant>

#include "backend/gateways/hooks/cloud_event.h"
#include "backend/ingress/cloud_event.h"

namespace convoke::app {
namespace {

namespace json = boost::json;

constexpr const char* kEventsShop = "events";  // the shop, in plans, of tickets that staff's events tell of

ApiResponse ok(const json::value& body) { return {200, json::serialize(body)}; }

std::string kind_of(const std::string& key) { return key.substr(0, key.find('/')); }

json::object outcome_of(const core::ActOutcome& outcome) {
  return {{"known", outcome.known},
          {"plans", outcome.plans},
          {"registered", outcome.registered},
          {"waiting", outcome.waiting},
          {"withdrawn", outcome.withdrawn}};
}

}  // namespace

ApiResponse put_identity(core::Engine& engine, PutIdentity c, core::Context& ctx) {
  switch (engine.link_identity(c.user, c.identity, c.proven, c.source, ctx)) {
    case core::LinkResult::taken:
      return api_error(409, "taken", "another user has proved that this is theirs");
    case core::LinkResult::too_many:
      return api_error(409, "too-many", "a user has at most 20 identities");
    case core::LinkResult::linked:
      break;
  }
  json::object answer{{"user", c.user.str()}, {"id", c.identity.key}, {"kind", kind_of(c.identity.key)}};
  if (!c.tag.empty()) answer["tag"] = c.tag;
  return ok(answer);
}

void sign_in(core::Engine& engine, const gateways::IdentityVault& vault, const messages::SignIn& sign_in,
             core::TimeMs issued_ms, core::Context& ctx) {
  std::vector<core::Identity> proven;
  for (auto& identity : {vault.phone(sign_in.phone), vault.mail(sign_in.mail)})
    if (identity) proven.push_back(*identity);
  engine.sign_in(core::UserId::parse(sign_in.user), proven, issued_ms, ctx);
}

ApiResponse delete_identity(core::Engine& engine, const DeleteIdentity& c, core::Context& ctx) {
  if (!engine.unlink_identity(c.user, c.key, ctx))
    return api_error(404, "not-found", "no such identity of this user");
  return ok({{"removed", c.key}});
}

ApiResponse list_identities(const core::Engine& engine, const ListIdentities& c) {
  json::array identities;
  if (const core::User* user = engine.state().user(c.user))
    for (const std::string& key : user->identities) {
      const core::IdentityRecord& record = engine.state().identities.at(key);
      const auto value = c.vault->open(key, record.sealed);
      identities.push_back({{"id", key},
                            {"kind", kind_of(key)},
                            {"value", value ? json::value(*value) : json::value(nullptr)},
                            {"proven", record.proven},
                            {"source", record.source},
                            {"t", record.at_ms}});
    }
  return ok({{"identities", std::move(identities)}});
}

Outside read_outside(std::string_view json, const gateways::IdentityVault* vault) {
  using namespace gateways::hooks;
  const auto event = ingress::decode_cloud_event(json);
  if (!event || !is_generic_type(event->type)) return {};
  if (!vault)
    return "type: expected no call and no ticket: this server keeps no identities ([identities] key_file)";
  Reading reading = read_cloud_event(json, 0, "", *vault);
  if (const auto* refusal = std::get_if<Refusal>(&reading)) return refusal->detail;
  core::Act act;
  if (auto* read = std::get_if<core::Act>(&reading)) act = std::move(*read);
  fill_in(act, kEventsShop);
  return act;  // of nobody, if they hide
}

std::optional<std::string> take_outside(core::Engine& engine, std::string_view json,
                                        const gateways::IdentityVault* vault, core::Context& ctx) {
  Outside read = read_outside(json, vault);
  if (std::holds_alternative<std::monostate>(read)) return std::nullopt;
  if (auto* wrong = std::get_if<std::string>(&read)) return *wrong;
  take_act(engine, {std::get<core::Act>(std::move(read))}, ctx);
  return "";
}

ApiResponse take_act(core::Engine& engine, TakeAct c, core::Context& ctx) {
  if (c.act.who.empty() && !c.act.withdrawn) return ok(outcome_of({}));
  if (c.act.at_ms == 0) c.act.at_ms = ctx.now;  // it does not say when
  return ok(outcome_of(engine.act(c.act, ctx)));
}

ApiResponse keep_hint(core::Engine& engine, const KeepHint& c, core::Context& ctx) {
  const auto number = engine.keep_hint(c.hook, c.about, c.told_ms, ctx);
  if (!number) return api_error(503, "unavailable", "too many hints wait for their shop: try again");
  return {200, std::to_string(*number)};
}

ApiResponse take_mail(core::Engine& engine, const TakeMail& c, core::Context& ctx) {
  const core::MailOutcome outcome = engine.mail(c.mail, ctx);
  for (const auto& [plan, start] : outcome.starts)
    if (start.result == core::StartResult::put_off)
      return api_error(503, "unavailable", "too many starts at once: try again");
  json::object answer = outcome_of(outcome.act);
  answer["starts"] = outcome.starts.size();
  return ok(answer);
}

}  // namespace convoke::app
