#include "geo/exact_json.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <limits>

namespace convoke::geo {
namespace {

namespace json = boost::json;

/// Passes everything on to a stack of values, and reads the text of doubles itself.
class ExactHandler {
 public:
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  ExactHandler() { stack_.reset(); }
  json::value release() { return stack_.release(); }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) { return true; }
  bool on_object_end(std::size_t n, json::error_code&) { return stack_.push_object(n), true; }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t n, json::error_code&) { return stack_.push_array(n), true; }
  bool on_key_part(json::string_view s, std::size_t, json::error_code&) { return stack_.push_chars(s), true; }
  bool on_key(json::string_view s, std::size_t, json::error_code&) { return stack_.push_key(s), true; }
  bool on_string_part(json::string_view s, std::size_t, json::error_code&) {
    return stack_.push_chars(s), true;
  }
  bool on_string(json::string_view s, std::size_t, json::error_code&) { return stack_.push_string(s), true; }
  bool on_number_part(json::string_view s, json::error_code&) { return number_.append(s), true; }
  bool on_int64(std::int64_t i, json::string_view, json::error_code&) {
    number_.clear();
    return stack_.push_int64(i), true;
  }
  bool on_uint64(std::uint64_t u, json::string_view, json::error_code&) {
    number_.clear();
    return stack_.push_uint64(u), true;
  }
  bool on_double(double approximate, json::string_view s, json::error_code&) {
    number_.append(s);
    double value = approximate;
    // Beyond the range of double from_chars leaves the value alone: the approximation is then infinite or
    // zero.
    std::from_chars(number_.data(), number_.data() + number_.size(), value);
    number_.clear();
    return stack_.push_double(value), true;
  }
  bool on_bool(bool b, json::error_code&) { return stack_.push_bool(b), true; }
  bool on_null(json::error_code&) { return stack_.push_null(), true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  json::value_stack stack_;
  std::string number_;
};

std::string position_of(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, byte);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 == 0
  return "line " + std::to_string(lines + 1) + ", column " + std::to_string(byte - line_start + 1);
}

}  // namespace

std::variant<json::value, std::string> parse_exact_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = 32;
  json::basic_parser<ExactHandler> parser(options);
  json::error_code error;
  const std::size_t consumed = parser.write_some(false, text.data(), text.size(), error);
  if (!error && consumed < text.size()) error = json::make_error_code(json::error::extra_data);
  if (error) return position_of(text, consumed) + ": not JSON (" + error.message() + ")";
  return parser.handler().release();
}

}  // namespace convoke::geo
