#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "backend/core/model.h"
#include "backend/core/plan_index.h"
#include "backend/core/timers.h"
#include "topics/ids.h"
#include "topics/messages/safe_region.h"

namespace convoke::core {

/// The safe region that a user's phones were told last.
struct ToldRegion {
  messages::SafeRegion region;  // no vertices: none
  bool left = true;             // and it does not hold any more: the next report is answered with another
  int reports = 0;              // from within, since it was told
  TimeMs charged_until_ms = 0;  // of the rate at which regions are told
};

/// The questions that one other site keeps asking.
struct KeptQuestions {
  std::map<PlanId, KeptQuestion> all;  // by question_id

  // Follow from the above.
  PlanIndex index;
  std::unordered_map<UserId, std::set<PlanId>> told_of;
};

/// Everything the core knows. Owned by one thread; the parts of the core are functions over it.
struct State {
  topics::SiteId site;
  std::unordered_map<UserId, User> users;
  std::map<PlanId, PlanRecord> plans;
  std::map<GroupId, Group> groups;  // live, ending and retired
  std::set<GroupId> tombstones;     // of retired ones of which nothing else is kept
  std::unordered_map<std::string, IdentityRecord> identities;
  std::unordered_map<std::string, ActRecord> acts;                 // see registrars.h
  std::map<std::string, std::map<std::string, HintRecord>> hints;  // by hook and what they are about
  std::map<SiteId, Peer> peers;
  std::map<SiteId, KeptQuestions> kept;
  std::map<SiteId, std::map<PlanId, std::vector<Watch>>> watches;  // what plans of other sites wait for here
  // Real time before which tokens are void, by a mark that stands for the user (token::subject_mark).
  std::map<std::string, std::int64_t> revocations;

  // Follow from the above.
  std::map<std::pair<PlanId, std::string>, GroupId> start_keys;  // idempotency keys of starts
  std::map<AreaId, std::unordered_set<const User*>> occupants;   // a user stays in one place in `users`
  std::map<AreaId, std::map<UserId, TimeMs>> left;               // of the users' records, by area
  std::unordered_map<UserId, std::set<UserId>> blocked_pairs;    // by each of the two, whoever has blocked
  PlanIndex plan_index;
  std::unordered_map<UserId, std::set<GroupId>> met_in;  // of the groups' `met`
  // What came by an act outside, by act_key of a registration, in each plan: whom it has registered, and
  // which identities wait; and in which plans an identity waits for anything.
  std::unordered_map<std::string, std::map<PlanId, std::set<UserId>>> by_act;
  std::unordered_map<std::string, std::map<PlanId, std::set<std::string>>> waiting_by_act;
  std::unordered_map<std::string, std::set<PlanId>> waiting_in;
  std::unordered_map<UserId, std::set<PlanId>> registered_with;  // where following audiences ask for it
  std::map<AreaId, std::set<std::pair<SiteId, PlanId>>> watched_areas;
  std::unordered_map<UserId, std::set<std::pair<SiteId, PlanId>>> watched_users;
  Timers timers;

  // Matter only while the server runs.
  std::uint64_t last_hint = 0;
  std::set<UserId> followed;  // came into chats or left them, which following audiences may ask for
  std::map<UserId, ToldRegion> told_regions;
  std::unordered_map<UserId, TimeMs> erased_ms;  // when; what was on its way then is no news of them
  UserId erasing;                                // in this very call
  TimeMs told_unknown_until_ms = 0;              // phones may hold regions that were told before the start

  User* user(const UserId& id) {
    auto it = users.find(id);
    return it == users.end() ? nullptr : &it->second;
  }
  const User* user(const UserId& id) const { return const_cast<State*>(this)->user(id); }
  Group* group(const GroupId& id) {
    auto it = groups.find(id);
    return it == groups.end() ? nullptr : &it->second;
  }
  const Group* group(const GroupId& id) const { return const_cast<State*>(this)->group(id); }
  /// Only an open one.
  Group* live_group(const GroupId& id) {
    Group* g = group(id);
    return g && g->state == GroupState::open ? g : nullptr;
  }
  /// The plan as a group that has not ended began with it.
  const Plan& plan_of(const Group& group) const {
    if (group.home) return foreign_plan(group.anonymous);
    const PlanRecord& record = plans.at(group.plan);
    return record.running ? *record.running : record.plan;
  }
  std::size_t occupancy(const AreaId& area) const {
    auto it = occupants.find(area);
    return it == occupants.end() ? 0 : it->second.size();
  }
};

}  // namespace convoke::core
