#include "ops/cli/context.h"
#include "ops/cli/fields.h"

namespace convoke::cli {

void add_status_command(CLI::App& app, Context& context) {
  app.add_subcommand("status", "The server's version, broker connection and counters")
      ->footer("Example:\n  convokectl status --json")
      ->callback([&context] {
        const auto answer = context.client().call("GET", "/v1/status");
        if (context.json) return context.print_json(answer);
        print_fields(context.out, answer);
      });
}

}  // namespace convoke::cli
