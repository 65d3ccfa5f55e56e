#include "geo/transition.h"

namespace convoke::geo {

std::string_view to_string(TransitionKind kind) {
  switch (kind) {
    case TransitionKind::enter:
      return "enter";
    case TransitionKind::exit:
      return "exit";
    case TransitionKind::pass_through:
      return "pass_through";
  }
  return "";
}

std::string_view to_string(TransitionReason reason) {
  switch (reason) {
    case TransitionReason::position:
      return "position";
    case TransitionReason::area_created:
      return "area_created";
    case TransitionReason::area_changed:
      return "area_changed";
    case TransitionReason::area_removed:
      return "area_removed";
    case TransitionReason::schedule:
      return "schedule";
    case TransitionReason::presence_lost:
      return "presence_lost";
    case TransitionReason::stale:
      return "stale";
    case TransitionReason::user_erased:
      return "user_erased";
  }
  return "";
}

}  // namespace convoke::geo
