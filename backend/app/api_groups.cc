#include "backend/app/api_groups.h"

#include <boost/json.hpp>

#include "backend/core/announce.h"
#include "backend/core/blocks.h"
#include "backend/core/delivery.h"
#include "backend/core/members.h"
#include "backend/core/moderation.h"
#include "backend/core/organizer.h"
#include "backend/core/roster.h"
#include "backend/core/sites.h"

namespace convoke::app {
namespace {

namespace json = boost::json;
using core::GroupState;

constexpr core::TimeMs kListRetiredMs = 24 * 3'600'000;

ApiResponse ok(const json::value& body, int status = 200) { return {status, json::serialize(body)}; }
ApiResponse no_group() { return api_error(404, "not-found", "no such group"); }
ApiResponse not_live() { return api_error(409, "not-live", "the group is not open"); }

std::string by(const topics::Principal& who) { return std::string(to_string(who.role)) + " " + who.subject; }

json::value optional_time(const std::optional<core::TimeMs>& t) {
  return t ? json::value(*t) : json::value(nullptr);
}

json::object summary(const core::Group& g) {
  json::object o{
      {"group", g.id.str()},         {"plan", g.plan.str()},       {"name", g.name},
      {"state", to_string(g.state)}, {"started_ms", g.started_ms}, {"ends_ms", optional_time(g.ends_ms)},
      {"version", g.version},        {"messages", g.messages},     {"reasons", json::value_from(g.reasons)}};
  if (g.home) o["home"] = g.home.str();
  if (g.state == GroupState::open) {
    o["members"] = g.members.size();
    o["available"] = g.available;
    o["holding"] = core::holding(g);
  } else if (g.state == GroupState::scheduled || g.state == GroupState::gathering) {
    o["opens_ms"] = g.opens_ms;
  } else {
    o["ended_ms"] = g.ended_ms;
    o["end_reason"] = g.end_reason;
    o["unconfirmed"] = g.members.size();
  }
  return o;
}

constexpr std::size_t kMembersPage = 1000;

/// A page of members, and whether there are more.
void add_members(json::object& o, const char* key, const core::State& state, const core::Group& g,
                 const std::string& after, bool missing) {
  json::array members;
  bool more = false;
  for (auto it = g.members.upper_bound(topics::UserId::parse(after)); it != g.members.end() && !more; ++it) {
    const auto& [id, m] = *it;
    if (missing && m.held_version > 0) continue;
    more = members.size() == kMembersPage;
    if (more) break;
    const messages::Buddy b = core::buddy_of(state, g, id);
    members.push_back({{"user", id.str()},
                       {"name", b.name},
                       {"presence", to_string(b.presence)},
                       {"standing", to_string(b.standing)},
                       {"why", m.why},
                       {"ends_ms", optional_time(m.ends_ms)},
                       {"held_version", m.held_version}});
  }
  o[key] = std::move(members);
  o["more"] = more;
}

/// The server's word is on its way under this id.
ApiResponse said(const std::string& id) {
  if (id.empty())
    return api_error(503, "unavailable", "too many announcements wait for the broker: try again");
  return ok({{"message", id}}, 201);
}

}  // namespace

ApiResponse run(core::Engine& e, const topics::Principal&, ListGroups c, core::Context& ctx) {
  json::array groups;
  for (const auto& [id, g] : e.state().groups) {
    if (!c.state.empty() && c.state != to_string(g.state)) continue;
    if (!c.plan.empty() && c.plan != g.plan.str()) continue;
    if (g.state == GroupState::retired && g.ended_ms < ctx.now - kListRetiredMs) continue;
    groups.push_back(summary(g));
  }
  return ok({{"groups", std::move(groups)}});
}

ApiResponse run(core::Engine& e, const topics::Principal&, ShowGroup c, core::Context&) {
  const core::Group* g = e.state().group(c.id);
  if (!g) return no_group();
  json::object o = summary(*g);
  add_members(o, "member_list", e.state(), *g, "", false);
  o["announcement_only"] = g->rules.announcement_only;
  o["slow_ms"] = g->rules.slow_ms;
  o["per_minute"] = g->rules.per_minute;
  json::array banned;
  for (const auto& user : g->banned) banned.emplace_back(user.str());
  o["banned"] = std::move(banned);
  return ok(o);
}

ApiResponse run(core::Engine& e, const topics::Principal&, ListMembers c, core::Context&) {
  const core::Group* g = e.state().group(c.id);
  if (!g) return no_group();
  json::object o{{"group", g->id.str()},
                 {"version", g->version},
                 {"total", g->members.size()},
                 {"holding", core::holding(*g)}};
  add_members(o, "members", e.state(), *g, c.after, c.missing);
  return ok(o);
}

ApiResponse run(core::Engine& e, const topics::Principal& who, StartGroup c, core::Context& ctx) {
  auto plan = e.state().plans.find(c.plan);
  if (plan == e.state().plans.end()) return api_error(404, "not-found", "no such plan");
  const core::StartOutcome outcome = core::start_group(e.state(), plan->second, by(who), c.key, ctx);
  if (outcome.result == core::StartResult::no_members)
    return api_error(409, "no-members", "nobody qualifies for the plan's audience now (presence counts)");
  if (outcome.result == core::StartResult::over)
    return api_error(409, "over", "end: the plan's end of kind set-time has passed");
  if (outcome.result == core::StartResult::put_off)
    return api_error(503, "unavailable", "too many starts at once: try again");
  const core::Group& g = *e.state().group(outcome.group);
  const bool scheduled = outcome.result == core::StartResult::scheduled;
  const bool started = scheduled || outcome.result == core::StartResult::started;
  json::object answer{{"group", g.id.str()},
                      {"members", g.members.size()},
                      {"started", started},
                      {"state", to_string(g.state)}};
  if (scheduled) answer["opens_ms"] = g.opens_ms;
  return ok(answer, started ? 201 : 200);
}

ApiResponse run(core::Engine& e, const topics::Principal&, EndGroup c, core::Context& ctx) {
  core::Group* g = e.state().group(c.id);
  if (!g) return no_group();
  if (g->state != GroupState::ending && g->state != GroupState::retired)
    core::end_group(e.state(), *g, "staff", ctx);
  return ok(summary(*g));
}

ApiResponse run(core::Engine& e, const topics::Principal&, ExtendGroup c, core::Context& ctx) {
  core::Group* g = e.state().group(c.id);
  if (!g) return no_group();
  if (g->state != GroupState::open) return not_live();
  const core::TimeMs ends = c.ends_ms ? *c.ends_ms : g->ends_ms.value_or(ctx.now) + *c.by_ms;
  if (ends <= ctx.now)
    return api_error(400, "bad-request", "ends_ms: expected a time ahead; to end the group now, use end");
  if (!core::extend_group(e.state(), *g, ends, ctx))
    return api_error(400, "bad-request", "ends_ms: expected a time before the year 10000");
  return ok(summary(*g));
}

ApiResponse run(core::Engine& e, const topics::Principal& who, Announce c, core::Context& ctx) {
  core::Group* g = e.state().group(c.id);
  if (!g) return no_group();
  if (g->state != GroupState::open) return not_live();
  return said(core::announce(e.state(), *g, messages::kAnnouncement, std::move(c.text), who.subject, ctx));
}

ApiResponse run(core::Engine& e, const topics::Principal& who, DeleteMessage c, core::Context& ctx) {
  core::Group* g = e.state().group(c.id);
  if (!g) return no_group();
  if (g->state != GroupState::open) return not_live();
  if (!core::has_message(*g, c.author, c.message)) return api_error(404, "not-found", "no such message");
  return said(core::delete_message(e.state(), *g, c.author, c.message, who.subject, ctx));
}

ApiResponse run(core::Engine& e, const topics::Principal& who, AddMember c, core::Context& ctx) {
  core::Group* g = e.state().group(c.id);
  if (!g) return no_group();
  if (g->state != GroupState::open) return not_live();
  if (g->banned.contains(c.user)) return api_error(409, "banned", "the user is banned from this group");
  if (const auto site = core::site_of(c.user); site && !e.state().peers.contains(site))
    return api_error(409, "no-peer", "this site is not joined with " + site.str());
  if (const auto other = core::kept_apart_from(e.state(), *g, c.user); !other.empty())
    return api_error(
        409, "kept-apart",
        c.user.str() + " and " + other.str() +
            ": one has blocked the other, and a chat of at most 200 members has only one of them");
  if (core::over_for(e.state(), *g, c.user, ctx.now))
    return api_error(409, "over", "the chat is ending, and this user's ending time has passed");
  core::add_member(e.state(), *g, c.user, "added by " + by(who), ctx);
  return ok(summary(*g));
}

ApiResponse run(core::Engine& e, const topics::Principal&, RemoveMember c, core::Context& ctx) {
  core::Group* g = e.state().group(c.id);
  if (!g) return no_group();
  if (g->state != GroupState::open) return not_live();
  if (!g->members.contains(c.user)) return api_error(404, "not-found", "no such member");
  core::remove_member(e.state(), *g, c.user, "removed", ctx);
  return ok(summary(*g));
}

ApiResponse run(core::Engine& e, const topics::Principal&, SetStanding c, core::Context& ctx) {
  core::Group* g = e.state().group(c.id);
  if (!g) return no_group();
  if (g->state != GroupState::open) return not_live();
  if (!g->members.contains(c.user)) return api_error(404, "not-found", "no such member");
  if (!core::set_standing(e.state(), *g, c.user, c.standing, ctx))
    return api_error(409, "too-many", "1000 users of this group are muted or staff already");
  return ok(summary(*g));
}

ApiResponse run(core::Engine& e, const topics::Principal&, SetRules c, core::Context& ctx) {
  core::Group* g = e.state().group(c.id);
  if (!g) return no_group();
  if (g->state != GroupState::open) return not_live();
  core::set_rules(e.state(), *g, c.rules, ctx);
  return ok(summary(*g));
}

ApiResponse run(core::Engine& e, const topics::Principal&, Ban c, core::Context& ctx) {
  core::Group* g = e.state().group(c.id);
  if (!g) return no_group();
  if (g->state != GroupState::open) return not_live();
  if (!core::ban(e.state(), *g, c.user, ctx))
    return api_error(409, "too-many", "1000 users are banned from this group already");
  return ok(summary(*g));
}

ApiResponse run(core::Engine& e, const topics::Principal&, Unban c, core::Context& ctx) {
  core::Group* g = e.state().group(c.id);
  if (!g) return no_group();
  if (!core::unban(*g, c.user, ctx)) return api_error(404, "not-found", "not banned");
  return ok(summary(*g));
}

}  // namespace convoke::app
