#pragma once

#include <CLI/CLI.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <ostream>
#include <string>
#include <string_view>

#include "ops/cli/api_client.h"
#include "ops/cli/locate.h"

namespace convoke::cli {

/// What all commands share: the global options, where to write, and the way to the server.
struct Context {
  std::ostream& out;
  std::ostream& err;
  std::filesystem::path here;  // where the search for the run file begins
  bool colour = false;         // `out` is a terminal
  bool progress = false;       // `err` is a terminal
  Wishes wishes;
  bool json = false;

  ApiClient client() const {
    const Target target = locate(wishes, here);
    return ApiClient(target.url, target.token_file);
  }
  /// One JSON document on a line of its own.
  void print_json(const boost::json::value& value) const;
};

/// All pages of an export (docs/privacy.md), one object a line.
void print_export(const Context& context, const std::string& path);

/// Every family of commands adds itself to the program.
void add_area_commands(CLI::App& app, Context& context);
void add_plan_commands(CLI::App& app, Context& context);
void add_rehearsal_commands(CLI::App& plan, Context& context);  // plan check, plan simulate
void add_group_commands(CLI::App& app, Context& context);
void add_group_people_commands(CLI::App& group, Context& context);  // group show, group why
void add_user_commands(CLI::App& app, Context& context);
void add_identity_commands(CLI::App& user, Context& context);  // of `user`
void add_peer_commands(CLI::App& app, Context& context);
void add_key_commands(CLI::App& app, Context& context);  // token issue, keys init
void add_watch_command(CLI::App& app, Context& context);
void add_status_command(CLI::App& app, Context& context);
void add_replay_command(CLI::App& app, Context& context);

/// Checks of what is typed; a value that fails is a usage error.
extern const CLI::Validator kPlainId;   // areas, plans, devices, sites, plain users
extern const CLI::Validator kUserId;    // user or user@site
extern const CLI::Validator kGroupId;   // 32 hexadecimal digits
extern const CLI::Validator kDuration;  // 10m, 90s, 2h, 1d

}  // namespace convoke::cli
