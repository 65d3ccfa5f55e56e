#include "tests/simulation/staff.h"

#include <algorithm>
#include <boost/json.hpp>

#include "backend/core/moderation.h"
#include "backend/core/registrations.h"
#include "backend/ingress/plan_file.h"
#include "tests/simulation/plans.h"
#include "tests/simulation/violation.h"

namespace convoke::simulation {
namespace {

using topics::GroupId;
using topics::PlanId;
using topics::UserId;

bool ok(const app::ApiResponse& response) { return response.status / 100 == 2; }

boost::json::object body(const app::ApiResponse& response) {
  return boost::json::parse(response.body).as_object();
}

bool over(const core::Group& group) {
  return group.state == core::GroupState::ending || group.state == core::GroupState::retired;
}

}  // namespace

Staff::Staff(Agenda& agenda, Random random, SimServer& server, Desk& desk, std::size_t users,
             std::function<void(const std::string&)> trace)
    : agenda_(agenda),
      random_(random),
      server_(server),
      desk_(desk),
      users_(users),
      trace_(std::move(trace)) {}

void Staff::call(app::Command command, SimServer::Answer answer) {
  server_.call(std::move(command), std::move(answer));
}

void Staff::put_areas() {
  if (areas_put_) return;
  agenda_.in(1000, [this] { put_areas(); });
  std::vector<geo::Area> areas;
  for (int i = 0; i < kAreas; ++i) {
    const std::string id = "a" + std::to_string(i);
    areas.push_back({id, id, geo::Circle{{spot(i).lat, spot(i).lon}, 200}});
  }
  call(app::PutAreas{std::move(areas), {}}, [this](const app::ApiResponse& response) {
    require(ok(response), "good areas were refused");
    areas_put_ = true;
  });
}

// ---- Plans ------------------------------------------------------------------------------------------------

void Staff::put_plans(int count) {
  for (int i = 0; i < count; ++i) put_plan("p" + std::to_string(i), true);
}

void Staff::put_plan(const std::string& id, bool enabled) {
  if (!server_.running()) return;
  const std::string text = draw_plan(random_, id, users_, agenda_.now(), enabled);
  auto file = ingress::parse_plans_toml(text);
  if (!file.problems.empty())
    throw Violation("the plan drawn is not one: " + file.problems[0].where + ": " +
                    file.problems[0].expected + "\n" + text);
  const std::string json = ingress::plan_to_json(file.plans[0]);
  trace_("staff put plan " + json);
  plan_changes(id);
  plans_.asked(id, agenda_.now());
  call(app::PutPlans{std::move(file.plans)}, [this, id, json](const app::ApiResponse& response) {
    require(ok(response), "a good plan was refused");
    plans_.acknowledged(id, json);
  });
}

void Staff::disable_plans() {
  if (!server_.running()) return;
  for (const auto& [id, record] : server_.loop().engine().state().plans) {
    core::Plan plan = record.plan;
    plan.enabled = false;
    const std::string json = ingress::plan_to_json(plan);
    plans_.asked(id.str(), agenda_.now());
    call(app::PutPlans{{std::move(plan)}}, [this, id = id.str(), json](const app::ApiResponse& response) {
      require(ok(response), "a good plan was refused");
      plans_.acknowledged(id, json);
    });
  }
}

void Staff::start(const std::string& plan) {
  if (!server_.running()) return;
  std::string key;
  if (!keys_.empty() && random_.percent(50))
    key = random_.pick(keys_);
  else
    keys_.push_back(key = "key-" + std::to_string(++counter_));
  trace_("staff start " + plan + " with " + key);
  if (random_.percent(40))
    return desk_.call("POST", "/v1/groups", R"({"plan":")" + plan + R"(","key":")" + key + "\"}",
                      [this, plan, key](int status, const std::string& body) {
                        if (status / 100 == 2) started(plan, key, body);
                      });
  call(app::StartGroup{PlanId::parse(plan), key}, [this, plan, key](const app::ApiResponse& response) {
    if (ok(response)) started(plan, key, response.body);
  });
}

