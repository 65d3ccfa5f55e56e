#pragma once

#include <cstddef>

/// What a record may have at most, so that a damaged one is refused before it fills the memory.
namespace convoke::store {

// A plan is two megabytes at most before its quotes are escaped.
inline constexpr std::size_t kMaxRecordBytes = 1 << 23;
inline constexpr std::size_t kMaxMany = 1'000'000;

}  // namespace convoke::store
