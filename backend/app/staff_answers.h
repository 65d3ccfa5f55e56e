#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/core/effects.h"

namespace convoke::app {

/// The answers to the last requests that staff sent over MQTT, where one may come twice: by QoS 1, or because
/// the sender has had no answer. The second time it gets the first's answer and is not carried out again,
/// also after a restart: an answer is written with what the request did. A repeat comes from the same device
/// with the same bytes, the request's id among them, for which a hash of both stands. Bounded in number and
/// age.
class StaffAnswers {
 public:
  static constexpr std::size_t kMax = 256;
  static constexpr std::int64_t kMaxAgeMs = 10 * 60'000;

  /// Takes up those of before the start, the oldest first.
  void load(std::vector<std::pair<std::string, core::StaffAnswer>> answers);
  /// The answer that this request has had; null: none. Valid until the next other call.
  const std::string* find(std::string_view topic, std::string_view request, std::int64_t now_ms) const;
  void remember(std::string_view topic, std::string_view request, std::string answer, std::int64_t now_ms,
                core::Effects& fx);
  /// Forgets those that are too old.
  void forget_old(std::int64_t now_ms, core::Effects& fx);

 private:
  void forget_last(core::Effects& fx);

  struct Kept {
    std::string request;
    core::StaffAnswer had;
  };
  std::deque<Kept> answers_;  // the newest first
};

}  // namespace convoke::app