/// The same key gives the same group, whichever way it comes.
void Staff::started(const std::string& plan, const std::string& key, const std::string& answer) {
  const std::string group(boost::json::parse(answer).at("group").as_string());
  std::string& first = started_.emplace(UserPair{plan, key}, group).first->second;
  const bool kept =
      server_.running() && server_.loop().engine().state().groups.contains(GroupId::parse(first));
  require(first == group || !kept, "one start key started two groups");
  first = group;
}

void Staff::post_event() {
  if (!server_.running()) return;
  std::string id;
  if (!events_.empty() && random_.percent(40))
    id = random_.pick(events_);
  else
    events_.push_back(id = "event-" + std::to_string(++counter_));
  trace_("outside " + id);
  if (random_.percent(40))
    return desk_.tell(R"({"specversion":"1.0","id":")" + id + R"(","source":"/gate","type":"doors"})");
  call(app::PostEvent{{id, "/gate", "doors", {}}},
       [](const app::ApiResponse& response) { require(ok(response), "a good event was refused"); });
}

void Staff::erase_user() {
  const std::string user = random_user();
  trace_("staff erase " + user);
  call(app::EraseUser{UserId::parse(user)},
       [this, user, asked_ms = agenda_.now()](const app::ApiResponse& response) {
         require(ok(response), "an erasure was refused");
         erased_[user] = asked_ms;
       });
}

// ---- Groups -----------------------------------------------------------------------------------------------

void Staff::act() {
  if (!server_.running()) return;
  const std::size_t dice = random_.below(100);
  if (dice < 14) return put_plan(random_plan(), random_.percent(90));
  if (dice < 26) return start(random_plan());
  if (dice < 36) return post_event();
  if (dice < 46) return put_user();
  if (dice < 58) return register_user();
  if (dice < 61) {
    const std::string id = random_plan();
    trace_("staff withdraw plan " + id);
    plan_changes(id);
    plans_.asked(id, agenda_.now());
    const auto each = [this, id](auto f) {  // registration goes with it
      for (std::size_t u = 0; u < users_; ++u) f(UserPair{id, "u" + std::to_string(u)});
    };
    each([this](const UserPair& key) {
      registered_.asked(key, agenda_.now());
      self_registered_.asked(key);
    });
    return call(app::DeletePlan{PlanId::parse(id)}, [this, id, each](const app::ApiResponse&) {
      plans_.acknowledged(id, "");
      each([this](const UserPair& key) {
        registered_.acknowledged(key, false);
        took_back(key);
      });
    });
  }
  if (dice < 62) return erase_user();
  act_on_group();
}

void Staff::act_on_group() {
  std::vector<GroupId> groups;
  for (const auto& [id, group] : server_.loop().engine().state().groups)
    if (!over(group)) groups.push_back(id);
  if (groups.empty()) return;
  const GroupId group = random_.pick(groups);
  const std::size_t dice = random_.below(100);
  trace_("staff act " + std::to_string(dice) + " on " + group.str());
  if (dice < 8) {
    ended_.asked(group.str(), agenda_.now());
    return call(app::EndGroup{group}, [this, group](const app::ApiResponse& response) {
      require(ok(response), "the end of a group was refused");
      ended_.acknowledged(group.str(), true);
    });
  }
  if (dice < 20) {
    const core::TimeMs by = random_.between(-30'000, 90'000);
    const auto before = extended_.contains(group.str()) ? extended_[group.str()] : 0;
    extended_[group.str()] = core::kMaxTimeMs;  // until it is answered
    return call(app::ExtendGroup{group, {}, by}, [this, group, before](const app::ApiResponse& response) {
      extended_[group.str()] = ok(response) ? body(response)["ends_ms"].as_int64() : before;
    });
  }
  if (dice < 35)
    return call(app::Announce{group, "announcement " + std::to_string(++counter_)},
                [](const app::ApiResponse&) {});
  if (dice < 45) {
    topics::ChatRules rules;
    rules.announcement_only = random_.percent(20);
    if (random_.percent(40)) rules.slow_ms = static_cast<std::uint32_t>(random_.between(1, 8) * 1000);
    if (random_.percent(40)) rules.per_minute = static_cast<std::uint32_t>(random_.between(1, 30));
    return call(app::SetRules{group, rules}, [](const app::ApiResponse&) {});
  }
  act_on_member(group);
}

