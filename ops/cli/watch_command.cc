#include <chrono>

#include "ops/cli/context.h"
#include "ops/cli/event_stream.h"
#include "ops/cli/failure.h"
#include "ops/cli/fields.h"
#include "ops/cli/story.h"

namespace convoke::cli {
namespace {

struct Watch {
  bool story = false;
  int count = 0;  // events to print; 0: no bound
};

/// Names for the story; a server that does not tell them is no reason to stop.
void learn_names(Story& story, const Context& context) {
  try {
    ApiClient client = context.client();
    story.learn_areas(client.call("GET", "/v1/areas"));
    story.learn_groups(client.call("GET", "/v1/groups"));
  } catch (const Failure&) {
  }
}

class Watcher {
 public:
  Watcher(const Context& context, const Watch& watch)
      : context_(context), watch_(watch), story_(context.colour) {}

  /// False when enough events were printed.
  bool take(std::string_view type, const boost::json::value& event) {
    if (type == "hello" && watch_.story) learn_names(story_, context_);
    if (watch_.story) {
      const auto elapsed = std::chrono::steady_clock::now() - began_;
      const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
      for (const auto& sentence : story_.tell(event, ms)) context_.out << sentence << '\n';
    } else if (type != "ping") {
      context_.print_json(event);  // written anew: no control character gets through
    }
    context_.out.flush();
    if (type != "hello" && type != "ping") ++events_;
    return watch_.count == 0 || events_ < watch_.count;
  }

 private:
  const Context& context_;
  const Watch watch_;
  Story story_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  int events_ = 0;
};

void watch_events(const Context& context, const Watch& watch) {
  Watcher watcher(context, watch);
  follow_events(context, [&watcher](auto type, const auto& event) { return watcher.take(type, event); });
}

}  // namespace

void add_watch_command(CLI::App& app, Context& context) {
  auto* command =
      app.add_subcommand("watch", "Live events: who enters and leaves, chats that start, run and end");
  command->footer(
      "Without --story one JSON object a line, as docs/protocol/http.md has them.\nExamples:\n"
      "  convokectl watch --story\n  convokectl watch --count 10");
  auto watch = std::make_shared<Watch>();
  command->add_flag("--story", watch->story, "tell it in sentences");
  command->add_option("--count", watch->count, "stop after so many events; 0: never")
      ->check(CLI::NonNegativeNumber);
  command->callback([&context, watch] { watch_events(context, *watch); });
}

}  // namespace convoke::cli
