#pragma once

#include "backend/egress/link.h"
#include "topics/topic.h"

namespace convoke::app {

/// What need not be kept when there is too much: positions, of which there will be newer ones, requests and
/// chat, which are sent again until they are answered or archived. Everything else there is no second time.
inline bool is_repeated(const egress::LinkEvent& event) {
  const auto* m = std::get_if<egress::LinkMessage>(&event);
  if (!m) return false;
  const auto topic = topics::parse_topic(m->topic);
  if (!topic) return true;
  switch (topic->kind) {
    case topics::Kind::presence:
    case topics::Kind::server_marker:
    case topics::Kind::feed_response:
      return false;
    default:
      return true;
  }
}

}  // namespace convoke::app
