#include "backend/app/log.h"

#include <spdlog/common.h>
#include <spdlog/details/log_msg.h>

#include <chrono>

#include "topics/messages/json_writer.h"
#include "topics/rfc3339.h"

namespace convoke::app {
namespace {

std::string_view view(spdlog::string_view_t text) { return {text.data(), text.size()}; }

}  // namespace

void JsonLines::format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) {
  using std::chrono::milliseconds;
  const auto since = std::chrono::duration_cast<milliseconds>(message.time.time_since_epoch());
  messages::JsonWriter line;
  line.begin_object();
  line.member("t", topics::format_rfc3339(since.count()));
  line.member("level", view(spdlog::level::to_string_view(message.level)));
  line.member("message", view(message.payload));
  line.end_object();
  const std::string text = line.take() + '\n';
  out.append(text.data(), text.data() + text.size());
}

std::unique_ptr<spdlog::formatter> JsonLines::clone() const { return std::make_unique<JsonLines>(); }

}  // namespace convoke::app
