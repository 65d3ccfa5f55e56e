#include <algorithm>
#include <boost/json.hpp>

#include "backend/app/api.h"
#include "backend/app/api_outside.h"
#include "backend/core/announce.h"
#include "backend/core/audience.h"
#include "backend/core/blocks.h"
#include "backend/core/erasure.h"
#include "backend/core/moderation.h"
#include "backend/core/organizer.h"
#include "backend/core/registrations.h"
#include "backend/core/roster.h"
#include "backend/core/triggers.h"
#include "backend/ingress/plan_file.h"
#include "geo/geojson.h"

namespace convoke::app {
namespace {

namespace json = boost::json;
using core::Context;
using core::Engine;
using core::GroupState;
using topics::Principal;

constexpr core::TimeMs kListRetiredMs = 24 * 3'600'000;

ApiResponse ok(const json::value& body, int status = 200) { return {status, json::serialize(body)}; }
ApiResponse no_group() { return api_error(404, "not-found", "no such group"); }
ApiResponse not_live() { return api_error(409, "not-live", "the group is not open"); }

std::string by(const Principal& who) { return std::string(to_string(who.role)) + " " + who.subject; }

json::value optional_time(const std::optional<core::TimeMs>& t) {
  return t ? json::value(*t) : json::value(nullptr);
}

json::object summary(const core::Group& g) {
  json::object o{
      {"group", g.id.str()},         {"plan", g.plan.str()},       {"name", g.name},
      {"state", to_string(g.state)}, {"started_ms", g.started_ms}, {"ends_ms", optional_time(g.ends_ms)},
      {"version", g.version},        {"messages", g.messages},     {"reasons", json::value_from(g.reasons)}};
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

ApiResponse run(Engine& e, const Principal&, ListAreas, Context&) {
  std::vector<geo::Area> areas;
  e.tracker().index().for_each([&](const geo::Area& a) { areas.push_back(a); });
  json::value collection = json::parse(geo::to_geojson(areas));
  for (json::value& f : collection.as_object()["features"].as_array()) {
    json::object& feature = f.as_object();
    if (!feature["properties"].is_object()) feature["properties"] = json::object();
    feature["properties"].as_object()["occupancy"] =
        e.state().occupancy(topics::AreaId::parse(std::string_view(feature["id"].as_string())));
  }
  return ok(collection);
}

ApiResponse run(Engine& e, const Principal&, PutAreas c, Context& ctx) {
  const std::size_t count = c.areas.size();
  e.put_areas(c.areas, ctx);
  return ok({{"imported", count}, {"repaired", json::value_from(c.repaired)}});
}

ApiResponse run(Engine& e, const Principal&, DeleteArea c, Context& ctx) {
  if (!e.delete_area(c.id, ctx)) return api_error(404, "not-found", "no such area");
  return ok({{"removed", c.id.str()}});
}

ApiResponse run(Engine& e, const Principal&, ListPlans, Context&) {
  json::array plans;
  for (const auto& [id, record] : e.state().plans) {
    json::object o = json::parse(ingress::plan_to_json(record.plan)).as_object();
    o["state"] = record.live ? "live" : record.plan.enabled ? "waiting" : "disabled";
    o["live_group"] = record.live ? json::value(record.live->str()) : json::value(nullptr);
    o["next_start_ms"] = optional_time(core::next_schedule(record));
    plans.push_back(std::move(o));
  }
  return ok({{"plans", std::move(plans)}});
}

ApiResponse run(Engine& e, const Principal&, PutPlans c, Context& ctx) {
  json::array applied;
  for (core::Plan& plan : c.plans) {
    applied.emplace_back(plan.id.str());
    e.put_plan(std::move(plan), ctx);
  }
  return ok({{"applied", std::move(applied)}});
}

ApiResponse run(Engine& e, const Principal&, DeletePlan c, Context& ctx) {
  if (!e.delete_plan(c.id, ctx)) return api_error(404, "not-found", "no such plan");
  return ok({{"removed", c.id.str()}});
}

ApiResponse run(Engine& e, const Principal&, ListGroups c, Context& ctx) {
  json::array groups;
  for (const auto& [id, g] : e.state().groups) {
    if (!c.state.empty() && c.state != to_string(g.state)) continue;
    if (!c.plan.empty() && c.plan != g.plan.str()) continue;
    if (g.state == GroupState::retired && g.ended_ms < ctx.now - kListRetiredMs) continue;
    groups.push_back(summary(g));
  }
  return ok({{"groups", std::move(groups)}});
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

ApiResponse run(Engine& e, const Principal&, ShowGroup c, Context&) {
  const core::Group* g = e.state().group(c.id);
  if (!g) return no_group();
  json::object o = summary(*g);
  add_members(o, "member_list", e.state(), *g, "", false);
  o["announcement_only"] = g->rules.announcement_only;
  o["slow_ms"] = g->rules.slow_ms;
  json::array banned;
  for (const auto& user : g->banned) banned.emplace_back(user.str());
  o["banned"] = std::move(banned);
  return ok(o);
}

ApiResponse run(Engine& e, const Principal&, ListMembers c, Context&) {
  const core::Group* g = e.state().group(c.id);
  if (!g) return no_group();
  json::object o{{"group", g->id.str()},
                 {"version", g->version},
                 {"total", g->members.size()},
                 {"holding", core::holding(*g)}};
  add_members(o, "members", e.state(), *g, c.after, c.missing);
  return ok(o);
}

ApiResponse run(Engine& e, const Principal& who, StartGroup c, Context& ctx) {
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

ApiResponse run(Engine& e, const Principal&, EndGroup c, Context& ctx) {
  core::Group* g = e.state().group(c.id);
  if (!g) return no_group();
  if (g->state != GroupState::ending && g->state != GroupState::retired)
    core::end_group(e.state(), *g, "staff", ctx);
  return ok(summary(*g));
}

ApiResponse run(Engine& e, const Principal&, ExtendGroup c, Context& ctx) {
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

/// The server's word is on its way under this id.
ApiResponse said(const std::string& id) {
  if (id.empty())
    return api_error(503, "unavailable", "too many announcements wait for the broker: try again");
  return ok({{"message", id}}, 201);
}

ApiResponse run(Engine& e, const Principal& who, Announce c, Context& ctx) {
  core::Group* g = e.state().group(c.id);
  if (!g) return no_group();
  if (g->state != GroupState::open) return not_live();
  return said(core::announce(e.state(), *g, messages::kAnnouncement, std::move(c.text), who.subject, ctx));
}

ApiResponse run(Engine& e, const Principal& who, DeleteMessage c, Context& ctx) {
  core::Group* g = e.state().group(c.id);
  if (!g) return no_group();
  if (g->state != GroupState::open) return not_live();
  if (!core::has_message(*g, c.author, c.message)) return api_error(404, "not-found", "no such message");
  return said(core::delete_message(e.state(), *g, c.author, c.message, who.subject, ctx));
}

ApiResponse run(Engine& e, const Principal& who, AddMember c, Context& ctx) {
  core::Group* g = e.state().group(c.id);
  if (!g) return no_group();
  if (g->state != GroupState::open) return not_live();
  if (g->banned.contains(c.user)) return api_error(409, "banned", "the user is banned from this group");
  if (const auto other = core::kept_apart_from(e.state(), *g, c.user); !other.empty())
    return api_error(
        409, "kept-apart",
        c.user.str() + " and " + other.str() +
            ": one has blocked the other, and a chat of at most 200 members has only one of them");
  core::add_member(e.state(), *g, c.user, "added by " + by(who), ctx);
  return ok(summary(*g));
}

ApiResponse run(Engine& e, const Principal&, RemoveMember c, Context& ctx) {
  core::Group* g = e.state().group(c.id);
  if (!g) return no_group();
  if (g->state != GroupState::open) return not_live();
  if (!g->members.contains(c.user)) return api_error(404, "not-found", "no such member");
  core::remove_member(e.state(), *g, c.user, "removed", ctx);
  return ok(summary(*g));
}

core::PlanRecord* find_plan(Engine& e, const topics::PlanId& id) {
  const auto it = e.state().plans.find(id);
  return it == e.state().plans.end() ? nullptr : &it->second;
}
ApiResponse no_plan() { return api_error(404, "not-found", "no such plan"); }

json::array registrations_of(const std::vector<core::Registration>& all) {
  json::array out;
  for (const core::Registration& r : all)
    out.push_back({{"source", r.source}, {"proof", r.proof}, {"t", r.at_ms}});
  return out;
}

ApiResponse run(Engine& e, const Principal& who, PutRegistration c, Context& ctx) {
  core::PlanRecord* plan = find_plan(e, c.plan);
  if (!plan) return no_plan();
  if (!core::registered_by(*plan, c.user, core::kByStaff))
    core::put_registration(e.state(), *plan, c.user, {core::kByStaff, by(who), ctx.now}, ctx);
  return ok({{"user", c.user.str()}, {"by", registrations_of(plan->registrations.at(c.user))}});
}

/// Whatever the source: staff have the last word.
ApiResponse run(Engine& e, const Principal&, DeleteRegistration c, Context& ctx) {
  core::PlanRecord* plan = find_plan(e, c.plan);
  if (!plan) return no_plan();
  if (!core::take_registration(e.state(), *plan, c.user, "", ctx))
    return api_error(404, "not-found", "not registered with this plan");
  return ok({{"removed", c.user.str()}});
}

ApiResponse run(Engine& e, const Principal&, ListRegistrations c, Context&) {
  constexpr std::size_t kPage = 1000;
  const core::PlanRecord* plan = find_plan(e, c.plan);
  if (!plan) return no_plan();
  std::vector<topics::UserId> users;
  for (const auto& [user, all] : plan->registrations)
    if (user.str() > c.after) users.push_back(user);
  const std::size_t shown = std::min(users.size(), kPage);
  std::partial_sort(users.begin(), users.begin() + static_cast<std::ptrdiff_t>(shown), users.end());
  json::array page;
  for (std::size_t i = 0; i < shown; ++i)
    page.push_back({{"user", users[i].str()}, {"by", registrations_of(plan->registrations.at(users[i]))}});
  return ok({{"registrations", std::move(page)},
             {"total", plan->registrations.size()},
             {"more", users.size() > shown}});
}

/// Where the user stands with the plan's group, if it has one that has not ended.
void add_membership(json::object& o, const Engine& e, const core::PlanRecord& plan,
                    const topics::UserId& user) {
  if (!plan.live) return;
  const core::Group& group = *e.state().group(*plan.live);
  o["group"] = group.id.str();
  o["state"] = to_string(group.state);
  const auto member = group.members.find(user);
  const topics::UserId apart_from =
      member == group.members.end() ? core::kept_apart_from(e.state(), group, user) : topics::UserId();
  if (!apart_from.empty()) o["apart_from"] = apart_from.str();
  o["standing"] = member != group.members.end()   ? "member"
                  : group.invited.contains(user)  ? "invited"
                  : group.banned.contains(user)   ? "banned"
                  : group.kept_out.contains(user) ? "left"
                  : !apart_from.empty()           ? "kept-apart"
                                                  : "none";
  if (member == group.members.end()) return;
  o["member_because"] = member->second.why;
  o["leaves_ms"] = optional_time(member->second.leaves_ms);
}

ApiResponse run(Engine& e, const Principal&, ShowWhy c, Context& ctx) {
  const core::PlanRecord* plan = find_plan(e, c.plan);
  if (!plan) return no_plan();
  core::User unheard;
  unheard.id = c.user;
  const core::User* user = e.state().user(c.user);
  const core::Explanation why = core::explain(e.state(), plan->plan, user ? *user : unheard, ctx.now);
  json::array findings;
  for (const core::Finding& f : why.findings)
    findings.push_back({{"part", f.part}, {"condition", f.condition}, {"holds", f.holds}});
  json::object o{{"plan", c.plan.str()},       {"user", c.user.str()}, {"known", user != nullptr},
                 {"qualifies", why.qualifies}, {"because", why.why},   {"findings", std::move(findings)}};
  if (const auto it = plan->registrations.find(c.user); it != plan->registrations.end())
    o["registered"] = registrations_of(it->second);
  add_membership(o, e, *plan, c.user);
  return ok(o);
}

const char* result_name(core::StartResult result) {
  switch (result) {
    case core::StartResult::started:
      return "started";
    case core::StartResult::scheduled:
      return "scheduled";
    case core::StartResult::already_live:
      return "already-live";
    case core::StartResult::same_key:
      return "known";
    case core::StartResult::no_members:
      return "no-members";
    case core::StartResult::over:
      return "over";
    case core::StartResult::put_off:
      return "put-off";
  }
  return "";
}

ApiResponse run(Engine& e, const Principal&, PostEvent c, Context& ctx) {
  json::array plans;
  for (const auto& [plan, outcome] : e.external_event(c.event, ctx)) {
    // Nothing has been decided for it: the sender is to try again.
    if (outcome.result == core::StartResult::put_off)
      return api_error(503, "unavailable", "too many starts at once: try again");
    json::object o{{"plan", plan.str()}, {"result", result_name(outcome.result)}};
    if (outcome.group) o["group"] = outcome.group.str();
    plans.push_back(std::move(o));
  }
  return ok({{"plans", std::move(plans)}});
}

ApiResponse run(Engine& e, const Principal&, SetStanding c, Context& ctx) {
  core::Group* g = e.state().group(c.id);
  if (!g) return no_group();
  if (g->state != GroupState::open) return not_live();
  if (!g->members.contains(c.user)) return api_error(404, "not-found", "no such member");
  if (!core::set_standing(e.state(), *g, c.user, c.standing, ctx))
    return api_error(409, "too-many", "1000 users of this group are muted or staff already");
  return ok(summary(*g));
}

ApiResponse run(Engine& e, const Principal&, SetRules c, Context& ctx) {
  core::Group* g = e.state().group(c.id);
  if (!g) return no_group();
  if (g->state != GroupState::open) return not_live();
  core::set_rules(e.state(), *g, c.rules, ctx);
  return ok(summary(*g));
}

ApiResponse run(Engine& e, const Principal&, Ban c, Context& ctx) {
  core::Group* g = e.state().group(c.id);
  if (!g) return no_group();
  if (g->state != GroupState::open) return not_live();
  if (!core::ban(e.state(), *g, c.user, ctx))
    return api_error(409, "too-many", "1000 users are banned from this group already");
  return ok(summary(*g));
}

ApiResponse run(Engine& e, const Principal&, Unban c, Context& ctx) {
  core::Group* g = e.state().group(c.id);
  if (!g) return no_group();
  if (!core::unban(*g, c.user, ctx)) return api_error(404, "not-found", "not banned");
  return ok(summary(*g));
}

// Answered by the server.
ApiResponse run(Engine&, const Principal&, ListReports, Context&) { return {}; }
ApiResponse run(Engine&, const Principal&, ShowGroupWhy, Context&) { return {}; }

json::array devices_of(const core::User& u) {
  json::array devices;
  for (const auto& [id, d] : u.devices)
    devices.push_back({{"device", id.str()}, {"presence", to_string(d.state)}, {"heard_ms", d.heard_ms}});
  return devices;
}

ApiResponse run(Engine& e, const Principal& who, ShowUser c, Context&) {
  const core::User* u = e.state().user(c.id);
  if (!u) return api_error(404, "not-found", "no such user");
  json::array areas, groups;
  for (const auto& a : u->areas) areas.emplace_back(a.str());
  for (const auto& g : u->groups) groups.emplace_back(g.str());
  json::object o{{"user", u->id.str()},
                 {"name", u->name},
                 {"attributes", json::value_from(u->attributes)},
                 {"presence", to_string(u->presence)},
                 {"devices", devices_of(*u)},
                 {"areas", std::move(areas)},
                 {"groups", std::move(groups)},
                 {"chat_duration_ms", optional_time(u->chat_duration_ms)}};
  auto last = e.tracker().last(u->id.str());
  if (last && who.role == topics::Role::operator_)
    o["position"] = {{"t", last->time_ms},
                     {"lat", last->at.lat},
                     {"lon", last->at.lon},
                     {"acc", last->acc_m ? json::value(*last->acc_m) : json::value(nullptr)}};
  return ok(o);
}

ApiResponse run(Engine& e, const Principal&, PutUser c, Context& ctx) {
  e.put_profile(c.id, std::move(c.name), std::move(c.attributes), c.chat_duration_ms, ctx);
  return ok({{"user", c.id.str()}});
}

ApiResponse run(Engine& e, const Principal&, ListBlocks c, Context&) {
  const core::User* u = e.state().user(c.id);
  json::array blocked, blocked_by;
  if (u)
    for (const auto& other : u->blocked) blocked.emplace_back(other.str());
  for (const auto& other : core::blocked_with(e.state(), c.id))
    if (const core::User* by = e.state().user(other); by && by->blocked.contains(c.id))
      blocked_by.emplace_back(other.str());
  return ok({{"user", c.id.str()}, {"blocked", std::move(blocked)}, {"blocked_by", std::move(blocked_by)}});
}

ApiResponse run(Engine& e, const Principal&, Unblock c, Context& ctx) {
  if (!core::unblock(e.state(), c.by, c.user, ctx)) return api_error(404, "not-found", "not blocked");
  return ok({{"removed", c.user.str()}});
}

ApiResponse run(Engine& e, const Principal&, PutIdentity c, Context& ctx) {
  return put_identity(e, std::move(c), ctx);
}
ApiResponse run(Engine& e, const Principal&, const DeleteIdentity& c, Context& ctx) {
  return delete_identity(e, c, ctx);
}
ApiResponse run(Engine& e, const Principal&, const ListIdentities& c, Context&) {
  return list_identities(e, c);
}
ApiResponse run(Engine& e, const Principal&, const TakeAct& c, Context& ctx) { return take_act(e, c, ctx); }
ApiResponse run(Engine& e, const Principal&, const TakeMail& c, Context& ctx) { return take_mail(e, c, ctx); }

/// What only the store has goes in the background; a plan that names the user is for its author to change.
ApiResponse run(Engine& e, const Principal&, EraseUser c, Context& ctx) {
  json::array plans;
  for (const auto& [id, record] : e.state().plans)
    if (core::mentions(ingress::plan_to_json(record.plan), c.id)) plans.emplace_back(id.str());
  e.erase_user(c.id, ctx);
  return ok({{"user", c.id.str()}, {"plans_that_name_them", std::move(plans)}}, 202);
}

ApiResponse run(Engine&, const Principal&, RevokeUser c, Context& ctx) {
  ctx.fx.revoked.insert(c.id);
  return ok({{"revoked", c.id.str()}});
}

// Answered by the server, which has the store.
ApiResponse run(Engine&, const Principal&, ShowErasures, Context&) { return {}; }
ApiResponse run(Engine&, const Principal&, MakeBackup, Context&) { return {}; }
ApiResponse run(Engine&, const Principal&, ExportGroup, Context&) { return {}; }
ApiResponse run(Engine&, const Principal&, ExportUser, Context&) { return {}; }

ApiResponse run(Engine&, const Principal&, ShowStatus, Context&) { return {}; }  // answered by execute

}  // namespace

ApiResponse execute(Engine& engine, const Principal& who, Command command, const std::string& status,
                    Context& ctx) {
  if (std::holds_alternative<ShowStatus>(command)) return {200, status};
  return std::visit([&](auto&& c) { return run(engine, who, std::move(c), ctx); }, std::move(command));
}

}  // namespace convoke::app