void Staff::act_on_member(const GroupId& group) {
  const core::Group* g = server_.loop().engine().state().group(group);
  std::string name = random_user();
  if (!g->members.empty() && random_.percent(70))
    name = std::next(g->members.begin(), static_cast<std::ptrdiff_t>(random_.below(g->members.size())))
               ->first.str();
  const UserId user = UserId::parse(name);
  const UserPair key{group.str(), name};
  const auto nothing = [](const app::ApiResponse&) {};
  switch (random_.below(6)) {
    case 0:
    case 1:
      return call(app::AddMember{group, user}, nothing);
    case 2:
      return call(app::RemoveMember{group, user}, nothing);
    case 3: {
      static constexpr topics::Standing kAll[] = {topics::Standing::member, topics::Standing::muted,
                                                  topics::Standing::staff};
      const topics::Standing standing = kAll[random_.below(3)];
      standings_.asked(key, agenda_.now());
      return call(app::SetStanding{group, user, standing},
                  [this, key, standing](const app::ApiResponse& response) {
                    ok(response) ? standings_.acknowledged(key, standing) : standings_.refused(key);
                  });
    }
    case 4:
      banned_.asked(key, agenda_.now());
      return call(app::Ban{group, user}, [this, key](const app::ApiResponse& response) {
        ok(response) ? banned_.acknowledged(key, true) : banned_.refused(key);
      });
    default:
      banned_.asked(key, agenda_.now());
      return call(app::Unban{group, user}, [this, key](const app::ApiResponse& response) {
        ok(response) ? banned_.acknowledged(key, false) : banned_.refused(key);
      });
  }
}

// ---- Users ------------------------------------------------------------------------------------------------

void Staff::put_user() {
  const std::string user = random_user();
  Profile profile{"Name " + std::to_string(random_.below(1000)), {}};
  if (random_.percent(50)) profile.attributes["ticket"] = "vip";
  if (random_.percent(30)) profile.attributes["crew"] = "yes";
  std::optional<core::TimeMs> longest;
  if (random_.percent(20)) longest = random_.between(10, 200) * 1000;
  profiles_.asked(user, agenda_.now());
  call(app::PutUser{UserId::parse(user), profile.name, profile.attributes, longest},
       [this, user, profile](const app::ApiResponse& response) {
         require(ok(response), "a good profile was refused");
         profiles_.acknowledged(user, profile);
       });
}

void Staff::register_user() {
  const UserPair key{random_plan(), random_user()};
  const PlanId plan = PlanId::parse(key.first);
  const UserId user = UserId::parse(key.second);
  registered_.asked(key, agenda_.now());
  if (random_.percent(70))
    return call(app::PutRegistration{plan, user}, [this, key](const app::ApiResponse& response) {
      ok(response) ? registered_.acknowledged(key, true) : registered_.refused(key);
    });
  self_registered_.asked(key);  // staff take back whatever there is
  call(app::DeleteRegistration{plan, user}, [this, key](const app::ApiResponse& response) {
    took_back(key);
    ok(response) ? registered_.acknowledged(key, false) : registered_.refused(key);
  });
}

/// Staff took back a registration that the user's own may have crossed.
void Staff::took_back(const UserPair& key) {
  self_registered_.refused(key);
  self_registered_.meddled(key, agenda_.now());
}

void Staff::self_registers(const std::string& user, const std::string& plan) {
  self_registered_.asks({plan, user}, agenda_.now());
}

void Staff::self_registered(const std::string& user, const std::string& plan, bool registered) {
  self_registered_.told({plan, user}, registered);
}

