# Every third-party package the project uses, found here and nowhere else. ops/install lists the Debian packages.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(OpenSSL 3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(RocksDB REQUIRED)
find_package(eclipse-paho-mqtt-c REQUIRED)
find_package(PahoMqttCpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(pugixml REQUIRED)
find_package(date 3 REQUIRED)  # time zones
find_package(prometheus-cpp REQUIRED COMPONENTS pull)
find_package(PkgConfig REQUIRED)
pkg_check_modules(httplib REQUIRED IMPORTED_TARGET cpp-httplib)
pkg_check_modules(ical REQUIRED IMPORTED_TARGET libical)
pkg_check_modules(gmime REQUIRED IMPORTED_TARGET gmime-3.0)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)
find_package(PhoneNumber REQUIRED)
find_path(MOSQUITTO_INCLUDE_DIR NAMES mosquitto_plugin.h REQUIRED)  # mosquitto-dev
find_path(MOSQUITTO_CLIENT_INCLUDE_DIR NAMES mosquitto.h REQUIRED)  # libmosquitto-dev: error codes, property functions

if(CONVOKE_TESTS)
  find_package(GTest REQUIRED)
  find_package(benchmark REQUIRED)
  # Oracles of the geometry tests
  find_package(GEOS 3.11 REQUIRED)
  find_package(absl REQUIRED)  # S2's headers use it
  find_path(S2_INCLUDE_DIR NAMES s2/s2polygon.h REQUIRED)
  find_library(S2_LIBRARY s2 REQUIRED)
  find_path(GEOGRAPHICLIB_INCLUDE_DIR NAMES GeographicLib/Geodesic.hpp REQUIRED)
  find_library(GEOGRAPHICLIB_LIBRARY GeographicLib REQUIRED)
  find_library(MOSQUITTO_LIBRARY mosquitto REQUIRED)  # property functions, for the test host of the plugin
endif()
