#include <fmt/format.h>
#include <boost/json.hpp>
#include <chrono>
#include <random>

#include "ops/cli/context.h"
#include "ops/cli/failure.h"
#include "ops/cli/files.h"
#include "ops/cli/text.h"
#include "topics/ids.h"
#include "topics/token/base64url.h"
#include "topics/token/token.h"

namespace convoke::cli {
namespace {

namespace fs = std::filesystem;

struct Wanted {
  std::string user, role, device, site, keys, out, phone, mail;
  std::string ttl = "12h";
};

/// Fills in from the run file what the user did not say.
void complete(Wanted& wanted, const Context& context) {
  if (!wanted.keys.empty() && !wanted.site.empty()) return;
  const auto run = find_run_file(context.wishes, context.here);
  if (wanted.keys.empty() && run) wanted.keys = run->keys;
  if (wanted.site.empty() && run) wanted.site = run->site;
  if (wanted.keys.empty()) {
    throw Failure(kUsage, "no signing keys are named, and no .convoke/run.json is here or above",
                  "Give --keys FILE; make keys with: convokectl keys init --dir DIR");
  }
  if (wanted.site.empty()) throw Failure(kUsage, "no site is named", "Give --site SITE.");
}

void check_subject(const Wanted& wanted, topics::Role role) {
  const bool plain = role == topics::Role::server || role == topics::Role::peer;
  if (plain ? !topics::is_plain_id(wanted.user) : !topics::is_user_id(wanted.user)) {
    throw Failure(kUsage, "--user: expected " + std::string(plain ? "a server or site id" : "a user id") +
                              ", got '" + printable(wanted.user) + "'");
  }
}

std::string issue(const Wanted& wanted) {
  token::Claims claims;
  const auto role = topics::parse_role(wanted.role);
  if (!role) throw Failure(kUsage, "--role: unknown role " + printable(wanted.role));
  check_subject(wanted, *role);
  claims.subject = wanted.user;
  claims.site = wanted.site;
  claims.role = *role;
  claims.device = wanted.device;
  claims.proofs = {wanted.phone, wanted.mail};
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  claims.issued_s = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  claims.expires_s = claims.issued_s + *parse_duration(wanted.ttl) / 1000;
  try {
    const auto signed_token = token::sign(token::KeySet::load(wanted.keys), claims);
    if (signed_token) return *signed_token;
  } catch (const std::runtime_error& error) {
    throw Failure(kFailed, error.what());
  }
  throw Failure(kFailed, wanted.keys + ": has no private key, so nothing can be signed with it",
                "Name the signing keys (signing.jwks), not the public ones.");
}

void issue_token(const Context& context, Wanted wanted) {
  complete(wanted, context);
  const std::string text = issue(wanted);
  if (!wanted.out.empty()) {
    write_new_file(wanted.out, text + "\n", Readers::owner);
    if (context.json) return context.print_json(boost::json::object{{"file", wanted.out}});
    context.out << "token for " << wanted.user << " (" << wanted.role << ", " << wanted.ttl << ") in "
                << wanted.out << '\n';
  } else if (context.json) {
    context.print_json(boost::json::object{{"token", text}});
  } else {
    context.out << text << '\n';
  }
}

/// From the system's source, which std::random_device is in this library.
std::string random_bytes(std::size_t size) {
  std::random_device source;
  std::string out;
  while (out.size() < size) out += static_cast<char>(source() & 0xff);
  return out;
}

void init_keys(const Context& context, const std::string& dir) {
  const fs::path signing = fs::path(dir) / "signing.jwks";
  const fs::path verify = fs::path(dir) / "verify.jwks";
  const fs::path identities = fs::path(dir) / "identities.key";
  for (const auto& path : {signing, verify, identities}) {
    if (fs::exists(path)) {
      throw Failure(kFailed, path.string() + " exists already",
                    "Choose another folder. (Without the old ones every token signed with them is void, and "
                    "nobody is known outside the app.)");
    }
  }
  std::error_code error;
  fs::create_directories(dir, error);
  if (error) throw Failure(kFailed, dir + ": " + error.message());
  const std::string private_set =
      token::KeySet::generate_ed25519(fmt::format("k{:08x}", std::random_device{}()));
  write_new_file(signing.string(), private_set, Readers::owner);
  write_new_file(verify.string(), token::KeySet::parse(private_set).public_jwks(), Readers::everyone);
  write_new_file(identities.string(), token::encode_base64url(random_bytes(32)) + "\n", Readers::owner);
  if (context.json) {
    return context.print_json(boost::json::object{
        {"signing", signing.string()}, {"verify", verify.string()}, {"identities", identities.string()}});
  }
  context.out << "signing keys (secret): " << signing.string() << "\npublic keys: " << verify.string()
              << "\nkey of the identities (secret): " << identities.string() << '\n';
}

void add_token_issue(CLI::App& token, Context& context) {
  auto* issue = token.add_subcommand("issue", "Sign a token with the site's keys");
  issue->footer(
      "Needs no server. Roles: terminal (a phone), staff, operator, server, peer, viewer, "
      "gateway.\nExamples:\n"
      "  convokectl token issue --user anna --role terminal --device phone\n"
      "  convokectl token issue --user ops --role operator --device cli --site demo --keys signing.jwks "
      "--out ops.token");
  auto wanted = std::make_shared<Wanted>();
  issue->add_option("--user", wanted->user, "user id; server id for role server, site id for role peer")
      ->required();
  issue->add_option("--role", wanted->role, "what the bearer is")
      ->required()
      ->check(CLI::IsMember({"terminal", "staff", "operator", "server", "peer", "viewer", "gateway"}));
  issue->add_option("--device", wanted->device, "device id")->required()->check(kPlainId);
  issue->add_option("--ttl", wanted->ttl, "how long it holds")->check(kDuration)->capture_default_str();
  issue->add_option("--phone", wanted->phone, "a number that they have proved to be theirs: +4930123456");
  issue->add_option("--mail", wanted->mail, "a mail address that they have proved to be theirs");
  issue->add_option("--site", wanted->site, "site id; default: that of the run file")->check(kPlainId);
  issue->add_option("--keys", wanted->keys, "signing keys; default: those of the run file");
  issue->add_option("--out", wanted->out,
                    "write it to this new file, readable for you only; default: print it");
  issue->callback([&context, wanted] { issue_token(context, *wanted); });
}

}  // namespace

void add_key_commands(CLI::App& app, Context& context) {
  auto* token = app.add_subcommand("token", "Tokens: who may speak as whom")->require_subcommand(1);
  token->footer("Example:\n  convokectl token issue --user anna --role terminal --device phone");
  add_token_issue(*token, context);

  auto* keys = app.add_subcommand("keys", "The site's keys")->require_subcommand(1);
  keys->footer("Example:\n  convokectl keys init --dir keys");
  auto* init = keys->add_subcommand(
      "init", "Make fresh keys: signing.jwks (secret) and verify.jwks for tokens, identities.key (secret)");
  init->footer("Needs no server. Example:\n  convokectl keys init --dir keys");
  auto dir = std::make_shared<std::string>();
  init->add_option("--dir", *dir, "folder; made if it is missing")->required();
  init->callback([&context, dir] { init_keys(context, *dir); });
}

}  // namespace convoke::cli
