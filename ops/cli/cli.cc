#include "ops/cli/cli.h"

#include <algorithm>

#include "ops/cli/context.h"
#include "ops/cli/failure.h"

namespace convoke::cli {
namespace {

constexpr const char* kFooter =
    R"(Which server: --server or CONVOKE_URL, else the nearest .convoke/run.json that ops/run left (or that of --data).
Which token:  --token-file or CONVOKE_TOKEN_FILE, else that of the same run file.

Examples:
  convokectl area import venue.geojson
  convokectl plan apply plans.toml
  convokectl watch --story
  convokectl replay --areas venue.geojson --fixes walk.csv.gz

Exit codes: 0 done, 1 refused or failed, 2 wrong command line, 3 no server answers.)";

void add_global_options(CLI::App& app, Context& context) {
  app.add_option("--server", context.wishes.server, "the server's address, as http://127.0.0.1:18080")
      ->envname("CONVOKE_URL");
  app.add_option("--token-file", context.wishes.token_file, "file with a token for it")
      ->envname("CONVOKE_TOKEN_FILE");
  app.add_option("--data", context.wishes.data_dir, "data folder of an ops/run");
  app.add_flag("--json", context.json, "print the server's answer as JSON");
}

void report(const Failure& failure, std::ostream& err) {
  if (*failure.what() != '\0') err << "convokectl: " << failure.what() << '\n';
  if (!failure.next.empty()) err << failure.next << '\n';
}

}  // namespace

int run(std::vector<std::string> arguments, const Surroundings& around) {
  Context context{around.out, around.err, around.here, around.colour, around.progress, {}, false};
  CLI::App app("Runs a Convoke venue: areas, plans, groups, users, tokens, live events.", "convokectl");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.fallthrough();
  add_global_options(app, context);
  add_area_commands(app, context);
  add_plan_commands(app, context);
  add_group_commands(app, context);
  add_user_commands(app, context);
  add_peer_commands(app, context);
  add_key_commands(app, context);
  add_watch_command(app, context);
  add_status_command(app, context);
  add_replay_command(app, context);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them last first
  try {
    app.parse(std::move(arguments));
    return kOk;
  } catch (const CLI::ParseError& error) {
    if (app.exit(error, around.out, around.err) != 0) return kUsage;
    around.out << '\n';  // a help text's footer has no end of line
    return kOk;
  } catch (const Failure& failure) {
    report(failure, around.err);
    return failure.code;
  }
}

}  // namespace convoke::cli
