#include "ops/cli/event_stream.h"

#include <boost/json.hpp>
#include <chrono>
#include <thread>

#include "ops/cli/failure.h"
#include "ops/cli/fields.h"

namespace convoke::cli {
namespace {

constexpr auto kRetryPause = std::chrono::seconds(1);
constexpr int kRetries = 60;

}  // namespace

void follow_events(const Context& context, const TakeEvent& take) {
  bool connected = false;
  const auto on_line = [&](std::string_view line) {
    boost::system::error_code error;
    const auto event = boost::json::parse(line, error);
    if (error) return true;
    connected = true;
    return take(show(field(event, "type")), event) && context.out.good();
  };
  for (int tries = 0; tries <= kRetries; ++tries) {
    try {
      ApiClient client = context.client();
      if (client.stream("/v1/events", on_line) || !context.out.good()) return;
      tries = 0;
    } catch (const Failure& failure) {
      if (failure.code != kUnreachable || !connected) throw;
    }
    if (tries == 0) context.err << "the server closed the connection; trying again\n";
    std::this_thread::sleep_for(kRetryPause);
  }
  throw Failure(kUnreachable, "the server has not come back");
}

}  // namespace convoke::cli
