#include <boost/json.hpp>

#include "ops/cli/context.h"
#include "ops/cli/fields.h"
#include "ops/cli/text.h"

namespace convoke::cli {
namespace {

namespace json = boost::json;
using Rows = std::vector<std::vector<std::string>>;

bool is_true(const json::value& of, const char* key) {
  const auto& value = field(of, key);
  return value.is_bool() && value.get_bool();
}

/// Goes on with `path?after=USER` until there are no more, from the page `first`, and gives the list `key`
/// whole.
json::array all_pages(const Context& context, const std::string& path, const json::value& first,
                      const char* key) {
  json::array all = list(first, key);
  for (bool more = is_true(first, "more") && !all.empty(); more;) {
    const std::string sign = path.find('?') == std::string::npos ? "?" : "&";
    const auto page = context.client().call("GET", path + sign + "after=" + show(field(all.back(), "user")));
    const auto& next = list(page, key);
    all.insert(all.end(), next.begin(), next.end());
    more = is_true(page, "more") && !next.empty();
  }
  return all;
}

void print_members(const Context& context, const json::array& members, const char* empty) {
  Rows rows;
  for (const auto& member : members)
    rows.push_back({show(field(member, "user")), show(field(member, "name")), show(field(member, "presence")),
                    show(field(member, "held_version")), show(field(member, "why"))});
  print_table(context.out, {"member", "name", "presence", "holds version", "why"}, rows, empty);
}

void show_group(const Context& context, const std::string& path) {
  auto answer = context.client().call("GET", path);
  json::array members = list(answer, "member_list");
  if (is_true(answer, "more")) {
    const auto rest =
        context.client().call("GET", path + "/members?after=" + show(field(members.back(), "user")));
    const json::array more = all_pages(context, path + "/members", rest, "members");
    members.insert(members.end(), more.begin(), more.end());
  }
  if (auto* fields = answer.if_object()) {
    fields->erase("more");
    (*fields)["member_list"] = members;
    if (context.json) return context.print_json(answer);
    fields->erase("member_list");
  }
  print_fields(context.out, answer);
  context.out << '\n';
  print_members(context, members, "no members");
}

/// Of whom no phone has said that it holds the list.
void show_missing(const Context& context, const std::string& group) {
  const std::string path = group + "/members?missing=true";
  const auto first = context.client().call("GET", path);
  const json::array members = all_pages(context, path, first, "members");
  if (context.json)
    return context.print_json(json::object{
        {"total", field(first, "total")}, {"holding", field(first, "holding")}, {"missing", members}});
  context.out << show(field(first, "holding")) << " of " << show(field(first, "total")) << " hold the list\n";
  if (!members.empty()) print_members(context, members, "");
}

/// "2026-06-01T19:30:00Z to 2026-06-01T20:15:00Z"; of one who was passed over, the time of that.
std::string when(const json::value& user) {
  const std::string joined = show(field(user, "joined_ms"), "joined_ms");
  const std::string left = show(field(user, "left_ms"), "left_ms");
  if (joined.empty()) return show(field(user, "t"), "t_ms");
  return left.empty() ? "since " + joined : joined + " to " + left;
}

void print_head(const Context& context, const json::value& answer) {
  context.out << "group " << printable(show(field(answer, "group"))) << " of plan "
              << printable(show(field(answer, "plan"))) << ", " << printable(show(field(answer, "state")))
              << "\nstarted " << show(field(answer, "started_ms"), "started_ms") << " because:\n";
  for (const auto& reason : list(answer, "reasons")) context.out << "  " << printable(show(reason)) << '\n';
  if (field(answer, "end_reason").is_null()) return;
  context.out << "ended " << show(field(answer, "ended_ms"), "ended_ms")
              << " because: " << printable(show(field(answer, "end_reason"))) << '\n';
}

/// "not-met (all: has ticket, presence: available)".
std::string why_not(const json::value& user) {
  std::string words = show(field(user, "ended")), missed;
  if (words != "not-met") return words;
  for (const auto& one : list(user, "unmet"))
    missed += (missed.empty() ? "" : ", ") + show(field(one, "part")) + ": " + show(field(one, "condition"));
  return words + " (" + missed + ")";
}

void why_all(const Context& context, const std::string& path) {
  auto answer = context.client().call("GET", path);
  json::array users = all_pages(context, path, answer, "users");
  if (auto* fields = answer.if_object()) {
    fields->erase("more");
    (*fields)["users"] = users;
  }
  if (context.json) return context.print_json(answer);
  print_head(context, answer);
  Rows rows;
  for (const auto& user : users)
    rows.push_back({show(field(user, "user")), show(field(user, "standing")), when(user),
                    show(field(user, "why")), why_not(user)});
  context.out << '\n';
  print_table(context.out, {"user", "is", "when", "why in", "why not"}, rows, "nobody was in it");
}

void why_one(const Context& context, const std::string& path) {
  const auto answer = context.client().call("GET", path);
  if (context.json) return context.print_json(answer);
  print_head(context, answer);
  context.out << '\n' << printable(show(field(answer, "user"))) << ": " << show(field(answer, "standing"));
  if (const std::string at = when(answer); !at.empty()) context.out << ' ' << at;
  context.out << '\n';
  if (!field(answer, "why").is_null())
    context.out << "in because: " << printable(show(field(answer, "why"))) << '\n';
  if (!field(answer, "ended").is_null())
    context.out << "not in because: " << printable(why_not(answer)) << '\n';
  if (field(answer, "qualifies").is_null()) return;
  context.out << (is_true(answer, "qualifies") ? "qualifies now\n" : "does not qualify now\n");
  Rows rows;
  for (const auto& finding : list(answer, "findings"))
    rows.push_back({show(field(finding, "part")), show(field(finding, "condition")),
                    is_true(finding, "holds") ? "yes" : "no"});
  print_table(context.out, {"part", "asks", "holds"}, rows, "the audience asks for nothing");
}

}  // namespace

void add_group_people_commands(CLI::App& group, Context& context) {
  struct Asked {
    std::string group, user;
    bool missing = false;
  };
  auto* show = group.add_subcommand("show", "One group: its head, members and who holds the list");
  show->footer(
      "Examples:\n  convokectl group show 0123456789abcdef0123456789abcdef\n"
      "  convokectl group show 0123456789abcdef0123456789abcdef --missing");
  auto shown = std::make_shared<Asked>();
  show->add_option("group", shown->group, "the group's id")->required()->check(kGroupId);
  show->add_flag("--missing", shown->missing,
                 "only members of whom no phone has said that it holds the list");
  show->callback([&context, shown] {
    const std::string path = "/v1/groups/" + shown->group;
    shown->missing ? show_missing(context, path) : show_group(context, path);
  });

  auto* why = group.add_subcommand("why", "Why a chat started and ended, and why who was in it and who not");
  why->footer(
      "Also after its end. Who was passed over when it opened (not available, or by lot) is listed too, up "
      "to "
      "1000 users; of any other user, named, it says what of the audience they cannot have met.\n"
      "Examples:\n  convokectl group why 0123456789abcdef0123456789abcdef\n"
      "  convokectl group why 0123456789abcdef0123456789abcdef anna");
  auto asked = std::make_shared<Asked>();
  why->add_option("group", asked->group, "the group's id")->required()->check(kGroupId);
  why->add_option("user", asked->user, "only about this user")->check(kUserId);
  why->callback([&context, asked] {
    const std::string path = "/v1/groups/" + asked->group + "/why";
    asked->user.empty() ? why_all(context, path) : why_one(context, path + "/" + asked->user);
  });
}

}  // namespace convoke::cli
