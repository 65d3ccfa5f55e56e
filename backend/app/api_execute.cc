#include <algorithm>
#include <boost/json.hpp>

#include "backend/app/api.h"
#include "backend/app/api_groups.h"
#include "backend/app/api_outside.h"
#include "backend/core/blocks.h"
#include "backend/core/erasure.h"
#include "backend/core/explanation.h"
#include "backend/core/registrations.h"
#include "backend/core/triggers.h"
#include "backend/ingress/plan_file.h"
#include "geo/geojson.h"

namespace convoke::app {
namespace {

namespace json = boost::json;
using core::Context;
using core::Engine;
using topics::Principal;

ApiResponse ok(const json::value& body, int status = 200) { return {status, json::serialize(body)}; }

std::string by(const Principal& who) { return std::string(to_string(who.role)) + " " + who.subject; }

json::value optional_time(const std::optional<core::TimeMs>& t) {
  return t ? json::value(*t) : json::value(nullptr);
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

/// What the plan waits for at other sites, and what these have told.
json::array levels_of(const core::PlanRecord& record) {
  json::array levels;
  for (const auto& [there, told] : record.watched) {
    json::object level = json::parse(encode(there.second)).as_object();
    level["site"] = there.first.str();
    if (told.holds)
      level["holds"] = *told.holds;
    else
      level["unknown"] = told.why;
    levels.push_back(std::move(level));
  }
  return levels;
}

ApiResponse run(Engine& e, const Principal&, ListPlans, Context&) {
  json::array plans;
  for (const auto& [id, record] : e.state().plans) {
    json::object o = json::parse(ingress::plan_to_json(record.plan)).as_object();
    o["state"] = record.live ? "live" : record.plan.enabled ? "waiting" : "disabled";
    o["live_group"] = record.live ? json::value(record.live->str()) : json::value(nullptr);
    o["next_start_ms"] = optional_time(core::next_schedule(record));
    if (json::array there = levels_of(record); !there.empty()) o["elsewhere"] = std::move(there);
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
                 {"chat_duration_ms", optional_time(u->chat_duration_ms)},
                 {"other_sites", u->other_sites}};
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
ApiResponse run(Engine& e, const Principal&, TakeAct c, Context& ctx) {
  return take_act(e, std::move(c), ctx);
}
ApiResponse run(Engine& e, const Principal&, const TakeMail& c, Context& ctx) { return take_mail(e, c, ctx); }
ApiResponse run(Engine& e, const Principal&, const KeepHint& c, Context& ctx) { return keep_hint(e, c, ctx); }
ApiResponse run(Engine& e, const Principal&, const DropHint& c, Context& ctx) {
  e.drop_hint(c.hook, c.about, c.number, ctx);
  return {200, ""};
}

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

ApiResponse run(Engine& e, const Principal&, PutPeer c, Context& ctx) {
  const auto& peers = e.state().peers;
  if (!peers.contains(c.site) && peers.size() >= core::kMaxPeers)
    return api_error(409, "too-many", "there are 100 other sites already");
  e.put_peer(c.site, std::move(c.host), c.port, std::move(c.keys), ctx);
  if (c.may) e.allow_peer(c.site, *std::move(c.may), ctx);
  return ok({{"site", c.site.str()}});
}
ApiResponse run(Engine& e, const Principal&, AllowPeer c, Context& ctx) {
  if (!e.allow_peer(c.site, std::move(c.may), ctx)) return api_error(404, "not-found", "no such site");
  return ok({{"site", c.site.str()}});
}
ApiResponse run(Engine& e, const Principal&, const DeletePeer& c, Context& ctx) {
  if (!e.delete_peer(c.site, ctx)) return api_error(404, "not-found", "no such site");
  return ok({{"removed", c.site.str()}});
}
ApiResponse run(Engine&, const Principal&, ListPeers, Context&) { return {}; }  // answered by the server

ApiResponse run(Engine&, const Principal&, ShowStatus, Context&) { return {}; }  // answered by execute

/// Calls that change a group.
template <class C>
constexpr bool kChangesGroup =
    std::is_same_v<C, EndGroup> || std::is_same_v<C, ExtendGroup> || std::is_same_v<C, Announce> ||
    std::is_same_v<C, DeleteMessage> || std::is_same_v<C, AddMember> || std::is_same_v<C, RemoveMember> ||
    std::is_same_v<C, SetStanding> || std::is_same_v<C, SetRules> || std::is_same_v<C, Ban> ||
    std::is_same_v<C, Unban>;

/// Of a group only its home's staff decide: so no two decisions are ever in conflict.
template <class C>
std::optional<ApiResponse> refuse_foreign(const Engine& e, const C& c) {
  if constexpr (kChangesGroup<C>) {
    const core::Group* g = e.state().group(c.id);
    if (g && g->home)
      return api_error(409, "not-home", "the group is one of site " + g->home.str() + ", whose staff decide");
  }
  return std::nullopt;
}

}  // namespace

ApiResponse execute(Engine& engine, const Principal& who, Command command, const std::string& status,
                    Context& ctx) {
  if (std::holds_alternative<ShowStatus>(command)) return {200, status};
  return std::visit(
      [&](auto&& c) {
        if (auto refused = refuse_foreign(engine, c)) return *std::move(refused);
        return run(engine, who, std::move(c), ctx);
      },
      std::move(command));
}

}  // namespace convoke::app
