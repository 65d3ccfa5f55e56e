#include "ops/cli/context.h"
#include "ops/cli/fields.h"
#include "ops/cli/files.h"
#include "ops/cli/plan_draft.h"
#include "ops/cli/text.h"

namespace convoke::cli {
namespace {

constexpr std::size_t kMaxPlanBytes = 1 << 20;  // the server's bound
constexpr std::size_t kMaxAreaBytes = 64 << 20;

void apply_plans(const Context& context, const std::string& file) {
  const bool is_json = file.size() > 5 && file.substr(file.size() - 5) == ".json";
  const auto answer = context.client().call("PUT", "/v1/plans", read_file(file, kMaxPlanBytes),
                                            is_json ? "application/json" : "application/toml");
  if (context.json) return context.print_json(answer);
  context.out << "applied: " << printable(show(field(answer, "applied"))) << '\n';
}

/// "occupancy hall-a reaches 10; staff"
std::string triggers(const boost::json::value& plan, const char* which) {
  std::string out;
  for (const auto& trigger : list(plan, which)) {
    if (!trigger.is_object()) continue;
    std::string words = show(field(trigger, "on"));
    for (const auto& [key, value] : trigger.get_object()) {
      if (key == "on") continue;
      if (key != "area") words += ' ' + std::string(key);
      words += ' ' + show(value, key);
    }
    out += (out.empty() ? "" : "; ") + words;
  }
  return out.empty() ? "staff" : out;
}

/// "hall-a waits for floor@arena: not-allowed"
void say_unknown(const Context& context, const boost::json::value& plan) {
  for (const auto& level : list(plan, "elsewhere")) {
    const std::string why = show(field(level, "unknown"));
    if (why.empty()) continue;
    const std::string area = show(field(level, "area"));
    context.out << show(field(plan, "id")) << " waits for "
                << (area.empty() ? show(field(level, "user")) : area + "@" + show(field(level, "site")))
                << ": " << why << "\n";
  }
}

void list_plans(const Context& context) {
  const auto answer = context.client().call("GET", "/v1/plans");
  if (context.json) return context.print_json(answer);
  std::vector<std::vector<std::string>> rows;
  for (const auto& plan : list(answer, "plans")) {
    rows.push_back({show(field(plan, "id")), show(field(plan, "name")), show(field(plan, "state")),
                    triggers(plan, "start"), triggers(plan, "end"),
                    show(field(plan, "next_start_ms"), "next_start_ms")});
  }
  print_table(context.out, {"plan", "name", "state", "starts on", "ends on", "next start"}, rows,
              "no plans; add some with: convokectl plan apply FILE");
  for (const auto& plan : list(answer, "plans")) say_unknown(context, plan);
}

void remove_plan(const Context& context, const std::string& id) {
  const auto answer = context.client().call("DELETE", "/v1/plans/" + id);
  if (context.json) return context.print_json(answer);
  context.out << "plan " << id << " withdrawn; a running group of it ends\n";
}

struct PlanUser {
  std::string plan, user;
};
std::shared_ptr<PlanUser> with_plan_and_user(CLI::App* command) {
  auto named = std::make_shared<PlanUser>();
  command->add_option("plan", named->plan, "the plan's id")->required()->check(kPlainId);
  command->add_option("user", named->user, "the user's id")->required()->check(kUserId);
  return named;
}

void change_registration(const Context& context, const char* method, const PlanUser& named,
                         const char* done) {
  const auto answer =
      context.client().call(method, "/v1/plans/" + named.plan + "/registrations/" + named.user);
  if (context.json) return context.print_json(answer);
  context.out << named.user << ' ' << done << ' ' << named.plan << '\n';
}

/// "staff (operator eve), self"
std::string sources(const boost::json::value& registration) {
  std::string out;
  for (const auto& by : list(registration, "by")) {
    const std::string proof = show(field(by, "proof"));
    out += (out.empty() ? "" : ", ") + show(field(by, "source")) + (proof.empty() ? "" : " (" + proof + ")");
  }
  return out;
}

bool is_true(const boost::json::value& of, const char* key) {
  const auto& value = field(of, key);
  return value.is_bool() && value.get_bool();
}

void list_registrations(const Context& context, const std::string& plan) {
  boost::json::array all;
  std::string after;
  for (bool more = true; more;) {
    const auto page = context.client().call("GET", "/v1/plans/" + plan + "/registrations?after=" + after);
    for (const auto& one : list(page, "registrations")) all.push_back(one);
    more = is_true(page, "more") && !all.empty();
    if (more) after = show(field(all.back(), "user"));
  }
  if (context.json) return context.print_json(boost::json::object{{"registrations", std::move(all)}});
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : all) rows.push_back({show(field(one, "user")), sources(one)});
  print_table(context.out, {"user", "registered by"}, rows, "nobody is registered");
}

void explain_user(const Context& context, const PlanUser& named) {
  const auto answer = context.client().call("GET", "/v1/plans/" + named.plan + "/why/" + named.user);
  if (context.json) return context.print_json(answer);
  const bool qualifies = is_true(answer, "qualifies");
  context.out << named.user << (qualifies ? " qualifies now: " : " does not qualify now")
              << (qualifies ? printable(show(field(answer, "because"))) : "") << '\n';
  if (!is_true(answer, "known")) context.out << "nothing has been heard of this user yet\n";
  std::vector<std::vector<std::string>> rows;
  for (const auto& finding : list(answer, "findings"))
    rows.push_back({show(field(finding, "part")), show(field(finding, "condition")),
                    is_true(finding, "holds") ? "yes" : "no"});
  print_table(context.out, {"part", "asks", "holds"}, rows, "the audience asks for nothing");
  if (field(answer, "group").is_null()) return;
  const std::string standing = show(field(answer, "standing"));
  context.out << "in the plan's chat " << show(field(answer, "group")) << ": " << standing;
  if (standing == "member") context.out << ", because " << printable(show(field(answer, "member_because")));
  context.out << '\n';
}

void add_registrations(CLI::App& plan, Context& context) {
  auto* put = plan.add_subcommand("register", "Register a user with a plan");
  put->footer("Example:\n  convokectl plan register meetup anna");
  auto registered = with_plan_and_user(put);
  put->callback(
      [&context, registered] { change_registration(context, "PUT", *registered, "is registered with"); });
  auto* remove = plan.add_subcommand("unregister", "Take a user's registration back, whatever made it");
  remove->footer("Example:\n  convokectl plan unregister meetup anna");
  auto removed = with_plan_and_user(remove);
  remove->callback([&context, removed] {
    change_registration(context, "DELETE", *removed, "is no longer registered with");
  });
  auto* list = plan.add_subcommand("registrations", "Who is registered with a plan, and by what");
  list->footer("Example:\n  convokectl plan registrations meetup");
  auto listed = std::make_shared<std::string>();
  list->add_option("plan", *listed, "the plan's id")->required()->check(kPlainId);
  list->callback([&context, listed] { list_registrations(context, *listed); });
  auto* why = plan.add_subcommand("why", "Why a user is or is not in a plan's audience");
  why->footer("Example:\n  convokectl plan why meetup anna");
  auto asked = with_plan_and_user(why);
  why->callback([&context, asked] { explain_user(context, *asked); });
}

struct Draft {
  std::string areas;
  std::optional<std::uint32_t> reaches;
  std::string after = "10m";
};

void add_draft(CLI::App& plan, Context& context) {
  auto* draft =
      plan.add_subcommand("draft", "Print a plan file with one plan for each area of a GeoJSON file");
  draft->footer(
      "Needs no server. Example:\n  convokectl plan draft --areas venue.geojson --reaches 10 > plans.toml");
  auto wanted = std::make_shared<Draft>();
  draft->add_option("--areas", wanted->areas, "GeoJSON, or - for standard input")->required();
  draft
      ->add_option("--reaches", wanted->reaches,
                   "start when so many are in the area; default: when somebody enters")
      ->check(CLI::Range(1, 1'000'000));
  draft->add_option("--after", wanted->after, "end after this time")->check(kDuration)->capture_default_str();
  draft->callback([&context, wanted] {
    context.out << draft_plans(read_file(wanted->areas, kMaxAreaBytes), wanted->reaches, wanted->after);
  });
}

}  // namespace

