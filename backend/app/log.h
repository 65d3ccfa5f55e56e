#pragma once

#include <spdlog/formatter.h>

#include <memory>

namespace convoke::app {

/// One log line as one JSON object: {"t":"2026-06-01T19:30:00.250Z","level":"info","message":"…"}. Messages
/// never hold payloads, tokens or positions.
class JsonLines final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override;
  std::unique_ptr<spdlog::formatter> clone() const override;
};

}  // namespace convoke::app
