#include "tests/simulation/sites_staff.h"

#include "backend/ingress/plan_file.h"
#include "tests/simulation/violation.h"

namespace convoke::simulation {
namespace {

constexpr int kPlans = 3;
constexpr const char* kGuests = "guests";

std::string plan_id(int number) { return "p" + std::to_string(number); }

}  // namespace

/// A user of any site, seldom one that nobody knows.
std::string SiteStaff::somebody() {
  const std::string user =
      "u" + std::to_string(random_.below(site_.phones.size() + (random_.percent(5) ? 1 : 0)));
  return random_.percent(50) ? user : user + "@" + random_.pick(others_);
}

/// The last plan lists only own users: nothing of it may be seen elsewhere. In some worlds the first one
/// waits for somebody of another site.
void SiteStaff::put_plans() {
  for (int number = 0; number < kPlans; ++number) {
    std::set<std::string> users;
    const bool own = number + 1 == kPlans;
    for (std::size_t i = 0; i < site_.phones.size(); ++i) {
      if (random_.percent(70)) users.insert("u" + std::to_string(i));
      for (const std::string& other : others_)
        if (!own && random_.percent(60)) users.insert("u" + std::to_string(i) + "@" + other);
    }
    if (users.empty()) users.insert("u0");
    std::string list;
    for (const std::string& user : users) list += (list.empty() ? "\"" : ", \"") + user + "\"";
    const std::string after = random_.percent(50) ? "4h" : std::to_string(random_.between(20, 120)) + "s";
    const bool waits = number == 0 && site_.phones.size() % 2 == 0;
    const std::string start =
        waits ? "[[plan.start]]\non = \"available\"\nuser = \"u0@" + others_.front() + "\"\n" : "";
    const std::string text = "schema = 1\n[[plan]]\nid = \"" + plan_id(number) +
                             "\"\nname = \"P\"\naudience = { presence = \"" +
                             (random_.percent(60) ? "any" : "available") + "\", any = [{ users = [" + list +
                             "] }] }\n[[plan.end]]\non = \"duration\"\nafter = \"" + after + "\"\n" + start;
    put(text);
  }
  std::string sites;
  for (const std::string& other : others_) sites += (sites.empty() ? "\"" : ", \"") + other + "\"";
  put("schema = 1\n[[plan]]\nid = \"" + std::string(kGuests) +
      "\"\naudience = { follow = \"10s\", sites = [" + sites +
      "], presence = \"any\", all = [{ attribute = \"guest\" }] }\n[[plan.end]]\non = \"duration\"\nafter = "
      "\"4h\"\n");
}

void SiteStaff::put(const std::string& text) {
  auto file = ingress::parse_plans_toml(text);
  if (!file.problems.empty()) throw Violation("the plan is not one: " + file.problems[0].expected + text);
  trace_(site_.name + ": staff put " + text);
  site_.server.call(app::PutPlans{std::move(file.plans)}, [](const app::ApiResponse& response) {
    require(response.status == 200, "a good plan was refused");
  });
}

void SiteStaff::start_following() {
  if (!site_.server.running()) return;
  call("start the guests' chat",
       app::StartGroup{topics::PlanId::parse(kGuests), "guests-" + std::to_string(++counter_)});
}

void SiteStaff::make_guest(const std::string& user, bool guest) {
  if (!site_.server.running()) return;
  std::map<std::string, std::string> attributes;
  if (guest) attributes["guest"] = "yes";
  call(user + (guest ? " is a guest" : " is no guest"),
       app::PutUser{topics::UserId::parse(user), "", std::move(attributes), std::nullopt});
}

void SiteStaff::call(const std::string& what, app::Command command) {
  trace_(site_.name + ": staff " + what);
  site_.server.call(std::move(command), [](const app::ApiResponse& response) {
    require(response.status < 500, "the server failed");
  });
}

void SiteStaff::start() {
  const std::string plan = plan_id(static_cast<int>(random_.below(kPlans)));
  call("start " + plan, app::StartGroup{topics::PlanId::parse(plan), "key-" + std::to_string(++counter_)});
}

void SiteStaff::act(std::int64_t now_ms) {
  if (!site_.server.running()) return;
  if (random_.percent(5)) return site_.join();
  std::vector<const core::Group*> groups;
  for (const auto& [id, group] : site_.state().groups)
    if (group.state == core::GroupState::open) groups.push_back(&group);
  if (groups.empty() || random_.percent(35)) return start();
  act_on(*random_.pick(groups), now_ms);
}

void SiteStaff::act_on(const core::Group& group, std::int64_t now_ms) {
  const auto id = group.id;
  const auto user = topics::UserId::parse(somebody());
  const std::string on = " in " + id.str();
  const std::size_t dice = random_.below(100);
  if (dice < 8) return call("end " + id.str(), app::EndGroup{id});
  if (dice < 20) {
    const core::TimeMs until = now_ms + random_.between(20'000, 200'000);
    if (!group.home) site_.extended[id.str()] = std::max(site_.extended[id.str()], until);
    return call("extend " + id.str(), app::ExtendGroup{id, until, std::nullopt});
  }
  if (dice < 32) return call("remove " + user.str() + on, app::RemoveMember{id, user});
  if (dice < 50) return call("add " + user.str() + on, app::AddMember{id, user});
  if (dice < 58) return call("mute " + user.str() + on, app::SetStanding{id, user, topics::Standing::muted});
  if (dice < 66)
    return call("unmute " + user.str() + on, app::SetStanding{id, user, topics::Standing::member});
  if (dice < 70) return call("ban " + user.str() + on, app::Ban{id, user});
  if (dice < 76) {
    topics::ChatRules rules = group.rules;
    rules.announcement_only = random_.percent(30);
    return call("rules" + on, app::SetRules{id, rules});
  }
  call("announce" + on, app::Announce{id, "hear " + std::to_string(++counter_)});
}

}  // namespace convoke::simulation
