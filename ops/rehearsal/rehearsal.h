#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "geo/area.h"
#include "ops/rehearsal/presence_file.h"
#include "ops/tracks/fixes.h"

namespace convoke::rehearsal {

/// What was recorded of an evening.
struct Evening {
  std::vector<geo::Area> areas;
  std::vector<tracks::TrackFix> fixes;  // in order of time
  std::vector<PresenceChange>
      presences;  // in order of time; who is not in them is available from their first fix
};

/// Something that the plans would have made of it.
struct Happening {
  using People = std::vector<std::pair<std::string, std::string>>;  // user, why

  std::int64_t time_ms = 0;
  std::string type;  // "scheduled", "start", "no-members", "join", "leave", "end"
  std::string plan;
  std::size_t chat = 0;              // counted from 1; 0: there is none
  std::vector<std::string> because;  // of a start all its reasons, else one
  std::string user;                  // join, leave
  People members, passed_over;       // start
};

/// Plays the evening to the real core with these plans (which check_plans has taken), in no time, and tells
/// what happens in order. The same evening gives the same. After the last record it goes on until the chats
/// that are open then have ended, for a day at most.
void rehearse(std::string_view plans, bool is_json, const Evening& evening,
              const std::function<void(const Happening&)>& tell);

}  // namespace convoke::rehearsal
