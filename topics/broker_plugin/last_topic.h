#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "topics/topic_view.h"

namespace convoke::broker_plugin {

/// Parses topic names and remembers the last one: a message to a thousand members is a thousand questions
/// about the same topic, and parsing is the larger part of an answer.
class LastTopic {
 public:
  LastTopic() = default;
  LastTopic(const LastTopic&) = delete;  // the view points into the text
  LastTopic& operator=(const LastTopic&) = delete;

  /// As `topics::view_topic`; valid until the next call.
  const std::optional<topics::TopicView>& parse(std::string_view name) {
    if (name != text_) {
      text_ = name;
      view_ = topics::view_topic(text_);
    }
    return view_;
  }

 private:
  std::string text_;
  std::optional<topics::TopicView> view_;
};

}  // namespace convoke::broker_plugin
