#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "topics/dev_clock.h"
#include "topics/ids.h"

namespace convoke::crowd {

/// What the command line says; main.cc has the words for people.
struct Options {
  std::string broker = "127.0.0.1:1883";
  topics::SiteId site;
  std::string keys_file;
  std::string areas_file;
  std::size_t phones = 200;
  std::uint64_t seed = 1;
  double duration_s = 0;  // 0: until stopped
  double chat_rate = 2;   // messages per phone in a chat and minute
  std::size_t leave_first = 0;
  std::string fixes_file;
  std::optional<topics::DevClock> dev_clock;
  std::size_t light = 0;
  std::string script_file;
  std::string stats_file;  // "-": stdout
  bool one_life = false;
  std::size_t other_sites = 0;  // with members in the chat of one life
  double timeout_s = 120;       // of one life
  std::string user_prefix = "p";
  double connect_rate = 500;  // phones per second
  double walk_speed = 1;      // times a pedestrian's
  double fix_every_s = 1;     // between two fixes of a phone, at least
  double fix_distance_m = 0;  // moved between two fixes, as a phone's own filter asks; 0: the SDK alone saves
  std::uint32_t flip_every_s = 0;  // light phones change between available and away; 0: never
  bool json = false;               // no story

  std::string broker_uri() const { return "tcp://" + broker; }
};

}  // namespace convoke::crowd
