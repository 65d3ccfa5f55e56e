#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "backend/core/engine.h"
#include "backend/ingress/rejects.h"
#include "topics/messages/chat.h"
#include "topics/topic.h"

namespace convoke::ingress {

/// A message from the broker, as it came.
struct Incoming {
  std::string_view topic, payload;
  std::string_view correlation;
  const std::optional<messages::Stamp>& stamp;
};

/// Turns what phones publish into calls of the core. Bad input changes nothing: it is counted by reason,
/// logged once for each sender and minute, and answered with an error on the sender's response topic where
/// one is known.
class Decoder {
 public:
  /// `log` gets a line for people; it never holds a payload.
  Decoder(core::Engine& engine, std::function<void(const std::string&)> log)
      : engine_(engine), log_(std::move(log)) {}

  /// Takes an event of staff's that says what somebody did outside: what is wrong with it, "" if nothing; or
  /// nothing at all, where it is another event.
  using Outside = std::function<std::optional<std::string>(std::string_view json, core::Context&)>;
  void set_outside(Outside outside) { outside_ = std::move(outside); }

  /// `real_ms`: the real clock, which connect numbers go by; `ctx.now` may be a development clock.
  void handle(const topics::Topic& topic, const Incoming& message, std::int64_t real_ms, core::Context& ctx);
  /// Counts a message on a topic that is none of ours.
  void unknown_topic(std::int64_t real_ms) { refuse("unknown-topic", "-", "", real_ms); }

  const Rejects& rejects() const { return rejects_; }

 private:
  void position(const topics::Topic& t, const Incoming& m, std::int64_t real_ms, core::Context& ctx);
  void owntracks(const topics::Topic& t, const Incoming& m, std::int64_t real_ms, core::Context& ctx);
  void presence(const topics::Topic& t, const Incoming& m, std::int64_t real_ms, core::Context& ctx);
  void request(const topics::Topic& t, const Incoming& m, std::int64_t real_ms, core::Context& ctx);
  void chat(const topics::Topic& t, const Incoming& m, std::int64_t real_ms, core::Context& ctx);
  void signal(const topics::Topic& t, const Incoming& m, std::int64_t real_ms, core::Context& ctx);
  void notice(const topics::Topic& t, const Incoming& m, std::int64_t real_ms, core::Context& ctx);
  void staff_event(const topics::Topic& t, const Incoming& m, std::int64_t real_ms, core::Context& ctx);
  std::string take_event(std::string_view payload, core::Context& ctx);
  void peer(const topics::Topic& t, const Incoming& m, std::int64_t real_ms, core::Context& ctx);
  void refuse(const std::string& reason, const std::string& sender, const std::string& detail,
              std::int64_t real_ms);
  void refuse_device(const topics::Topic& t, const Incoming& m, const std::string& reason,
                     const std::string& detail, std::int64_t real_ms, core::Context& ctx);

  core::Engine& engine_;
  std::function<void(const std::string&)> log_;
  Outside outside_;
  Rejects rejects_;
};

}  // namespace convoke::ingress
