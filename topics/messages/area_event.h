#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topics/messages/result.h"

namespace convoke::messages {

/// Payload of `area/{area}/events`:
///   {"t":1767225600000,"user":"anna","area":"hall-a","transition":"enter","reason":"position","distance_m":-23.2,
///    "accuracy_m":8,"rule":"balanced","fixes":[1767225600000,1767225599000,1767225598000]}
struct AreaEvent {
  std::int64_t time_ms = 0;
  std::string user;
  std::string area;
  std::string transition;            // "enter", "exit", "pass_through"
  std::string reason;                // "position", "area_created", "area_changed", "area_removed", …
  std::optional<double> distance_m;  // signed distance to the edge, negative inside
  std::optional<double> accuracy_m;
  std::string rule = {};                 // "plain", "strict", "balanced", "calm", "custom"; may be empty
  std::vector<std::int64_t> fixes = {};  // times of the fixes that decided, newest first; at most 8
};

/// Payload of `area/{area}/occupancy`, retained: {"area":"hall-a","count":17,"t":1767225600000}
struct Occupancy {
  std::string area;
  std::uint32_t count = 0;
  std::int64_t time_ms = 0;
};

/// Payload of `server/{id}/status`, retained, and (with "up":false) its will:
///   {"up":true,"version":"0.1.0","t":1767225600000}
struct ServerStatus {
  bool up = false;
  std::string version;
  std::int64_t time_ms = 0;
};

[[nodiscard]] Result<AreaEvent> decode_area_event(std::string_view payload);
std::string encode(const AreaEvent&);
[[nodiscard]] Result<Occupancy> decode_occupancy(std::string_view payload);
std::string encode(const Occupancy&);
[[nodiscard]] Result<ServerStatus> decode_server_status(std::string_view payload);
std::string encode(const ServerStatus&);

}  // namespace convoke::messages
