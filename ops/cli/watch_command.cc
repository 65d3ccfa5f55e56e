#include <boost/json.hpp>
#include <chrono>
#include <thread>

#include "ops/cli/context.h"
#include "ops/cli/failure.h"
#include "ops/cli/fields.h"
#include "ops/cli/story.h"

namespace convoke::cli {
namespace {

struct Watch {
  bool story = false;
  int count = 0;  // events to print; 0: no bound
};

constexpr auto kRetryPause = std::chrono::seconds(1);
constexpr int kRetries = 60;

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

  /// Returns true when enough events were printed, false when the server closed the stream.
  bool follow() {
    ApiClient client = context_.client();
    return client.stream("/v1/events", [this](std::string_view line) { return take(line); });
  }
  bool connected() const { return connected_; }

 private:
  bool take(std::string_view line) {
    boost::system::error_code error;
    const auto event = boost::json::parse(line, error);
    const auto type = error ? std::string() : show(field(event, "type"));
    if (type == "hello") greet();
    if (watch_.story) {
      const auto elapsed = std::chrono::steady_clock::now() - began_;
      const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
      for (const auto& sentence : story_.tell(event, ms)) context_.out << sentence << '\n';
    } else if (!error && type != "ping") {
      context_.out << boost::json::serialize(event)
                   << '\n';  // written anew: no control character gets through
    }
    context_.out.flush();
    if (type != "hello" && type != "ping") ++events_;
    return context_.out.good() && (watch_.count == 0 || events_ < watch_.count);
  }

  void greet() {
    if (watch_.story) learn_names(story_, context_);
    connected_ = true;
  }

  const Context& context_;
  const Watch watch_;
  Story story_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  bool connected_ = false;
  int events_ = 0;
};

/// Follows the events; once it has been connected, a server that goes away is waited for.
void watch_events(const Context& context, const Watch& watch) {
  Watcher watcher(context, watch);
  for (int tries = 0; tries <= kRetries; ++tries) {
    try {
      if (watcher.follow() || !context.out.good()) return;
      tries = 0;
    } catch (const Failure& failure) {
      if (failure.code != kUnreachable || !watcher.connected()) throw;
    }
    if (tries == 0) context.err << "the server closed the connection; trying again\n";
    std::this_thread::sleep_for(kRetryPause);
  }
  throw Failure(kUnreachable, "the server has not come back");
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
