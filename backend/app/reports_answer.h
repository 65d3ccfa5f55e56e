#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backend/app/api.h"
#include "backend/store/records.h"

namespace convoke::app {

inline constexpr std::size_t kMaxReports = 100;  // in one answer

/// The answer to ListReports: at most kMaxReports of `found`, and whether there are more. Nothing found: the
/// store could not be read.
ApiResponse reports_answer(const std::optional<std::vector<std::pair<std::string, store::Report>>>& found);

}  // namespace convoke::app
