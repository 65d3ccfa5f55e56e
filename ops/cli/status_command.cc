#include "ops/cli/context.h"
#include "ops/cli/fields.h"
#include "ops/cli/text.h"

namespace convoke::cli {

void add_status_command(CLI::App& app, Context& context) {
  auto* backup = app.add_subcommand("backup", "Make a copy of the store in the server's backup_dir");
  backup->footer("Example:\n  convokectl backup");
  backup->callback([&context] {
    const auto answer = context.client().call("POST", "/v1/backups");
    if (context.json) return context.print_json(answer);
    context.out << "backup " << printable(show(field(answer, "backup"))) << " made\n";
  });
  app.add_subcommand("status", "The server's version, broker connection and counters")
      ->footer("Example:\n  convokectl status --json")
      ->callback([&context] {
        const auto answer = context.client().call("GET", "/v1/status");
        if (context.json) return context.print_json(answer);
        print_fields(context.out, answer);
      });
}

}  // namespace convoke::cli
