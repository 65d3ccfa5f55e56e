#pragma once

#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>

namespace convoke::messages {

/// Why foreign bytes were refused: which field, and what was expected there. Safe to show to the sender;
/// holds no value that the sender sent.
struct Error {
  std::string field;     // "fixes[3].lat"; "" for the payload as a whole
  std::string expected;  // "a number from -90 to 90"
  std::string to_string() const {
    return field.empty() ? "payload: expected " + expected : field + ": expected " + expected;
  }
};

/// A value or the reason why there is none. Never ignore one silently: every function returning it is
/// [[nodiscard]].
template <class T>
using Result = boost::system::result<T, Error>;

[[noreturn]] inline void throw_exception_from_error(const Error& e, const boost::source_location&) {
  throw std::runtime_error(e.to_string());
}

}  // namespace convoke::messages
