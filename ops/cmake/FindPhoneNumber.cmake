# libphonenumber: Debian's library, with the headers of the very same version that ops/install has unpacked, because their
# package cannot be installed beside our Boost (docs/decisions/017). Gives the target PhoneNumber::PhoneNumber.
execute_process(COMMAND dpkg-query -W -f "\${Version}" libphonenumber8
                OUTPUT_VARIABLE PhoneNumber_VERSION ERROR_QUIET)
set(PhoneNumber_INCLUDE_DIR "/usr/local/lib/convoke/libphonenumber-${PhoneNumber_VERSION}/usr/include")
if(NOT EXISTS "${PhoneNumber_INCLUDE_DIR}/phonenumbers/phonenumberutil.h")
  message(FATAL_ERROR "No headers of libphonenumber ${PhoneNumber_VERSION} in ${PhoneNumber_INCLUDE_DIR}: run ops/install")
endif()
find_library(PhoneNumber_LIBRARY NAMES libphonenumber.so.8 REQUIRED)
pkg_check_modules(protobuf REQUIRED IMPORTED_TARGET protobuf)  # its headers use it, and Abseil's

add_library(PhoneNumber::PhoneNumber UNKNOWN IMPORTED)
set_target_properties(PhoneNumber::PhoneNumber PROPERTIES
  IMPORTED_LOCATION "${PhoneNumber_LIBRARY}"
  INTERFACE_INCLUDE_DIRECTORIES "${PhoneNumber_INCLUDE_DIR}"
  INTERFACE_LINK_LIBRARIES PkgConfig::protobuf)
set(PhoneNumber_FOUND TRUE)
