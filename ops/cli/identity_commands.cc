#include <boost/json.hpp>

#include "ops/cli/context.h"
#include "ops/cli/fields.h"
#include "ops/cli/text.h"

namespace convoke::cli {
namespace {

namespace json = boost::json;

struct Wanted {
  std::string user, kind, value, source, id;
  bool unproven = false;
};

std::string path_of(const Wanted& wanted) { return "/v1/users/" + wanted.user + "/identities"; }

void list(const Context& context, const Wanted& wanted) {
  const auto answer = context.client().call("GET", path_of(wanted));
  if (context.json) return context.print_json(answer);
  const json::array& identities = answer.at("identities").as_array();
  if (identities.empty()) context.out << wanted.user << " is not known by anything outside the app\n";
  for (const json::value& one : identities) {
    const json::value& value = one.at("value");
    context.out << printable(std::string(one.at("kind").as_string())) << "  "
                << (value.is_string() ? printable(std::string(value.as_string())) : "(kept with another key)")
                << (one.at("proven").as_bool() ? "" : "  not proven") << "  by "
                << printable(std::string(one.at("source").as_string())) << "\n    "
                << printable(std::string(one.at("id").as_string())) << '\n';
  }
}

void put(const Context& context, const Wanted& wanted) {
  json::object body{{"kind", wanted.kind}, {"proven", !wanted.unproven}};
  if (!wanted.value.empty()) body["value"] = wanted.value;
  if (!wanted.source.empty()) body["source"] = wanted.source;
  const auto answer = context.client().call("PUT", path_of(wanted), json::serialize(body));
  if (context.json) return context.print_json(answer);
  if (const json::value* tag = answer.as_object().if_contains("tag"))
    context.out << "what makes a mail address personal: +" << std::string(tag->as_string())
                << " before the \"@\"\n";
  else
    context.out << wanted.user << " is known by this " << wanted.kind << " now\n";
}

void remove(const Context& context, const Wanted& wanted) {
  const auto answer = context.client().call("DELETE", path_of(wanted) + "/" + wanted.id);
  if (context.json) return context.print_json(answer);
  context.out << wanted.user << " is not known by it any more\n";
}

}  // namespace

void add_identity_commands(CLI::App& user, Context& context) {
  auto* identity =
      user.add_subcommand("identity", "By what users are known outside the app")->require_subcommand(1);
  identity->footer(
      "Numbers, addresses and ticket codes by which calls, mails and tickets find the user.\nExamples:\n"
      "  convokectl user identity put anna --kind phone --value +4930123456\n"
      "  convokectl user identity list anna");
  auto wanted = std::make_shared<Wanted>();
  const auto with_user = [&](const char* name, const char* what, const char* example) {
    auto* command = identity->add_subcommand(name, what);
    command->footer(std::string("Example:\n  convokectl user identity ") + example);
    command->add_option("user", wanted->user, "the user's id")->required()->check(kUserId);
    return command;
  };
  with_user("list", "What the user is known by", "list anna")->callback([&context, wanted] {
    list(context, *wanted);
  });
  auto* add =
      with_user("put", "The user is known by this, too", "put anna --kind mail --value anna@home.example");
  add->add_option("--kind", wanted->kind, "what it is")
      ->required()
      ->check(CLI::IsMember({"phone", "mail", "ticket", "personal"}));
  add->add_option("--value", wanted->value,
                  "a number as +4930123456, an address or a code; none for personal");
  add->add_option("--source", wanted->source, "how it was proven, as \"sms code\"");
  add->add_flag("--unproven", wanted->unproven, "the user only says so; it counts for nothing yet");
  add->callback([&context, wanted] { put(context, *wanted); });
  auto* take = with_user("remove", "The user is not known by this any more", "remove anna phone/3f…");
  take->add_option("id", wanted->id, "as `list` shows it")->required();
  take->callback([&context, wanted] { remove(context, *wanted); });
}

}  // namespace convoke::cli
