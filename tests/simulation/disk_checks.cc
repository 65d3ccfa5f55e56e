#include "tests/simulation/disk_checks.h"

#include <algorithm>
#include <functional>

#include "backend/core/blocks.h"
#include "backend/core/triggers.h"
#include "backend/store/eraser.h"
#include "backend/store/journal.h"
#include "backend/store/records.h"
#include "geo/geojson.h"
#include "tests/simulation/violation.h"

namespace convoke::simulation {

using core::Group;
using core::GroupState;
using topics::GroupId;
using topics::UserId;

namespace {

void same_group(const Group& memory, const Group& disk) {
  const std::string name = "group " + memory.id.str();
  same(name, store::encode_group(memory), store::encode_group(disk));
  const auto names = [](const auto& map) {
    std::string text;
    for (const auto& [user, value] : map) text += user.str() + " ";
    return text;
  };
  same("the members of " + name, names(memory.members), names(disk.members));
  for (const auto& [user, member] : memory.members)
    same("member " + user.str() + " of " + name, store::encode_member(member),
         store::encode_member(disk.members.at(user)));
  same("the invited of " + name, names(memory.invited), names(disk.invited));
  for (const auto& [user, invitation] : memory.invited)
    same("invitation of " + user.str() + " to " + name, store::encode_invitation(invitation),
         store::encode_invitation(disk.invited.at(user)));
  same("the number of messages of other sites that wait in " + name, std::to_string(memory.relayed.size()),
       std::to_string(disk.relayed.size()));
  same("those of other sites who meet what " + name + " asks", names(memory.met), names(disk.met));
  for (const auto& [user, sure] : memory.met)
    same("whether " + user.str() + " meets what " + name + " asks", store::encode_met(sure),
         store::encode_met(disk.met.at(user)));
  for (const auto& [key, relayed] : memory.relayed) {
    if (!disk.relayed.contains(key)) fail("a message of another site in " + name + " is not on the disk");
    same("a message of another site in " + name, store::encode_relayed(relayed),
         store::encode_relayed(disk.relayed.at(key)));
  }
}

void same_peers(const core::State& memory, const core::State& disk) {
  same("the number of other sites", std::to_string(memory.peers.size()), std::to_string(disk.peers.size()));
  for (const auto& [site, peer] : memory.peers) {
    const auto other = disk.peers.find(site);
    same("site " + site.str(), store::encode_peer(peer),
         other == disk.peers.end() ? "" : store::encode_peer(other->second));
  }
  const auto watches = [](const core::State& state) {
    std::string text;
    for (const auto& [site, plans] : state.watches)
      for (const auto& [plan, all] : plans)
        text += site.str() + "/" + plan.str() + " " + store::encode_watches(all) + " ";
    return text;
  };
  same("what other sites wait for here", watches(memory), watches(disk));
}

void same_questions(const core::State& memory, const core::State& disk) {
  const auto all = [](const core::State& state) {
    std::string text;
    for (const auto& [site, of] : state.kept)
      for (const auto& [id, question] : of.all) {
        text += store::question_key(site, id) + " " + store::encode_question(question) + ":";
        for (const UserId& user : question.told) text += " " + user.str();
        text += "\n";
      }
    return text;
  };
  same("what other sites keep asking", all(memory), all(disk));
}

void same_records(const core::Engine& memory, const core::Engine& disk) {
  const core::State &m = memory.state(), &d = disk.state();
  same("the number of users", std::to_string(m.users.size()), std::to_string(d.users.size()));
  for (const auto& [id, user] : m.users) {
    if (!d.user(id)) fail("user " + id.str() + " is not on the disk");
    same("user " + id.str(), store::encode_user(user), store::encode_user(*d.user(id)));
  }
  same("the number of plans", std::to_string(m.plans.size()), std::to_string(d.plans.size()));
  for (const auto& [id, record] : m.plans) {
    const auto other = d.plans.find(id);
    if (other == d.plans.end()) fail("plan " + id.str() + " is not on the disk");
    same("plan " + id.str(), store::encode_plan(record), store::encode_plan(other->second));
    same("the registrations of plan " + id.str(), std::to_string(record.registrations.size()),
         std::to_string(other->second.registrations.size()));
    for (const auto& [user, all] : record.registrations) {
      const auto found = other->second.registrations.find(user);
      same("the registration of " + user.str() + " with " + id.str(), store::encode_registrations(all),
           found == other->second.registrations.end() ? "" : store::encode_registrations(found->second));
    }
  }
  same("the number of groups", std::to_string(m.groups.size()), std::to_string(d.groups.size()));
  same_peers(m, d);
  same_questions(m, d);
  if (m.tombstones != d.tombstones) fail("the tombstones differ between memory and disk");
  for (const auto& [id, group] : m.groups) {
    if (!d.group(id)) fail("group " + id.str() + " is not on the disk");
    same_group(group, *d.group(id));
  }
  memory.tracker().index().for_each([&](const geo::Area& area) {
    const geo::Area* other = disk.tracker().index().find(area.id);
    same("area " + area.id, geo::to_geojson({area}), other ? geo::to_geojson({*other}) : "");
  });
}

/// The timers that a start sets anew from the records are those that are set.
void same_timers(const core::State& memory, const core::State& disk) {
  using core::TimerKind;
  const auto check = [&](TimerKind kind, const std::string& id) {
    const auto text = [](const std::optional<core::TimeMs>& at) { return at ? std::to_string(*at) : "none"; };
    same("timer " + std::to_string(static_cast<int>(kind)) + " of " + id, text(memory.timers.due({kind, id})),
         text(disk.timers.due({kind, id})));
  };
  for (const auto& [id, plan] : memory.plans) {
    check(TimerKind::plan_schedule, id.str());
    check(TimerKind::plan_again, id.str());
  }
  // After a start these come at once, for what was over meanwhile.
  for (const auto& [id, user] : memory.users) {
    const core::TimerKey key{TimerKind::forget_areas, id.str()};
    const auto here = memory.timers.due(key), there = disk.timers.due(key);
    if (here.has_value() != there.has_value() || here < there)
      fail("the timer for the areas that " + id.str() + " has left would come too late");
  }
  for (const auto& [id, group] : memory.groups) {
    for (const TimerKind kind :
         {TimerKind::group_open, TimerKind::group_end, TimerKind::group_warn, TimerKind::group_forget})
      check(kind, id.str());
    // These look for themselves whether it is time: they may come too early, never too late.
    for (const TimerKind kind : {TimerKind::group_watch, TimerKind::invitations}) {
      const auto here = memory.timers.due({kind, id.str()}), there = disk.timers.due({kind, id.str()});
      if (there && (!here || here > there)) fail("a timer of group " + id.str() + " would come too late");
    }
    if (group.state != GroupState::open) continue;
    for (const auto& [user, member] : group.members) {
      check(TimerKind::member_end, id.str() + "/" + user.str());
      check(TimerKind::member_leave, id.str() + "/" + user.str());
    }
  }
}

std::set<UserId> ids_inside(const core::State& state, const topics::AreaId& area) {
  std::set<UserId> ids;
  if (const auto it = state.occupants.find(area); it != state.occupants.end())
    for (const core::User* user : it->second) ids.insert(user->id);
  return ids;
}

/// But of those whose erasure goes on: what only the store has of them goes a little later.
void same_stays(const core::State& memory, const core::State& disk, const std::set<UserId>& erasing) {
  for (const auto& [id, group] : memory.groups) {
    if (group.state != GroupState::open) continue;
    const auto text = [&](const std::map<UserId, std::vector<core::Stay>>& stays) {
      std::string lines;
      for (const auto& [user, all] : stays)
        if (!erasing.contains(user))
          lines += user.str() + " " + store::encode_past_member({"", 0, 0, "", all}) + " ";
      return lines;
    };
    same("the former stays in " + id.str(), text(group.stays), text(disk.group(id)->stays));
  }
}

void same_derived(const core::State& memory, const core::State& disk) {
  same("the number of start keys", std::to_string(memory.start_keys.size()),
       std::to_string(disk.start_keys.size()));
  if (memory.start_keys != disk.start_keys) fail("the start keys differ between memory and disk");
  for (const auto& [area, users] : memory.occupants)
    if (ids_inside(memory, area) != ids_inside(disk, area))
      fail("who is in " + area.str() + " differs between memory and disk");
  for (const auto& [id, user] : memory.users) {
    const core::User& other = *disk.user(id);
    if (user.groups != other.groups) fail("the groups of " + id.str() + " differ between memory and disk");
    if (user.invited != other.invited)
      fail("the invitations of " + id.str() + " differ between memory and disk");
    if (user.presence != other.presence)
      fail("the presence of " + id.str() + " differs between memory and disk");
  }
  for (const auto& [id, record] : memory.plans)
    if (record.live != disk.plans.at(id).live) fail("the live group of plan " + id.str() + " differs");
  for (const auto& [id, group] : memory.groups)
    if (group.state == GroupState::open && group.available != disk.group(id)->available)
      fail("how many are available in " + id.str() + " differs between memory and disk");
}

}  // namespace

void check_memory_against_disk(const core::Engine& engine, store::Store& disk, core::TimeMs now) {
  core::Engine twin(engine.state().site, geo::Rule::plain());
  store::Journal journal(disk);
  journal.load(twin, now);
  same_records(engine, twin);
  twin.loaded(now);
  same_derived(engine.state(), twin.state());
  std::set<UserId> erasing;
  disk.scan(store::Family::erasures, {}, {}, [&](auto key, auto) {
    erasing.insert(UserId::parse(key));
    return true;
  });
  same_stays(engine.state(), twin.state(), erasing);
  same_timers(engine.state(), twin.state());
}

void check_forgotten(const core::State& state, const store::Store& disk) {
  using store::Family;
  for (const GroupId& id : state.tombstones)
    for (const Family family : {Family::members, Family::past, Family::invitations, Family::chat})
      disk.scan(family, id.str(), {}, [](auto key, auto) -> bool {
        fail("of a group that is kept no longer the disk holds " + std::string(key));
      });
}

void check_start_keys(const core::State& state) {
  std::map<std::pair<std::string, std::string>, std::string> groups;
  for (const auto& [id, group] : state.groups)
    for (const std::string& key : group.start_keys) {
      const auto [first, is_new] = groups.emplace(std::pair(group.plan.str(), key), id.str());
      if (!is_new)
        fail("start " + key + " of plan " + group.plan.str() + " started " + first->second + " and " +
             id.str());
    }
}

}  // namespace convoke::simulation
