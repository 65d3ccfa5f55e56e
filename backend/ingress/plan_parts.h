#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "backend/core/plan.h"
#include "backend/ingress/plan_reader.h"

namespace convoke::ingress {

/// One plan of a file, as docs/protocol/plans.md describes it.
core::Plan read_plan(PlanReader& r, const boost::json::value& v, std::string path);

}  // namespace convoke::ingress
