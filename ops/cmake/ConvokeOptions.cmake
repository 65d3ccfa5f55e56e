# Language level, warnings, sanitizers and output places, each stated once.
option(CONVOKE_TESTS "Build tests, fuzzers and benchmarks" ON)
option(CONVOKE_FUZZ "Build the libFuzzer targets (clang only)" OFF)
set(CONVOKE_SANITIZE "" CACHE STRING "Sanitizers, comma separated: address,undefined or thread")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

# Ours only, linked PRIVATE by every target of ours: includes from the root, warnings, sanitizers.
add_library(convoke_build INTERFACE)
target_compile_options(convoke_build INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                       -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(convoke_build INTERFACE -Werror=thread-safety)
else()
  # GCC 12 sees uninitialized members in moved-from variants that hold vectors, where there are none.
  target_compile_options(convoke_build INTERFACE -Wno-maybe-uninitialized)
endif()

# The broker plugin is loaded into Debian's uninstrumented Mosquitto, so it takes this one (no sanitizers).
add_library(convoke_build_plain INTERFACE)
target_link_libraries(convoke_build_plain INTERFACE $<BUILD_INTERFACE:convoke_build>)

add_library(convoke_sanitizers INTERFACE)
if(CONVOKE_SANITIZE)
  target_compile_options(convoke_sanitizers INTERFACE -fsanitize=${CONVOKE_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(convoke_sanitizers INTERFACE -fsanitize=${CONVOKE_SANITIZE})
  if(CONVOKE_SANITIZE MATCHES "undefined")
    target_compile_options(convoke_sanitizers INTERFACE -fno-sanitize-recover=undefined)
  endif()
endif()

# convoke_setup(target): what every target of ours shares.
function(convoke_setup target)
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:convoke_build> $<BUILD_INTERFACE:convoke_sanitizers>)
endfunction()
