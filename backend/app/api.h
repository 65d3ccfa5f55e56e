#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backend/core/engine.h"
#include "backend/core/plan.h"
#include "backend/core/registrars.h"
#include "backend/gateways/identity_vault.h"
#include "geo/area_file.h"
#include "topics/ids.h"
#include "topics/principal.h"

/// The staff interface, the same over HTTP and over MQTT (docs/protocol/http.md). A call is parsed and
/// checked on the caller's thread into a command, and carried out by the core's thread, which owns the state.
namespace convoke::app {

struct ApiRequest {
  topics::Principal who;
  std::string method, path, content_type, body;
  std::map<std::string, std::string> query;
  geo::AreaLimits area_limits = {};                // what the server's configuration allows
  const gateways::IdentityVault* vault = nullptr;  // null: it keeps no identities
};

struct ApiResponse {
  int status = 200;
  std::string body;  // JSON
};

struct ListAreas {};
struct PutAreas {
  std::vector<geo::Area> areas;
  std::vector<std::string> repaired;
};
struct DeleteArea {
  topics::AreaId id;
};
struct ListPlans {};
struct PutPlans {
  std::vector<core::Plan> plans;
};
struct DeletePlan {
  topics::PlanId id;
};
struct ListGroups {
  std::string state, plan;
};
struct ShowGroup {
  topics::GroupId id;
};
struct StartGroup {
  topics::PlanId plan;
  std::string key;
};
struct EndGroup {
  topics::GroupId id;
};
struct ExtendGroup {
  topics::GroupId id;
  std::optional<core::TimeMs> ends_ms, by_ms;
};
struct Announce {
  topics::GroupId id;
  std::string text;
};
struct DeleteMessage {
  topics::GroupId id;
  topics::UserId author;
  std::string message;
};
struct AddMember {
  topics::GroupId id;
  topics::UserId user;
};
struct RemoveMember {
  topics::GroupId id;
  topics::UserId user;
};
struct PutRegistration {
  topics::PlanId plan;
  topics::UserId user;
};
struct DeleteRegistration {
  topics::PlanId plan;
  topics::UserId user;
};
struct ListRegistrations {
  topics::PlanId plan;
  std::string after;  // a user id
};
/// How a user stands to a plan's audience.
struct ShowWhy {
  topics::PlanId plan;
  topics::UserId user;
};
struct PostEvent {
  core::ExternalEvent event;
};
struct SetStanding {
  topics::GroupId id;
  topics::UserId user;
  topics::Standing standing;
};
struct SetRules {
  topics::GroupId id;
  topics::ChatRules rules;
};
struct Ban {
  topics::GroupId id;
  topics::UserId user;
};
struct Unban {
  topics::GroupId id;
  topics::UserId user;
};
/// Members of a group, page by page; `missing`: only those of whom no phone holds the list.
struct ListMembers {
  topics::GroupId id;
  std::string after;  // a user id
  bool missing = false;
};
/// Why who was in a group, and why not any more: of one user, or of all, page by page.
struct ShowGroupWhy {
  topics::GroupId id;
  std::optional<topics::UserId> user;
  std::string after;  // a user id
};
struct ListReports {
  topics::GroupId id;
  std::string after;
};
struct ShowUser {
  topics::UserId id;
};
struct PutUser {
  topics::UserId id;
  std::string name;
  std::map<std::string, std::string> attributes;
  std::optional<core::TimeMs> chat_duration_ms;
};
struct ListBlocks {
  topics::UserId id;
};
struct Unblock {
  topics::UserId by, user;
};
struct PutIdentity {
  topics::UserId user;
  core::Identity identity;
  bool proven = true;
  std::string source;  // who says so
  std::string tag;     // of a personal address, for the answer
};
struct DeleteIdentity {
  topics::UserId user;
  std::string key;
};
struct ListIdentities {
  topics::UserId user;
  const gateways::IdentityVault* vault = nullptr;
};
/// What gateways bring in; no call of the staff interface. 200 once it is kept, or 503: not taken, try again.
struct TakeAct {
  core::Act act;
};
struct TakeMail {
  core::Mail mail;
};
/// 200 with the hint's number, or 503: too many wait.
struct KeepHint {
  std::string hook, about;
  std::int64_t told_ms = 0;  // real time
};
struct DropHint {
  std::string hook, about;
  std::uint64_t number = 0;
};
struct EraseUser {
  topics::UserId id;
};
struct RevokeUser {
  topics::UserId id;
};
/// Another site.
struct PutPeer {
  topics::SiteId site;
  std::string host;
  int port = 0;
  std::string keys;                               // JWK Set, public
  std::optional<std::set<std::string>> may = {};  // what it may ask; absent: as before
};
struct AllowPeer {
  topics::SiteId site;
  std::set<std::string> may;
};
struct DeletePeer {
  topics::SiteId site;
};
struct ListPeers {};
struct ShowErasures {};
struct MakeBackup {};
struct ExportGroup {
  topics::GroupId id;
  std::string after;  // where the page before ended
};
struct ExportUser {
  topics::UserId id;
  std::string after;
  const gateways::IdentityVault* vault = nullptr;
};
struct ShowStatus {};
using Command =
    std::variant<ListAreas, PutAreas, DeleteArea, ListPlans, PutPlans, DeletePlan, ListGroups, ShowGroup,
                 StartGroup, EndGroup, ExtendGroup, Announce, DeleteMessage, AddMember, RemoveMember,
                 SetStanding, SetRules, Ban, Unban, ListReports, ListMembers, ShowGroupWhy, PutRegistration,
                 DeleteRegistration, ListRegistrations, ShowWhy, PostEvent, ShowUser, PutUser, ListBlocks,
                 Unblock, EraseUser, RevokeUser, ShowErasures, MakeBackup, ExportGroup, ExportUser,
                 PutIdentity, DeleteIdentity, ListIdentities, TakeAct, TakeMail, KeepHint, DropHint, PutPeer,
                 AllowPeer, DeletePeer, ListPeers, ShowStatus>;

ApiResponse api_error(int status, std::string_view code, std::string_view detail,
                      const std::vector<std::string>& problems = {});

/// Why the sender may not make such a call at all, whatever its body (403, 404); nothing if they may. Any
/// thread.
std::optional<ApiResponse> refuse_api(const ApiRequest& request);
/// How large the body of a call to this path may be.
std::size_t max_body_bytes(std::string_view path);

/// The command that the request asks for, or the answer that refuses it (400, 403, 404, 413). Any thread.
std::variant<Command, ApiResponse> parse_api(const ApiRequest& request);

/// Carries the command out. Only on the core's thread; the answer may be given once `ctx.fx` is committed.
/// `status` is the body of ShowStatus, which knows more than the core. ListReports and ShowGroupWhy, which
/// are about the store, never come here.
ApiResponse execute(core::Engine& engine, const topics::Principal& who, Command command,
                    const std::string& status, core::Context& ctx);

}  // namespace convoke::app
