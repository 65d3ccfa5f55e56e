#include <boost/json.hpp>
#include <chrono>
#include <set>
#include <string>
#include <thread>

#include "ops/cli/context.h"
#include "ops/cli/failure.h"
#include "ops/cli/fields.h"
#include "ops/cli/text.h"

namespace convoke::cli {

void print_export(const Context& context, const std::string& path) {
  auto client = context.client();
  std::string query;
  while (true) {
    const auto page = client.call("GET", path + query);
    for (const auto& line : list(page, "lines")) context.print_json(line);
    const std::string after = show(field(page, "after"));
    if (after.empty()) return;
    query = "?after=" + after;
  }
}

namespace {

void show_user(const Context& context, const std::string& id) {
  const auto answer = context.client().call("GET", "/v1/users/" + id);
  if (context.json) return context.print_json(answer);
  print_fields(context.out, answer);
}

void show_blocks(const Context& context, const std::string& id) {
  const auto answer = context.client().call("GET", "/v1/users/" + id + "/blocks");
  if (context.json) return context.print_json(answer);
  print_fields(context.out, answer);
}

void unblock(const Context& context, const std::string& by, const std::string& user) {
  const auto answer = context.client().call("DELETE", "/v1/users/" + by + "/blocks/" + user);
  if (context.json) return context.print_json(answer);
  context.out << by << " does not block " << user << " any more\n";
}

void add_block_commands(CLI::App& user, Context& context) {
  auto* blocks = user.add_subcommand("blocks", "Whom a user has blocked, and who has blocked them");
  blocks->footer("Example:\n  convokectl user blocks anna");
  auto id = std::make_shared<std::string>();
  blocks->add_option("user", *id, "the user's id")->required()->check(kUserId);
  blocks->callback([&context, id] { show_blocks(context, *id); });

  auto* undo = user.add_subcommand("unblock", "Take a user's block of another back");
  undo->footer("Example:\n  convokectl user unblock anna ben");
  auto pair = std::make_shared<std::pair<std::string, std::string>>();
  undo->add_option("user", pair->first, "who has blocked")->required()->check(kUserId);
  undo->add_option("other", pair->second, "whom")->required()->check(kUserId);
  undo->callback([&context, pair] { unblock(context, pair->first, pair->second); });
}

void erase_user(const Context& context, const std::string& id) {
  auto client = context.client();
  auto answer = client.call("DELETE", "/v1/users/" + id);
  boost::json::value left;
  std::set<std::string> told;
  do {
    left = client.call("GET", "/v1/erasures");
    if (show(field(left, "running")) == "0") break;
    for (const auto& site : list(left, "waits_for"))
      if (const std::string name = printable(show(site)); told.insert(name).second)
        context.err << "waits until site " << name << " has taken what waits for it and names them; "
                    << "convokectl peer remove " << name << " gives it up\n";
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  } while (true);
  if (auto* o = answer.if_object()) (*o)["backups"] = list(left, "backups");
  if (context.json) return context.print_json(answer);
  context.out << "user " << id << " is erased\n";
  for (const auto& plan : list(answer, "plans_that_name_them"))
    context.out << "plan " << printable(show(plan)) << " names them still: change it, and erase them again\n";
  for (const auto& backup : list(left, "backups"))
    context.out << "backup " << printable(show(backup)) << ": made before, it has them still; delete it\n";
}

void add_privacy_commands(CLI::App& user, Context& context) {
  auto* whole = user.add_subcommand("export", "Everything held about one user, as NDJSON");
  whole->footer("Example:\n  convokectl user export anna > anna.ndjson");
  auto exported = std::make_shared<std::string>();
  whole->add_option("user", *exported, "the user's id")->required()->check(kUserId);
  whole->callback([&context, exported] { print_export(context, "/v1/users/" + *exported + "/export"); });

  auto* erase = user.add_subcommand("erase", "Erase one user: everything held about them, for ever");
  erase->footer(
      "Waits until the bytes are gone from the store's files.\nExample:\n  convokectl user erase anna --yes");
  auto id = std::make_shared<std::string>();
  erase->add_option("user", *id, "the user's id")->required()->check(kUserId);
  auto yes = std::make_shared<bool>(false);
  erase->add_flag("--yes", *yes, "there is no way back")->required();
  erase->callback([&context, id, yes] { erase_user(context, *id); });

  auto* revoke = user.add_subcommand("revoke", "Make all tokens of a user void that were issued before now");
  revoke->footer("Their connections are cut.\nExample:\n  convokectl user revoke anna");
  auto revoked = std::make_shared<std::string>();
  revoke->add_option("user", *revoked, "the user's id")->required()->check(kUserId);
  revoke->callback([&context, revoked] {
    const auto answer = context.client().call("POST", "/v1/users/" + *revoked + "/revoke");
    if (context.json) return context.print_json(answer);
    context.out << "tokens of " << *revoked << " issued before now are void\n";
  });
}

struct Profile {
  std::string user;
  std::string name;
  std::vector<std::string> attributes;  // key=value
  std::string chat_duration;            // "20m"; empty: the plan's
};

void set_user(const Context& context, const Profile& profile) {
  boost::json::object attributes;
  for (const auto& pair : profile.attributes) {
    const auto equals = pair.find('=');
    if (equals == 0 || equals == std::string::npos) {
      throw Failure(kUsage, "--attr: expected KEY=VALUE, got '" + pair + "'");
    }
    attributes[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  boost::json::object body{{"name", profile.name}, {"attributes", attributes}};
  if (!profile.chat_duration.empty()) body["chat_duration_ms"] = *parse_duration(profile.chat_duration);
  const auto answer = context.client().call("PUT", "/v1/users/" + profile.user, boost::json::serialize(body));
  if (context.json) return context.print_json(answer);
  context.out << "user " << profile.user << " set\n";
}

}  // namespace

void add_user_commands(CLI::App& app, Context& context) {
  auto* user = app.add_subcommand("user", "Users: presence, position, attributes")->require_subcommand(1);
  user->footer(
      "Examples:\n  convokectl user show anna\n  convokectl user set anna --name Anna --attr ticket=vip");

  auto* show = user->add_subcommand("show", "Everything known of one user");
  show->footer("The position is shown to operators only.\nExample:\n  convokectl user show anna");
  auto id = std::make_shared<std::string>();
  show->add_option("user", *id, "the user's id")->required()->check(kUserId);
  show->callback([&context, id] { show_user(context, *id); });

  auto* set = user->add_subcommand("set", "Replace a user's name and attributes");
  set->footer(
      "What is not given is removed.\nExample:\n  convokectl user set anna --name Anna --attr ticket=vip "
      "--attr crew=");
  auto profile = std::make_shared<Profile>();
  set->add_option("user", profile->user, "the user's id")->required()->check(kUserId);
  set->add_option("--name", profile->name, "the name that others see");
  set->add_option("--attr", profile->attributes, "KEY=VALUE; may be given several times")
      ->expected(1)
      ->take_all();
  set->add_option("--chat-duration", profile->chat_duration,
                  "how long this user's chats last, if not as the plan says")
      ->check(kDuration);
  set->callback([&context, profile] { set_user(context, *profile); });
  add_block_commands(*user, context);
  add_privacy_commands(*user, context);
  add_identity_commands(*user, context);
}

}  // namespace convoke::cli
