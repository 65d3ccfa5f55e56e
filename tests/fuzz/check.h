#pragma once

#include <cstdio>
#include <cstdlib>

/// Ends the program where a promise does not hold, in every kind of build: that is what a fuzzer looks for.
#define FUZZ_CHECK(promise)                                                      \
  do {                                                                           \
    if (!(promise)) {                                                            \
      std::fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #promise); \
      std::abort();                                                              \
    }                                                                            \
  } while (false)
