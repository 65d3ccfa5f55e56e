#pragma once

#include <memory>
#include <vector>

#include "tests/simulation/sites.h"

namespace convoke::simulation {

using Sites = std::vector<std::unique_ptr<Site>>;

/// All is quiet, and all sites reach one another: each group has the same members, standings, rules and end
/// on all of them, and is over on all once it is over at home; each archive has what it must have, in the
/// same places, and nothing else; no link was shut, nothing waits, and nobody is known of whom no group is
/// left. Throws Violation.
void check_sites(const Sites& sites);

}  // namespace convoke::simulation
