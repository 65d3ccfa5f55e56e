// A hundred plans whose time comes in the same second, with the real server and broker while all phones walk
// and report: whether each chat has just its own members, how late each opened by the server's clock, when
// its start came in at the member who is told last, and when the last phone held the list of its chat. Beside
// it, in the same run, the same phones with one plan for all of them.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "ops/crowd/clock.h"
#include "tests/bench/observer.h"
#include "tests/bench/phones.h"
#include "tests/bench/real_site.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_tokens.h"
#include "topics/rfc3339.h"

namespace {

namespace json = boost::json;
using convoke::bench::Observer;
using convoke::bench::Phones;
using convoke::bench::RealSite;
using convoke::crowd::unix_ms;

constexpr std::int64_t kAheadMs = 3'000;
constexpr double kWalkSpeed = 10;         // times a pedestrian's: a fix a second
constexpr const char* kObserver = "zoe";  // in every chat; the last in order, and so the last who is told

struct Sizes {
  std::size_t plans = 100, phones = 2000, rounds = 3;
};

/// What one moment showed.
struct Moment {
  std::vector<double> late_ms;  // of each chat's opening, by the server
  std::vector<double> seen_ms;  // after its time the start of each came in at the observer
  double told_ms = 0;           // until the last phone held its list
};

std::string plan_id(std::size_t round, std::size_t i) { return fmt::format("plan-{}-{}", round, i); }

/// The users of the plan: every so many-th.
std::set<std::string> team(const std::vector<std::string>& users, std::size_t plans, std::size_t i) {
  std::set<std::string> team{kObserver};
  for (std::size_t u = i; u < users.size(); u += plans) team.insert(users[u]);
  return team;
}

void put_plans(const RealSite& site, const std::vector<std::string>& users, std::size_t plans,
               std::size_t round, std::int64_t at_ms) {
  json::array all;
  for (std::size_t i = 0; i < plans; ++i) {
    json::array names;
    for (const std::string& user : team(users, plans, i)) names.emplace_back(user);
    all.push_back(
        {{"id", plan_id(round, i)},
         {"audience", {{"any", json::array{{{"users", std::move(names)}}}}}},
         {"start", json::array{{{"on", "schedule"}, {"at", convoke::topics::format_rfc3339(at_ms)}}}},
         {"end", json::array{{{"on", "duration"}, {"after", "1h"}}}}});
  }
  site.call("PUT", "/plans", json::serialize(json::object{{"schema", 1}, {"plan", std::move(all)}}));
}

/// All of them, though an answer has at most 1,000.
std::set<std::string> members_of(const RealSite& site, const std::string& group) {
  std::set<std::string> members;
  for (bool more = true; more;) {
    const std::string after = members.empty() ? "" : "?after=" + *members.rbegin();
    const auto answer = site.call("GET", "/groups/" + group + "/members" + after);
    for (const auto& member : answer.at("members").as_array())
      members.insert(json::value_to<std::string>(member.at("user")));
    const auto* goes_on = answer.as_object().if_contains("more");
    more = goes_on && goes_on->as_bool();
  }
  return members;
}

/// Throws if a group is missing or has other members than its plan says.
std::vector<double> check_groups(const RealSite& site, const std::vector<std::string>& users,
                                 std::size_t plans, std::size_t round, std::int64_t at_ms) {
  std::vector<double> late_ms;
  for (std::size_t i = 0; i < plans; ++i) {
    const auto groups = site.call("GET", "/groups?plan=" + plan_id(round, i)).at("groups").as_array();
    if (groups.size() != 1) throw std::runtime_error(fmt::format("{} groups of one plan", groups.size()));
    const auto id = json::value_to<std::string>(groups.at(0).at("group"));
    const auto group = site.call("GET", "/groups/" + id);
    if (members_of(site, id) != team(users, plans, i))
      throw std::runtime_error(plan_id(round, i) + " has wrong members");
    late_ms.push_back(static_cast<double>(group.at("started_ms").to_number<std::int64_t>() - at_ms));
  }
  return late_ms;
}

Moment run_moment(const RealSite& site, Phones& phones, Observer& observer, std::size_t plans,
                  std::size_t round) {
  const auto users = phones.users();
  const Phones::Counts before = phones.counts();
  const std::int64_t at_ms = unix_ms() + kAheadMs;
  put_plans(site, users, plans, round, at_ms);
  phones.until("lists", [&](const auto& now) { return now.held == before.held + users.size(); });
  Moment moment;
  moment.told_ms = static_cast<double>(unix_ms() - at_ms);
  std::map<std::string, std::int64_t> seen;  // when, by plan; a repeat counts nothing
  phones.until("starts at the observer", [&](const auto&) {
    for (const Observer::Start& start : observer.take())
      if (start.plan.starts_with(fmt::format("plan-{}-", round))) seen.emplace(start.plan, start.at_ms);
    return seen.size() == plans;
  });
  for (const auto& [plan, ms] : seen) moment.seen_ms.push_back(static_cast<double>(ms - at_ms));
  moment.late_ms = check_groups(site, users, plans, round, at_ms);
  for (std::size_t i = 0; i < plans; ++i) site.call("DELETE", "/plans/" + plan_id(round, i));
  phones.until("ends", [&](const auto& now) { return now.ended == before.ended + users.size(); });
  return moment;
}

double of(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

std::string figures(const std::vector<Moment>& moments) {
  std::vector<double> late, seen, told;
  for (const Moment& m : moments) {
    late.insert(late.end(), m.late_ms.begin(), m.late_ms.end());
    seen.insert(seen.end(), m.seen_ms.begin(), m.seen_ms.end());
    told.push_back(m.told_ms);
  }
  const auto spread = [](const std::vector<double>& ms) {
    return fmt::format(R"({{"median":{:.0f},"p99":{:.0f},"most":{:.0f}}})", of(ms, 0.5), of(ms, 0.99),
                       of(ms, 1));
  };
  return fmt::format(R"({{"late_ms":{},"seen_ms":{},"told_ms":{:.0f}}})", spread(late), spread(seen),
                     of(told, 0.5));
}

void run(const Sizes& sizes) {
  const convoke::test::TestTokens tokens;
  const convoke::test::TempDir dir;
  const RealSite site(tokens);
  Phones phones({.sdk = 0, .light = sizes.phones}, site.port(),
                dir.write("keys.jwks", tokens.private_jwks()).string(), {.walk_speed = kWalkSpeed});
  phones.until("connections", [&](const auto& now) { return now.connected == sizes.phones; });
  site.wait_until_inside(sizes.phones);
  Observer observer(site.broker_url(), tokens, kObserver);
  const std::int64_t began_ms = unix_ms();
  const Phones::Counts before = phones.counts();
  std::vector<Moment> many, one;
  for (std::size_t round = 0; round < sizes.rounds; ++round) {
    one.push_back(run_moment(site, phones, observer, 1, 2 * round));
    many.push_back(run_moment(site, phones, observer, sizes.plans, 2 * round + 1));
  }
  const double fixes = static_cast<double>(phones.counts().fixes - before.fixes) * 1000 /
                       static_cast<double>(unix_ms() - began_ms);
  fmt::print(
      R"({{"plans":{},"phones":{},"rounds":{},"fixes_per_s":{:.0f},"all_right":true,"many":{},"one":{}}})"
      "\n",
      sizes.plans, sizes.phones, sizes.rounds, fixes, figures(many), figures(one));
}

}  // namespace

int main(int argc, char** argv) {
  Sizes sizes;
  CLI::App app("A hundred plans in the same second; prints one line of JSON.");
  app.option_defaults()->always_capture_default();
  app.add_option("--plans", sizes.plans)->check(CLI::Range(1, 500));
  app.add_option("--phones", sizes.phones)->check(CLI::Range(1, 10'000));
  app.add_option("--rounds", sizes.rounds)->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  convoke::bench::raise_file_limit();
  try {
    run(sizes);
  } catch (const std::exception& e) {
    fmt::print(stderr, "bench_plans: {}\n", e.what());
    return 1;
  }
}
