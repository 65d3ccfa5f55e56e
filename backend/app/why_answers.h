#pragma once

#include <boost/json/array.hpp>
#include <cstdint>
#include <vector>

#include "backend/app/api.h"
#include "backend/core/state.h"
#include "backend/store/journal.h"

namespace convoke::app {

/// What was asked at these places; of `any` all of it.
boost::json::array conditions_at(const core::Selection& selected, const std::vector<std::uint16_t>& places);

/// The answer to ShowGroupWhy: why the group started and ended, and why each user was in it and is not any
/// more, or was passed over; at most 1000 in order of user. What is over comes from the store.
ApiResponse group_why(const core::State& state, const store::Journal& journal, const ShowGroupWhy& asked,
                      core::TimeMs now);

}  // namespace convoke::app
