#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "ops/cli/context.h"
#include "ops/cli/failure.h"
#include "ops/cli/fields.h"
#include "ops/cli/text.h"

namespace convoke::cli {
namespace {

void start_group(const Context& context, const std::string& plan, const std::string& key) {
  boost::json::object body{{"plan", plan}};
  if (!key.empty()) body["key"] = key;
  const auto answer = context.client().call("POST", "/v1/groups", boost::json::serialize(body));
  if (context.json) return context.print_json(answer);
  const auto& started = field(answer, "started");
  const bool already = started.is_bool() && !started.get_bool();
  context.out << (already ? "already running: group " : "group ") << printable(show(field(answer, "group")))
              << " with " << show(field(answer, "members")) << " members\n";
}

/// Live chats first, and of each kind the newest first.
std::vector<boost::json::value> by_interest(const boost::json::array& groups) {
  std::vector<boost::json::value> sorted(groups.begin(), groups.end());
  const auto rank = [](const boost::json::value& group) {
    const std::string state = show(field(group, "state"));
    const auto& started = field(group, "started_ms");
    return std::pair(state == "ending" || state == "retired",
                     -(started.is_int64() ? started.get_int64() : std::int64_t{0}));
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return sorted;
}

void list_groups(const Context& context, const std::string& plan, const std::string& state) {
  std::string query;
  if (!plan.empty()) query += "?plan=" + plan;
  if (!state.empty()) query += (query.empty() ? "?state=" : "&state=") + state;
  const auto answer = context.client().call("GET", "/v1/groups" + query);
  if (context.json) return context.print_json(answer);
  std::vector<std::vector<std::string>> rows;
  for (const auto& group : by_interest(list(answer, "groups"))) {
    rows.push_back({show(field(group, "group")), show(field(group, "plan")), show(field(group, "state")),
                    show(field(group, "members")), show(field(group, "started_ms"), "started_ms"),
                    show(field(group, "ends_ms"), "ends_ms")});
  }
  print_table(context.out, {"group", "plan", "state", "members", "started", "ends"}, rows,
              "no groups; start one with: convokectl group start PLAN");
}

/// A change of one group whose answer says no more than that it is done.
void change_group(const Context& context, const char* method, const std::string& path,
                  const boost::json::value& body, const std::string& done) {
  const auto answer = context.client().call(method, "/v1/groups/" + path,
                                            body.is_null() ? std::string() : boost::json::serialize(body));
  if (context.json) return context.print_json(answer);
  context.out << done << '\n';
}

/// The id of the plan's chat that runs now.
std::string live_group(const Context& context, const std::string& plan) {
  const auto answer = context.client().call("GET", "/v1/groups?plan=" + plan + "&state=open");
  const auto& groups = list(answer, "groups");
  if (groups.empty())
    throw Failure(kFailed, "no chat of plan " + plan + " is running", "See: convokectl group list");
  return show(field(groups.front(), "group"));
}

struct Words {  // what the options of one command hold
  std::string group, plan, key, user, state, by, text, message;
};

std::shared_ptr<Words> with_group(CLI::App* command) {
  auto words = std::make_shared<Words>();
  command->add_option("group", words->group, "the group's id")->required()->check(kGroupId);
  return words;
}

void add_start(CLI::App& group, Context& context) {
  auto* start = group.add_subcommand("start", "Start a plan's chat now (the staff button)");
  start->footer(
      "With the same --key twice the second says which group the first made.\n"
      "Example:\n  convokectl group start hall --key evening-1");
  auto words = std::make_shared<Words>();
  start->add_option("plan", words->plan, "the plan's id")->required()->check(kPlainId);
  start->add_option("--key", words->key, "makes a repeated start harmless")->check(kPlainId);
  start->callback([&context, words] { start_group(context, words->plan, words->key); });
}

void add_list(CLI::App& group, Context& context) {
  auto* list = group.add_subcommand("list", "Groups, live and of the last day");
  list->footer("Example:\n  convokectl group list --state open");
  auto words = std::make_shared<Words>();
  list->add_option("--plan", words->plan, "only this plan's")->check(kPlainId);
  list->add_option("--state", words->state, "only in this state")
      ->check(CLI::IsMember({"scheduled", "gathering", "open", "ending", "retired"}));
  list->callback([&context, words] { list_groups(context, words->plan, words->state); });
}

void add_end_and_extend(CLI::App& group, Context& context) {
  auto* end = group.add_subcommand("end", "End a chat now");
  end->footer(
      "Examples:\n  convokectl group end 0123456789abcdef0123456789abcdef\n"
      "  convokectl group end --plan hall");
  auto ended = std::make_shared<Words>();
  auto* which = end->add_option_group("which", "one of these")->require_option(1);
  which->add_option("group", ended->group, "the group's id")->check(kGroupId);
  which->add_option("--plan", ended->plan, "the plan whose chat runs")->check(kPlainId);
  end->callback([&context, ended] {
    const std::string id = ended->plan.empty() ? ended->group : live_group(context, ended->plan);
    change_group(context, "POST", id + "/end", nullptr, "group " + id + " ends");
  });

  auto* extend = group.add_subcommand("extend", "Let a chat last longer");
  extend->footer("Example:\n  convokectl group extend 0123456789abcdef0123456789abcdef --by 10m");
  auto extended = with_group(extend);
  extend->add_option("--by", extended->by, "how much longer")->required()->check(kDuration);
  extend->callback([&context, extended] {
    change_group(context, "POST", extended->group + "/extend",
                 boost::json::object{{"by_ms", *parse_duration(extended->by)}},
                 "group " + extended->group + " ends " + extended->by + " later");
  });
}

/// One user of one group: what is asked for, and what is said when it is done.
struct OnUser {
  const char* name;
  const char* does;
  const char* method;
  const char* before;  // of the path, before the user
  const char* after;   // of the path, behind the user; empty: the user is in the body
  const char* standing;
  const char* done;
};

constexpr OnUser kModeration[] = {
    {"mute", "Take the word from a member", "PUT", "/members/", "/standing", "muted", " is muted"},
    {"unmute", "Give it back", "PUT", "/members/", "/standing", "member", " may speak"},
    {"staff", "Let a member speak where only staff may", "PUT", "/members/", "/standing", "staff",
     " speaks as staff"},
    {"ban", "Remove a user, who cannot be added again", "POST", "/bans", nullptr, nullptr, " is banned"},
    {"unban", "Let a user be added again", "DELETE", "/bans/", "", nullptr, " may be added again"},
};

void moderate(const Context& context, const OnUser& what, const Words& words) {
  boost::json::value body;
  std::string path = words.group + what.before;
  if (what.after)
    path += words.user + what.after;
  else
    body = {{"user", words.user}};
  if (what.standing) body = {{"standing", what.standing}};
  change_group(context, what.method, path, body, words.user + what.done);
}

void add_moderation(CLI::App& group, Context& context) {
  for (const OnUser& what : kModeration) {
    auto* command = group.add_subcommand(what.name, what.does);
    command->footer(std::string("Example:\n  convokectl group ") + what.name +
                    " 0123456789abcdef0123456789abcdef anna");
    auto words = with_group(command);
    command->add_option("user", words->user, "the user's id")->required()->check(kUserId);
    command->callback([&context, &what, words] { moderate(context, what, *words); });
  }
}

void add_rules(CLI::App& group, Context& context) {
  auto* rules = group.add_subcommand("rules", "Who may speak in a chat, and how often; without options, all");
  rules->footer("Example:\n  convokectl group rules 0123456789abcdef0123456789abcdef --slow 10s");
  auto words = with_group(rules);
  auto only = std::make_shared<bool>(false);
  rules->add_flag("--announcement-only", *only, "only staff speak");
  rules->add_option("--slow", words->by, "one message of a member in so long")->check(kDuration);
  auto rate = std::make_shared<std::uint32_t>(0);
  rules->add_option("--per-minute", *rate, "so many messages of a member in a minute")
      ->check(CLI::Range(1, 10'000));
  rules->callback([&context, words, only, rate] {
    const std::int64_t slow = words->by.empty() ? 0 : *parse_duration(words->by);
    boost::json::object body{{"announcement_only", *only}, {"slow_ms", slow}};
    if (*rate) body["per_minute"] = *rate;
    change_group(context, "PUT", words->group + "/rules", body,
                 "group " + words->group + " has these rules now");
  });
}

void list_reports(const Context& context, const std::string& group, const std::string& after) {
  const std::string query = after.empty() ? "" : "?after=" + after;
  const auto answer = context.client().call("GET", "/v1/groups/" + group + "/reports" + query);
  if (context.json) return context.print_json(answer);
  std::vector<std::vector<std::string>> rows;
  for (const auto& report : list(answer, "reports")) {
    const auto& message = field(report, "message");
    rows.push_back({show(field(report, "t"), "reported_ms"), show(field(report, "reporter")),
                    show(field(message, "from")), show(field(message, "id")), show(field(report, "reason")),
                    show(field(message, "text"))});
  }
  print_table(context.out, {"reported", "by", "from", "message", "reason", "text"}, rows, "no reports");
  const auto& more = field(answer, "more");
  if (more.is_bool() && more.get_bool())
    context.out << "more with: --after " << printable(show(field(list(answer, "reports").back(), "key")))
                << '\n';
}

void add_reports(CLI::App& group, Context& context) {
  auto* reports = group.add_subcommand("reports", "Messages that members have reported, as they were then");
  reports->footer("Example:\n  convokectl group reports 0123456789abcdef0123456789abcdef");
  auto words = with_group(reports);
  reports->add_option("--after", words->key, "go on behind this one, as the last answer says");
  reports->callback([&context, words] { list_reports(context, words->group, words->key); });
}

void add_export(CLI::App& group, Context& context) {
  auto* command = group.add_subcommand("export", "Everything held of one chat, as NDJSON");
  command->footer("Example:\n  convokectl group export 0123456789abcdef0123456789abcdef > chat.ndjson");
  auto words = with_group(command);
  command->callback([&context, words] { print_export(context, "/v1/groups/" + words->group + "/export"); });
}

void add_delete_message(CLI::App& group, Context& context) {
  auto* command = group.add_subcommand("delete-message", "Delete a member's message, also from the archive");
  command->footer("Example:\n  convokectl group delete-message 0123456789abcdef0123456789abcdef anna 3f2a-1");
  auto words = with_group(command);
  command->add_option("user", words->user, "who wrote it")->required()->check(kUserId);
  command->add_option("message", words->message, "the message's id")->required()->check(kPlainId);
  command->callback([&context, words] {
    change_group(context, "DELETE", words->group + "/messages/" + words->user + "/" + words->message, nullptr,
                 "message " + words->message + " of " + words->user + " deleted");
  });
}

void add_announce(CLI::App& group, Context& context) {
  auto* announce = group.add_subcommand("announce", "Say something to all members of a chat");
  announce->footer(
      "Example:\n  convokectl group announce 0123456789abcdef0123456789abcdef \"The bar closes at ten\"");
  auto words = with_group(announce);
  announce->add_option("text", words->text, "what to say, up to 4096 bytes")->required();
  announce->callback([&context, words] {
    change_group(context, "POST", words->group + "/announcements", boost::json::object{{"text", words->text}},
                 "announced");
  });
}

void add_members(CLI::App& group, Context& context) {
  auto* add = group.add_subcommand("add", "Add a user to a chat");
  add->footer("Example:\n  convokectl group add 0123456789abcdef0123456789abcdef anna");
  auto added = with_group(add);
  add->add_option("user", added->user, "the user's id")->required()->check(kUserId);
  add->callback([&context, added] {
    change_group(context, "POST", added->group + "/members", boost::json::object{{"user", added->user}},
                 added->user + " added");
  });

  auto* remove = group.add_subcommand("remove", "Remove a user from a chat");
  remove->footer("Example:\n  convokectl group remove 0123456789abcdef0123456789abcdef anna");
  auto removed = with_group(remove);
  remove->add_option("user", removed->user, "the user's id")->required()->check(kUserId);
  remove->callback([&context, removed] {
    change_group(context, "DELETE", removed->group + "/members/" + removed->user, nullptr,
                 removed->user + " removed");
  });
}

}  // namespace

void add_group_commands(CLI::App& app, Context& context) {
  auto* group = app.add_subcommand("group", "Groups: the chats themselves")->require_subcommand(1);
  group->footer(
      "Examples:\n  convokectl group start hall\n  convokectl group list --state open\n"
      "  convokectl group show 0123456789abcdef0123456789abcdef");
  add_start(*group, context);
  add_list(*group, context);
  add_group_people_commands(*group, context);
  add_end_and_extend(*group, context);
  add_announce(*group, context);
  add_delete_message(*group, context);
  add_reports(*group, context);
  add_export(*group, context);
  add_moderation(*group, context);
  add_rules(*group, context);
  add_members(*group, context);
}

}  // namespace convoke::cli