void Staff::blocks(const std::string& user, const std::string& other) {
  blocked_.asks({user, other}, agenda_.now());
}

void Staff::erased(const std::string& user) {
  const auto of = [&](const UserPair& key) { return key.second == user; };
  const std::int64_t now = agenda_.now();
  profiles_.meddled_where([&](const std::string& of_user) { return of_user == user; }, now);
  banned_.meddled_where(of, now);
  standings_.meddled_where(of, now);
  registered_.meddled_where(of, now);
  self_registered_.meddled_where(of, now);
  blocked_.meddled_where([&](const UserPair& key) { return key.first == user || key.second == user; }, now);
}

// ---- Promises ---------------------------------------------------------------------------------------------

void Staff::server_died() {
  const std::int64_t now = agenda_.now();
  plans_.died(now);
  profiles_.died(now);
  ended_.died(now);
  banned_.died(now);
  standings_.died(now);
  registered_.died(now);
  self_registered_.died(now);
}

void Staff::check_promises(const core::State& state) const {
  plans_.for_each_known([&](const std::string& id, const std::string& json) {
    const auto plan = state.plans.find(PlanId::parse(id));
    const std::string has = plan == state.plans.end() ? "" : ingress::plan_to_json(plan->second.plan);
    if (has != json) throw Violation("plan " + id + " is not as acknowledged: " + json + " but " + has);
  });
  profiles_.for_each_known([&](const std::string& id, const Profile& profile) {
    const core::User* user = state.user(UserId::parse(id));
    if (!user || user->name != profile.name || user->attributes != profile.attributes)
      throw Violation("the profile of " + id + " is not as acknowledged");
  });
  check_groups(state);
  const auto is_registered = [&](const UserPair& key, const char* source) {
    const auto plan = state.plans.find(PlanId::parse(key.first));
    return plan != state.plans.end() && core::registered_by(plan->second, UserId::parse(key.second), source);
  };
  registered_.for_each_known([&](const UserPair& key, bool registered) {
    if (is_registered(key, core::kByStaff) != registered)
      throw Violation("the registration of " + key.second + " with " + key.first + " is not as acknowledged");
  });
  self_registered_.for_each_known([&](const UserPair& key, bool registered) {
    if (is_registered(key, core::kBySelf) != registered)
      throw Violation("the registration of " + key.second + " by themselves with " + key.first +
                      " is not as acknowledged");
  });
  blocked_.for_each_known([&](const UserPair& key, bool blocked) {
    const core::User* user = state.user(UserId::parse(key.first));
    if ((user && user->blocked.contains(UserId::parse(key.second))) != blocked)
      throw Violation("whether " + key.first + " blocks " + key.second + " is not as acknowledged");
  });
}

/// Of a group that is kept no longer nothing is known.
void Staff::check_groups(const core::State& state) const {
  const auto group_of = [&](const std::string& id) {
    const core::Group* group = state.group(GroupId::parse(id));
    if (!group && !state.tombstones.contains(GroupId::parse(id)))
      throw Violation("group " + id + " is gone, though its start was acknowledged");
    return group;
  };
  for (const auto& [key, group] : started_) group_of(group);
  ended_.for_each_known([&](const std::string& id, bool) {
    const core::Group* group = group_of(id);
    if (group && !over(*group)) throw Violation("group " + id + " goes on, though its end was acknowledged");
  });
  banned_.for_each_known([&](const UserPair& key, bool banned) {
    const core::Group* group = group_of(key.first);
    if (group && group->banned.contains(UserId::parse(key.second)) != banned)
      throw Violation("the ban of " + key.second + " in " + key.first + " is not as acknowledged");
  });
  standings_.for_each_known([&](const UserPair& key, topics::Standing standing) {
    const core::Group* group = group_of(key.first);
    if (group && core::standing_of(*group, UserId::parse(key.second)) != standing)
      throw Violation("the standing of " + key.second + " in " + key.first + " is not as acknowledged");
  });
}

}  // namespace convoke::simulation
