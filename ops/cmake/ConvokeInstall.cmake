# What `cmake --install` puts where. Programs and the plugin say it in their own folders; here is the SDK, so that an
# app's CMake finds it with find_package(convoke-sdk) and links convoke::sdk.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(convoke_package "${CMAKE_INSTALL_LIBDIR}/cmake/convoke-sdk")

install(DIRECTORY mobile-sdk/include/ DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
set_target_properties(convoke_sdk PROPERTIES EXPORT_NAME sdk)
set_target_properties(convoke_messages PROPERTIES EXPORT_NAME messages)
set_target_properties(convoke_topics PROPERTIES EXPORT_NAME topics)
install(TARGETS convoke_sdk convoke_messages convoke_topics EXPORT convoke-sdk ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT convoke-sdk FILE convoke-sdk-targets.cmake NAMESPACE convoke:: DESTINATION "${convoke_package}")

# The static library's own dependencies must be found by whoever links it.
file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/convoke-sdk-config.cmake" @ONLY CONTENT [[
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(Boost 1.81 COMPONENTS json)
find_dependency(OpenSSL)
find_dependency(eclipse-paho-mqtt-c)
find_dependency(PahoMqttCpp)
include("${CMAKE_CURRENT_LIST_DIR}/convoke-sdk-targets.cmake")
]])
write_basic_package_version_file("${CMAKE_BINARY_DIR}/convoke-sdk-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/convoke-sdk-config.cmake" "${CMAKE_BINARY_DIR}/convoke-sdk-config-version.cmake"
        DESTINATION "${convoke_package}")
