#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>

#include "tests/simulation/evening.h"

/// What the tests of worlds of one site and of several share.
namespace convoke::simulation {

using Run = Outcome (*)(Options);

/// The first failure that the defect brings in so many worlds.
inline std::string found_with(Run run, Sabotage sabotage, std::size_t phones, std::uint64_t seeds) {
  Options options;
  options.phones = phones;
  options.sabotage = std::move(sabotage);
  for (options.seed = 1; options.seed <= seeds; ++options.seed)
    if (const Outcome outcome = run(options); !outcome.failure.empty()) return outcome.failure;
  return "nothing";
}

inline void expect_the_same_twice(Run run) {
  Options options;
  options.seed = 7;
  const Outcome first = run(options), second = run(options);
  EXPECT_EQ(first.steps, second.steps);
  EXPECT_EQ(first.writes, second.writes);
  EXPECT_EQ(first.sends, second.sends);
  EXPECT_EQ(first.archived, second.archived);
}

}  // namespace convoke::simulation
