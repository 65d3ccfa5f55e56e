#include "backend/app/api_outside.h"

#include <algorithm>
#include <boost/json.hpp>

namespace convoke::app {
namespace {

namespace json = boost::json;

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

ApiResponse take_act(core::Engine& engine, const TakeAct& c, core::Context& ctx) {
  return ok(outcome_of(engine.act(c.act, ctx)));
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
