#pragma once

#include "backend/app/api.h"
#include "backend/app/loop.h"

namespace convoke::app {

/// The other sites, and how the link to each is.
ApiResponse list_peers(const Loop& loop, core::TimeMs now, std::int64_t real_ms);

}  // namespace convoke::app
