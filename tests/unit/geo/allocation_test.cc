#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "geo/fence_tracker.h"
#include "tests/unit/geo/shapes.h"

namespace {
std::size_t allocations = 0;
}  // namespace

// Counts every allocation of this program. Not inline, or the compiler takes malloc and delete for a
// mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace convoke::geo {
namespace {

TEST(FenceTracker, AllocatesNothingForAFixThatChangesNothing) {
  FenceTracker tracker;
  const Ring hole = {{0.4, 0.4}, {0.6, 0.4}, {0.6, 0.6}, {0.4, 0.6}, {0.4, 0.4}};
  tracker.put_area({"hall", "", Polygons{{test::box_ring(0, 0, 1, 1), {hole}}}}, 0);
  for (int i = 0; i < 500; ++i) {
    tracker.put_area(test::circle_area("circle-" + std::to_string(i), {0.002 * i, 0.1}, 1000), 0);
  }
  const std::string user = "a-user-with-a-name-that-does-not-fit-into-a-small-string";
  for (int i = 0; i < 5; ++i) tracker.fix(user, {{0.2, 0.1}, 1000 + 100 * i, 5});  // now she is in

  const std::size_t before = allocations;
  ASSERT_GT(before, 0u);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(tracker.fix(user, {{0.2 + 1e-7 * i, 0.1}, 2000 + 1000 * i, 5}).empty());
  }
  EXPECT_EQ(allocations, before);
}

}  // namespace
}  // namespace convoke::geo
