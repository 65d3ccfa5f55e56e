#include "backend/core/clock_steps.h"

namespace convoke::core {

void clock_set_back(State& state, TimeMs by_ms) {
  for (const TimerKind kind :
       {TimerKind::roster_flush, TimerKind::resend, TimerKind::holding_event, TimerKind::chat_event,
        TimerKind::notice_repeat, TimerKind::presence_grace, TimerKind::occupancy})
    state.timers.bring_forward(kind, by_ms);
  for (auto& [id, group] : state.groups)
    if (group.flush_not_before) *group.flush_not_before -= by_ms;
  for (auto& [user, told] : state.told_regions) told.charged_until_ms -= by_ms;
  state.told_unknown_until_ms -= by_ms;
}

}  // namespace convoke::core
