#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace convoke::app {

/// The answers to the last requests that staff sent over MQTT, where QoS 1 may deliver one twice: the second
/// time it gets the first's answer and is not carried out again. A repeat comes from the same device with the
/// same bytes, the request's id among them. Bounded in number and age.
class StaffAnswers {
 public:
  static constexpr std::size_t kMax = 256;
  static constexpr std::int64_t kMaxAgeMs = 10 * 60'000;

  /// The answer that this request has had; null: none. Valid until the next `remember`.
  const std::string* find(std::string_view topic, std::string_view request, std::int64_t now_ms) const {
    for (const Answer& a : answers_)
      if (a.topic == topic && a.request == request && now_ms - a.at_ms < kMaxAgeMs) return &a.answer;
    return nullptr;
  }
  void remember(std::string topic, std::string request, std::string answer, std::int64_t now_ms) {
    if (answers_.size() == kMax) answers_.pop_back();
    answers_.push_front({std::move(topic), std::move(request), std::move(answer), now_ms});
  }

 private:
  struct Answer {
    std::string topic, request, answer;
    std::int64_t at_ms;
  };
  std::deque<Answer> answers_;  // the newest first
};

}  // namespace convoke::app
