#pragma once

#include <string>
#include <vector>

#include "backend/core/plan.h"

namespace convoke::gateways {

/// Calls are told apart by what `to_e164` makes of numbers: a plan that names another form would wait in
/// vain. Says so of each, as problems of a plan file. Only asked where plans come in, since the countries'
/// rules change, and stored plans must be readable for ever.
std::vector<std::string> wrong_call_numbers(const std::vector<core::Plan>& plans);

}  // namespace convoke::gateways
