#include <boost/json.hpp>

#include "ops/cli/context.h"
#include "ops/cli/failure.h"
#include "ops/cli/fields.h"
#include "ops/cli/text.h"

namespace convoke::cli {
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
  add_identity_commands(*user, context);
}

}  // namespace convoke::cli
