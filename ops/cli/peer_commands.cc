#include <boost/json.hpp>
#include <optional>
#include <sstream>

#include "ops/cli/context.h"
#include "ops/cli/failure.h"
#include "ops/cli/fields.h"
#include "ops/cli/files.h"
#include "ops/cli/text.h"

namespace convoke::cli {
namespace {

constexpr std::size_t kMaxKeysBytes = 1 << 16;

struct Address {
  std::string site, host, keys_file;
  int port = 1883;
  std::optional<std::string> may;
};

/// "users,areas" as a list; "nothing" is none.
boost::json::array listed(const std::string& words) {
  boost::json::array list;
  std::istringstream all(words);
  for (std::string word; words != "nothing" && std::getline(all, word, ',');) list.emplace_back(word);
  return list;
}

void add_peer(const Context& context, const Address& to) {
  boost::json::error_code error;
  boost::json::value keys = boost::json::parse(read_file(to.keys_file, kMaxKeysBytes), error);
  if (error || !keys.is_object()) throw Failure(kUsage, "--keys: expected a JWK Set, in " + to.keys_file);
  boost::json::object body{{"host", to.host}, {"port", to.port}, {"keys", std::move(keys)}};
  if (to.may) body["may"] = listed(*to.may);
  const auto answer = context.client().call("PUT", "/v1/peers/" + to.site, boost::json::serialize(body));
  if (context.json) return context.print_json(answer);
  context.out << "site " << to.site << " at " << printable(to.host) << ":" << to.port
              << " added; its operator adds this site likewise\n";
}

void allow_peer(const Context& context, const std::string& site, const std::string& may) {
  const boost::json::object body{{"may", listed(may)}};
  const auto answer =
      context.client().call("PUT", "/v1/peers/" + site + "/may", boost::json::serialize(body));
  if (context.json) return context.print_json(answer);
  context.out << "site " << site << " may ask: " << may << "\n";
}

std::string allowed(const boost::json::value& peer) {
  std::string words;
  for (const auto& word : list(peer, "may")) words += (words.empty() ? "" : ",") + show(word);
  return words.empty() ? "nothing" : words;
}

void list_peers(const Context& context) {
  const auto answer = context.client().call("GET", "/v1/peers");
  if (context.json) return context.print_json(answer);
  if (list(answer, "peers").empty()) context.out << "no other sites\n";
  for (const auto& peer : list(answer, "peers")) {
    context.out << show(field(peer, "site")) << "  " << show(field(peer, "state")) << "  "
                << printable(show(field(peer, "host"))) << ":" << show(field(peer, "port")) << "  waiting "
                << show(field(peer, "waiting")) << ", lag " << show(field(peer, "lag_ms")) << " ms, groups "
                << show(field(peer, "groups_here")) << " here, " << show(field(peer, "groups_there"))
                << " there, may ask " << allowed(peer) << ", protocol " << show(field(peer, "version"));
    const std::string error = show(field(peer, "last_error")), refused = show(field(peer, "refused"));
    if (!error.empty()) context.out << "  error: " << printable(error);
    if (!refused.empty()) context.out << "  refused: " << printable(refused);
    if (const std::string shut = show(field(peer, "shut")); !shut.empty())
      context.out << "  shut (" << printable(shut) << "): to open it again, peer add";
    context.out << "\n";
  }
}

}  // namespace

void add_peer_commands(CLI::App& app, Context& context) {
  auto* peer = app.add_subcommand("peer", "Other sites, whose servers this one exchanges chats with")
                   ->require_subcommand(1);
  peer->footer("docs/federation.md says how to join two sites.\nExample:\n  convokectl peer list");

  auto* add = peer->add_subcommand("add", "Join another site, or change its address or keys");
  add->footer(
      "The other site's operator does the same for this one.\nExample:\n  convokectl peer add arena --host "
      "arena.example --keys arena.jwks");
  auto to = std::make_shared<Address>();
  add->add_option("site", to->site, "the other site's id")->required()->check(kPlainId);
  add->add_option("--host", to->host, "where its broker is")->required();
  add->add_option("--port", to->port, "of its broker")->check(CLI::Range(1, 65'535))->capture_default_str();
  add->add_option("--keys", to->keys_file, "JWK Set file with the public keys of its server")->required();
  add->add_option("--may", to->may,
                  "what it may ask about users here, as users,areas,attributes,registrations,everybody; or "
                  "nothing. Default for a new site: users (who of those it names is there)");
  add->callback([&context, to] { add_peer(context, *to); });

  auto* allow = peer->add_subcommand("allow", "Say what another site may ask about users here");
  allow->footer(
      "Only users who let other sites draw them in count, but for those asked for by name.\nExample:\n  "
      "convokectl peer allow arena users,areas");
  auto site_allowed = std::make_shared<std::string>(), may = std::make_shared<std::string>();
  allow->add_option("site", *site_allowed, "the other site's id")->required()->check(kPlainId);
  allow
      ->add_option("may", *may,
                   "users, areas, attributes, registrations, everybody, with commas between; or nothing")
      ->required();
  allow->callback([&context, site_allowed, may] { allow_peer(context, *site_allowed, *may); });

  auto* all = peer->add_subcommand("list", "The other sites, and how the links to them are");
  all->footer("Example:\n  convokectl peer list");
  all->callback([&context] { list_peers(context); });

  auto* remove = peer->add_subcommand("remove", "Part from another site");
  remove->footer(
      "Its users leave the groups here and ours the groups there, at once.\nExample:\n  convokectl peer "
      "remove "
      "arena --yes");
  auto site = std::make_shared<std::string>();
  remove->add_option("site", *site, "the other site's id")->required()->check(kPlainId);
  auto yes = std::make_shared<bool>(false);
  remove->add_flag("--yes", *yes, "running chats lose members")->required();
  remove->callback([&context, site, yes] {  // CLI11 writes the flag when it parses
    const auto answer = context.client().call("DELETE", "/v1/peers/" + *site);
    if (context.json) return context.print_json(answer);
    context.out << "site " << *site << " removed\n";
  });
}

}  // namespace convoke::cli