void add_plan_commands(CLI::App& app, Context& context) {
  auto* plan = app.add_subcommand("plan", "Plans: who chats, when it starts and ends")->require_subcommand(1);
  plan->footer("Examples:\n  convokectl plan apply plans.toml\n  convokectl plan list");

  auto* apply = plan->add_subcommand("apply", "Add or replace plans from a file, all or none");
  apply->footer(
      "The format is in docs/protocol/plans.md; a name ending in .json is JSON, else TOML.\n"
      "Example:\n  convokectl plan apply plans.toml");
  auto file = std::make_shared<std::string>();
  apply->add_option("file", *file, "TOML or JSON, or - for TOML on standard input")->required();
  apply->callback([&context, file] { apply_plans(context, *file); });

  plan->add_subcommand("list", "All plans, their state and next start")
      ->footer("Example:\n  convokectl plan list --json")
      ->callback([&context] { list_plans(context); });

  auto* remove = plan->add_subcommand("remove", "Withdraw one plan; a running group of it ends");
  remove->footer("Example:\n  convokectl plan remove hall");
  auto id = std::make_shared<std::string>();
  remove->add_option("plan", *id, "the plan's id")->required()->check(kPlainId);
  remove->callback([&context, id] { remove_plan(context, *id); });

  add_registrations(*plan, context);
  add_draft(*plan, context);
  add_rehearsal_commands(*plan, context);
}

}  // namespace convoke::cli
