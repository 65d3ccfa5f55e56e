#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "topics/topic.h"

namespace convoke::topics {

/// A parsed topic name whose parts point into the name: what `Topic` is, without copies. The access policy is
/// asked for every delivery to every subscriber, so it reads this one.
struct TopicView {
  Kind kind = Kind::position;
  std::string_view site;
  std::string_view user;
  std::string_view device;
  std::string_view group;
  std::uint32_t page = 0;
  std::string_view area;
  std::string_view server;
  std::string_view sender_site;
  std::string_view rest;
};

/// As `parse_topic`, without copying. Valid as long as `name` is.
std::optional<TopicView> view_topic(std::string_view name);

}  // namespace convoke::topics
